import { isAgent33Error } from "../base/errors.ts";
import type { CallOptions } from "../boundary/types.ts";
import type { RunSession } from "./ports.ts";

/** The budget that every call of a run is charged to: all that its limits allow. */
export function budgetOf(runId: string): string {
  return `run:${runId}`;
}

/** The part of it that is for work: the rest is kept for the closing turn. */
export function workBudgetOf(runId: string): string {
  return `run:${runId}/work`;
}

/** What a call that is part of the work is charged to. */
export function workBudgets(runId: string): readonly string[] {
  return [budgetOf(runId), workBudgetOf(runId)];
}

/** What every governed call of a run's work carries. */
export function callOptions(
  session: RunSession,
  logicalCallId: string,
  signal: AbortSignal,
): Pick<CallOptions, "principal" | "policy" | "runId" | "logicalCallId" | "budgets" | "signal"> {
  return {
    principal: session.principal,
    policy: session.policy,
    runId: session.runId,
    logicalCallId,
    budgets: workBudgets(session.runId),
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
