import type { Clock } from "../../../base/clock.ts";
import type { SpawnProcess } from "../../../boundary/hands.ts";
import { runChild } from "../../../sandbox/child.ts";
import { createOutputCapture } from "../../../sandbox/output-capture.ts";
import type { Sandbox, SandboxRequest } from "../../../sandbox/sandbox.ts";

export interface TrialSandboxOptions {
  readonly clock: Clock;
  /** Starts a command inside that may run for so long, with these limits of its own. */
  spawn(request: SandboxRequest): SpawnProcess;
  /** A folder of this machine, as it is called inside. */
  placeOf(workspace: string): string;
  readonly env: Readonly<Record<string, string>>;
  /** Lets a command run as long as the trial may go on. */
  until<Value>(
    work: (signal: AbortSignal) => Promise<Value>,
    signal: AbortSignal | undefined,
  ): Promise<Value>;
}

/**
 * The seam of the shell tool over a trial's root folder: the workspace of a command may be named by
 * its path on this machine, which is what the engine knows it by. What is shown besides is already
 * inside, or is not to be seen: `readOnlyBinds` are not.
 */
export function createTrialSandbox(options: TrialSandboxOptions): Sandbox {
  const { clock, env, until } = options;
  return {
    driver: "bubblewrap",
    // It was tried when the image was made.
    probe: async () => ({ available: true, driver: "bubblewrap", version: "", notices: [] }),
    run: (request) =>
      until(async (signal) => {
        const stdout = createOutputCapture(request.outputLimitBytes);
        const stderr = createOutputCapture(request.outputLimitBytes);
        const [command, ...args] = request.command;
        const cwd = options.placeOf(request.workspace);
        const start = options.spawn(request);
        const end = await runChild(
          (asked) => start({ ...asked, cwd, env: { ...env, ...request.env } }),
          clock,
          {
            command,
            args,
            timeoutMs: request.timeoutMs,
            signal,
            onStdout: (chunk) => stdout.push(chunk),
            onStderr: (chunk) => stderr.push(chunk),
          },
        );
        return {
          ...end,
          stdout: stdout.text(),
          stderr: stderr.text(),
          truncated: stdout.truncated || stderr.truncated,
        };
      }, request.signal),
  };
}
