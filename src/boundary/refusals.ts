import { isAgent33Error, messageOf } from "../base/errors.ts";
import type { Breaker } from "./breaker.ts";
import { BoundaryError } from "./errors.ts";
import type { Decision } from "./types.ts";

/** Why a call is not sent whatever a person says, or undefined. */
export function refusalOf(name: string, decision: Decision): BoundaryError | undefined {
  const { effect, ruleId, dryRun } = decision;
  if (effect === "deny") {
    return new BoundaryError("policy_denied", `${name} is denied by ${ruleId}.${whyOf(decision)}`, {
      ruleId,
      hint: "Choose another way, or ask whoever owns the policy to change the rule.",
    });
  }
  if (dryRun === undefined) return undefined;
  return new BoundaryError("dry_run", `${name} was not sent: ${dryRun} is in dry-run.`, {
    ruleId: dryRun,
    hint: "Nothing was done. To have such calls made, set the mode of the rule or its pack to enforce.",
  });
}

/** The reason that a rule carries, behind a sentence. */
export function whyOf({ reason }: Decision): string {
  return reason === undefined ? "" : ` ${reason}`;
}

/** A call that may run once was begun before. */
export function notTwice(name: string, known: "started" | "finished"): BoundaryError {
  return new BoundaryError(
    "outcome_unknown",
    `${name} was ${known} before and may not run twice.`,
    {
      hint: "Find out what it did before you call it with other arguments.",
    },
  );
}

/** The breaker lets nothing through now. */
export function circuitOpen(name: string, breaker: Breaker, nowMs: number): BoundaryError {
  const waitMs = breaker.waitMs(nowMs);
  const forced = breaker.forcedAt(nowMs);
  if (forced !== null) {
    const message = `${name} is not tried: ${forced.by} has opened its circuit breaker: ${forced.reason}`;
    return new BoundaryError("circuit_open", message, {
      retryAfterMs: Math.ceil(waitMs),
      hint: `Let it be, or run \`agent33 connectors breakers reset '${breaker.key}'\`.`,
    });
  }
  return new BoundaryError("circuit_open", `${name} is not tried: its circuit breaker is open.`, {
    retryAfterMs: Math.ceil(waitMs),
    hint: `It failed repeatedly just now. It is tried again in ${Math.ceil(waitMs / 1000)} s.`,
  });
}

/** There have been as many calls of late as there may be; the next one in `waitMs`. */
export function rateLimited(connector: string, waitMs: number): BoundaryError {
  return new BoundaryError("rate_limited", `${connector} is at its rate limit.`, {
    retryAfterMs: waitMs,
  });
}

/** There are as many calls in flight as there may be. */
export function bulkheadFull(connector: string): BoundaryError {
  const message = `${connector} has as many calls in flight as it may.`;
  return new BoundaryError("bulkhead_full", message, { retryAfterMs: 1_000 });
}

/** The call's total time was over before an attempt could be made. */
export function timeIsUp(name: string): BoundaryError {
  return new BoundaryError("deadline_exceeded", `There was no time left for ${name}.`, {
    phase: "before_send",
    countsAgainstBreaker: false,
  });
}

/** What the call did could not be written down, which is a failure of the call. */
export function unrecorded(name: string, thrown: unknown): BoundaryError {
  const message = `${name} could not be recorded: ${messageOf(thrown)}`;
  return new BoundaryError("internal", message, {
    cause: thrown,
    ...(isAgent33Error(thrown) && thrown.hint !== undefined ? { hint: thrown.hint } : {}),
  });
}
