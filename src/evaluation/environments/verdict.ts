import type { VerificationResult } from "../../agents/ports.ts";
import { Agent33Error, unreachable } from "../../base/errors.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandEnd, CommandResult } from "../commands/run-command.ts";
import { taskVariables } from "../tasks/task-variables.ts";
import { readReward } from "./reward.ts";

/** A verdict, or the reason why there is none (`reward` null and `error` set). */
export interface Verification extends VerificationResult {
  /** Every number that the verifier gave. Empty without a verdict. */
  readonly rewards: Readonly<Record<string, number>>;
}

/**
 * What came of the hidden tests. A reward of 1 or more passes; the exit code means nothing. Faults of
 * the machinery are data and never a zero: `evaluation.verifier_not_started`,
 * `evaluation.verifier_timeout`, `evaluation.verifier_cancelled`, `evaluation.reward_missing`,
 * `evaluation.reward_unparsable`.
 * @param logs the folder that the tests were to write their verdict to
 */
export async function verdictOf(
  { end, output, durationMs }: CommandResult,
  logs: string,
  timeoutMs: number,
): Promise<Verification> {
  const fault = verifierFault(end, timeoutMs);
  if (fault !== undefined) return withoutVerdict(fault, output, durationMs);
  const given = await readReward(logs);
  if (!given.ok) return withoutVerdict(given.error, output, durationMs);
  const { reward, rewards } = given.value;
  return { reward, rewards, passed: reward >= 1, output, durationMs };
}

/** There is no verdict, and why. */
export function withoutVerdict(error: Agent33Error, output = "", durationMs = 0): Verification {
  return { reward: null, rewards: {}, passed: false, output, durationMs, error: error.toJSON() };
}

function verifierFault(end: CommandEnd, timeoutMs: number): Agent33Error | undefined {
  switch (end.kind) {
    case "exited":
      return undefined;
    case "timeout":
      return new Agent33Error(
        "evaluation.verifier_timeout",
        `The verifier did not end within ${timeoutMs / 1_000} s.`,
        { hint: "Raise [verifier].timeout_sec, or see in its output where it waits." },
      );
    case "cancelled":
      return new Agent33Error("evaluation.verifier_cancelled", "The verifier was cancelled.");
    case "not_started":
      return new Agent33Error(
        "evaluation.verifier_not_started",
        `Neither bash nor sh could be started for test.sh: ${end.error.message}`,
        { hint: "Check that a shell is on the PATH that the verifier gets." },
      );
    default:
      return unreachable(end);
  }
}

/**
 * The variables of `[verifier.env]`, with what they take from others.
 * @returns the variables, or `evaluation.verifier_env_missing`
 */
export function verifierVariables(
  wanted: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): Result<Readonly<Record<string, string>>> {
  const { values, missing } = taskVariables(wanted, given);
  const [first] = missing;
  if (first === undefined) return ok(values);
  return err(
    new Agent33Error(
      "evaluation.verifier_env_missing",
      `The verifier needs ${first.needs.join(", ")} for ${first.name} ([verifier.env] in task.toml).`,
      { hint: "Set the variable, or take a task whose verifier needs none." },
    ),
  );
}
