import { isAgent33Error } from "../base/errors.ts";
import type { CallOptions } from "../boundary/types.ts";
import type { ScopedRun } from "./scoped-run.ts";

/** What every governed call of a run's work carries. */
export function callOptions(
  { session, budgets }: ScopedRun,
  logicalCallId: string,
  signal: AbortSignal,
): Pick<CallOptions, "principal" | "policy" | "runId" | "logicalCallId" | "budgets" | "signal"> {
  return {
    principal: session.principal,
    policy: session.policy,
    runId: session.runId,
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
