import { isAgent33Error } from "../base/errors.ts";
import { isOwnTrouble } from "../boundary/errors.ts";
import type { CallOptions, CallOutcome } from "../boundary/types.ts";
import type { ActivityContext } from "../durable/contract.ts";
import type { ScopedRun } from "./scoped-run.ts";
import { withSkills } from "./skill-policy.ts";

/** What every governed call of a run's work carries. */
export function callOptions(
  { session, budgets, skills }: ScopedRun,
  logicalCallId: string,
  signal: AbortSignal,
): Pick<
  CallOptions,
  "principal" | "policy" | "runId" | "tier" | "logicalCallId" | "budgets" | "signal"
> {
  return {
    principal: session.principal,
    policy: withSkills(session.policy, skills()),
    runId: session.runId,
    tier: session.effort.effort,
    logicalCallId,
    budgets,
    signal,
  };
}

/**
 * Ends an activity whose run this process has let go of (it closes, or lost the lease) without a
 * result: what it saw of its call's end is not how the call ended, and whoever takes the run up
 * decides anew. A run that was cancelled by a person is different: that is its end.
 * @throws the signal's reason
 */
export function leaveIfReleased(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const reason: unknown = signal.reason;
  if (isAgent33Error(reason) && reason.code === "durable.cancelled") return;
  throw reason;
}

/**
 * As {@link leaveIfReleased}, after a governed call: one that failed by this process's own records
 * has no end that the model could act on. The run is let go of, and the call made again later.
 */
export function leaveIfUnfinished(
  { signal, leave }: ActivityContext,
  outcome: CallOutcome<unknown>,
): void {
  leaveIfReleased(signal);
  if (!outcome.ok && isOwnTrouble(outcome.error)) throw leave(outcome.error.cause);
}
