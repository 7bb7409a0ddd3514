import { existsSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { bwrapStart, type SandboxView } from "./bwrap-arguments.ts";
import { type ChildEnd, runChild } from "./bwrap-child.ts";
import type { HostUser } from "./bwrap-host-user.ts";
import { type Limiter, limitedCommand, type SandboxLimits, startMark } from "./bwrap-limits.ts";
import { createOutputCapture } from "./bwrap-output.ts";
import type { Processes } from "./process.ts";

/** One command for bubblewrap, with everything decided. */
export interface Launch {
  readonly spawn: Processes["spawn"];
  readonly clock: Clock;
  /** The bubblewrap program. */
  readonly bwrap: string;
  readonly hostUser: HostUser;
  readonly limiter: Limiter;
  readonly view: SandboxView;
  readonly limits: SandboxLimits;
  readonly command: readonly string[];
  readonly timeoutMs: number;
  readonly outputLimitBytes: number;
  readonly signal?: AbortSignal;
}

export interface LaunchEnd extends ChildEnd {
  /** Whether the command itself was reached, with the isolation and all limits in place. */
  readonly started: boolean;
  /** What bubblewrap and the limiter printed before that. */
  readonly said: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

const choom = "/usr/bin/choom";
const saidLimitBytes = 16_384;

/**
 * Starts bubblewrap and follows it to its end.
 * @throws Agent33Error `sandbox.spawn_failed`, `sandbox.kill_failed`, `sandbox.folder_refused`; the
 * signal's reason when it aborted
 */
export async function launch(plan: Launch): Promise<LaunchEnd> {
  const { args, inputs } = bwrapStart(
    plan.view,
    limitedCommand(plan.limiter, plan.limits, plan.command),
  );
  // When memory runs out the kernel shall end the command, and not the engine.
  const first = existsSync(choom) ? [choom, "-n", "1000", "--"] : [];
  const [command = plan.bwrap, ...rest] = [...first, ...plan.hostUser.prefix, plan.bwrap, ...args];
  const stdout = createOutputCapture(plan.outputLimitBytes);
  const stderr = createOutputCapture(plan.outputLimitBytes);
  const mark = Buffer.from(startMark);
  let said = Buffer.alloc(0);
  let started = false;
  const end = await runChild(plan.spawn, plan.clock, {
    command,
    args: rest,
    inputs,
    timeoutMs: plan.timeoutMs,
    ...(plan.signal === undefined ? {} : { signal: plan.signal }),
    onStdout: (chunk) => stdout.push(chunk),
    onStderr: (chunk) => {
      if (started) {
        stderr.push(chunk);
        return;
      }
      said = Buffer.concat([said, chunk]);
      const at = said.indexOf(mark);
      if (at >= 0) {
        started = true;
        stderr.push(said.subarray(at + mark.length));
        said = said.subarray(0, at);
      } else if (said.length > saidLimitBytes) {
        said = said.subarray(said.length - saidLimitBytes);
      }
    },
  });
  return {
    ...end,
    started,
    said: said.toString("utf8").trim(),
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncated: stdout.truncated || stderr.truncated,
  };
}

/** How a program ended, in words. */
export function describeEnd({ timedOut, exitCode, signal }: ChildEnd): string {
  if (timedOut) return "no answer in time";
  return exitCode === null ? `signal ${signal ?? "unknown"}` : `exit code ${exitCode}`;
}
