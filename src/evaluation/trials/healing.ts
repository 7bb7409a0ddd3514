import type { Clock } from "../../base/clock.ts";
import type { ErrorData } from "../../base/errors.ts";

/**
 * Failures that come again however often it is tried: they lie in the task, in what it asks for, or
 * in how it was asked for. By code, or by its beginning.
 */
const lasting = [
  "evaluation.agent_not_started",
  "evaluation.copy_unsupported",
  "evaluation.dockerfile_",
  "evaluation.environment_changed",
  "evaluation.environment_unavailable",
  "evaluation.layout_unsupported",
  "evaluation.network_",
  "evaluation.package",
  "evaluation.path_escape",
  "evaluation.reward_",
  "evaluation.solution_",
  "evaluation.source_missing",
  "evaluation.storage_exceeded",
  "evaluation.task_",
  "evaluation.tests_missing",
  "evaluation.verifier_env_missing",
  "evaluation.verifier_timeout",
  "internal.",
  "agents.",
  "config.",
  "models.malformed",
  "models.missing",
  "models.unknown",
  "policy.",
  "boundary.budget_exceeded",
  "boundary.policy_denied",
];

/** Whether trying again may help after the infrastructure failed. */
export function canHeal({ code, retryable }: Pick<ErrorData, "code" | "retryable">): boolean {
  return retryable || !lasting.some((beginning) => code.startsWith(beginning));
}

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/** Waits longer after each failure. @param failures from 1 */
export function waitMsAfter(failures: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1));
}

/** Sleeps unless the signal aborts, which is no error here. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
