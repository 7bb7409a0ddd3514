import type { CheckResult } from "../agents/ports.ts";
import type { Clock } from "../base/clock.ts";
import { Agent33Error, unreachable } from "../base/errors.ts";
import type { SpawnProcess } from "../boundary/hands.ts";
import { type CommandEnd, runCommand } from "./run-command.ts";

export interface CheckOptions {
  /** The folder that it runs in. */
  readonly workspace: string;
  readonly spawn: SpawnProcess;
  /** Its whole environment; PATH must lead to the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Default 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 60_000;

/**
 * Runs a task's visible check. Exit code 0 passes; any other fails, and the output says why.
 * Where the check itself could not run to its end, `error` is set:
 * `evaluation.check_not_started`, `evaluation.check_timeout`, `evaluation.check_killed`,
 * `evaluation.check_cancelled`.
 * @param command a program and its arguments, as the task names them
 */
export async function runCheck(
  command: readonly string[],
  options: CheckOptions,
): Promise<CheckResult> {
  const [program = "", ...args] = command;
  const { workspace, timeoutMs = defaultTimeoutMs, ...rest } = options;
  const result = await runCommand({ ...rest, command: program, args, cwd: workspace, timeoutMs });
  const { output, durationMs, end } = result;
  const error = checkError(end, command.join(" "), timeoutMs);
  return {
    passed: end.kind === "exited" && end.status.code === 0,
    output,
    durationMs,
    ...(error === undefined ? {} : { error: error.toJSON() }),
  };
}

function checkError(end: CommandEnd, shown: string, timeoutMs: number): Agent33Error | undefined {
  switch (end.kind) {
    case "exited":
      if (end.status.code !== null) return undefined;
      return new Agent33Error(
        "evaluation.check_killed",
        `The check "${shown}" was ended by ${end.status.signal ?? "a signal"}.`,
        { hint: "Run it by hand in the workspace; it may need more memory.", retryable: true },
      );
    case "timeout":
      return new Agent33Error(
        "evaluation.check_timeout",
        `The check "${shown}" did not end within ${timeoutMs / 1_000} s.`,
        { hint: "Run it by hand in the workspace and see what it waits for.", retryable: true },
      );
    case "cancelled":
      return new Agent33Error("evaluation.check_cancelled", `The check "${shown}" was cancelled.`);
    case "not_started":
      return new Agent33Error(
        "evaluation.check_not_started",
        `The check "${shown}" could not be started: ${end.error.message}`,
        { hint: end.error.hint ?? "Check that its program is installed and on the PATH." },
      );
    default:
      return unreachable(end);
  }
}
