import type { CheckResult } from "../../agents/ports.ts";
import { Agent33Error, unreachable } from "../../base/errors.ts";
import type { CommandEnd, CommandRunner } from "./run-command.ts";

export interface CheckOptions {
  /** Starts it in the folder that is checked. */
  readonly run: CommandRunner;
  /** How long it may take. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

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
  const { output, durationMs, passed, error, end } = await look(command, options);
  const silent = !passed && error === undefined && output.trim() === "";
  return {
    passed,
    output: silent ? `It printed nothing, and ended with ${exitText(end)}.` : output,
    durationMs,
    ...(error === undefined ? {} : { error }),
  };
}

function exitText(end: CommandEnd): string {
  return end.kind === "exited" ? `exit code ${end.status.code}` : end.kind;
}

/**
 * Runs a scorer: a command whose last line on standard output is a number. What gives no score, by
 * another last line or by its exit code, does not pass.
 * @param atLeast the least score that passes
 */
export async function runScorer(
  command: readonly string[],
  atLeast: number,
  options: CheckOptions,
): Promise<CheckResult> {
  const { output, stdout, durationMs, passed, error } = await look(command, options);
  if (error !== undefined) return { passed: false, output, durationMs, error };
  const score = passed ? scoreOf(stdout) : undefined;
  const words =
    score === undefined
      ? `The scorer gave no score; at least ${atLeast} is asked for.`
      : `The score is ${score}; at least ${atLeast} is asked for.`;
  return {
    passed: score !== undefined && score >= atLeast,
    output: `${words}\n${output}`,
    durationMs,
  };
}

/** The number that is the whole last line; anything else is no score. */
function scoreOf(stdout: string): number | undefined {
  const line = stdout.trimEnd().split("\n").at(-1)?.trim() ?? "";
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(line)) return undefined;
  const score = Number(line);
  return Number.isFinite(score) ? score : undefined;
}

async function look(command: readonly string[], { run, timeoutMs, signal }: CheckOptions) {
  const [program = "", ...args] = command;
  const result = await run([program, ...args], {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const error = checkError(result.end, command.join(" "), timeoutMs)?.toJSON();
  const passed = result.end.kind === "exited" && result.end.status.code === 0;
  return { ...result, passed, error };
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
        `The check "${shown}" did not end within ${Math.round(timeoutMs / 100) / 10} s.`,
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
