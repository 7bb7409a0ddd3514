import {
  amountOf,
  beginOf,
  type Caller,
  type CountedCall,
  hasSucceeded,
  scopeOf,
  withRule,
} from "./call-session.ts";
import type { LimitUses } from "./ports.ts";
import type { Decision, SessionLimit, SessionRule } from "./types.ts";

/** How a rule that depends on earlier calls stands for a call that is asked about. */
export interface SessionStanding
  extends Pick<SessionRule, "ruleId" | "effect" | "mode" | "reason"> {
  /** Whether it would hold for the call. */
  readonly holds: boolean;
  /** Absent for a rule that waits for another call to succeed. */
  readonly limit?: Pick<SessionLimit, "per" | "quantity" | "most" | "windowMs"> & {
    /** What calls have used, those in flight included. */
    readonly used: number;
    /** What this call would add, beforehand. */
    readonly adds: number;
  };
}

/** A decision once the rules that depend on earlier calls are weighed, and how each of them stands. */
export interface SessionLook {
  /** What holds before anything local is looked at. */
  readonly weighed: Decision;
  /** What holds once the limits are looked at, too. */
  readonly decision: Decision;
  readonly session: readonly SessionStanding[];
}

/** The same as {@link CallSession} finds, in the same order, for a new call; nothing is held. */
export function lookAtSession(
  decision: Decision,
  uses: LimitUses,
  caller: Caller,
  call: Pick<CountedCall, "at" | "estimate">,
): SessionLook {
  const { session: rules = [] } = decision;
  const found = rules.map((rule) => ({ rule, standing: standingOf(rule, uses, caller, call) }));
  // Limits are looked at early only where a person is to be asked.
  const asks = decision.effect === "ask" && decision.dryRun === undefined;
  const isEarly = (rule: SessionRule) => rule.limit === undefined || asks;
  let weighed = decision;
  for (const { rule, standing } of found) {
    if (standing.holds && isEarly(rule)) weighed = withRule(weighed, rule);
  }
  let said = weighed;
  for (const { rule, standing } of found) {
    if (standing.holds && !isEarly(rule)) said = withRule(said, rule);
  }
  return { weighed, decision: said, session: found.map(({ standing }) => standing) };
}

function standingOf(
  rule: SessionRule,
  uses: LimitUses,
  caller: Caller,
  { at, estimate }: Pick<CountedCall, "at" | "estimate">,
): SessionStanding {
  const { ruleId, effect, mode, reason, limit } = rule;
  const words = { ruleId, effect, mode, reason };
  if (limit === undefined) return { ...words, holds: !hasSucceeded(ruleId, uses, caller) };
  const { per, quantity, most, windowMs } = limit;
  const used = uses.usage(ruleId, scopeOf(per, caller), beginOf(limit, at))[quantity];
  const adds = quantity === "calls" ? 1 : amountOf(limit, estimate);
  const window = windowMs === undefined ? {} : { windowMs };
  return {
    ...words,
    // Written so that what is no number lets nothing pass.
    holds: !(used + adds <= most),
    limit: { per, quantity, used, adds, most, ...window },
  };
}
