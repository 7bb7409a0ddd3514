import { strictness } from "./policy/policy.ts";
import type { LimitUse, LimitUses } from "./ports.ts";
import type { CallOptions, Decision, SessionLimit, SessionRule, Spend } from "./types.ts";

/** What session rules need to know of a call besides its options. */
export interface CountedCall {
  readonly callId: string;
  readonly at: number;
  /** Upper bound of what it can use. */
  readonly estimate: () => Spend;
}

/** Whose call it is. */
export type Caller = Pick<CallOptions, "principal" | "runId" | "logicalCallId">;

interface Held {
  readonly use: LimitUse;
  readonly adds: SessionLimit["adds"];
}

/**
 * One call under the rules that depend on the calls before it. Its part of each limit is held
 * before it is sent, so that calls in flight together cannot pass a limit together; it is used up
 * when the call was sent, and given back when it was not.
 */
export class CallSession {
  readonly #uses: LimitUses;
  readonly #caller: Caller;
  readonly #call: CountedCall;
  /** The same when the call is taken up again after a crash, so that it counts once. */
  readonly #id: string;
  readonly #rules: readonly SessionRule[];
  readonly #awaitedBy: readonly string[];
  #held: Held[] = [];
  #refused: SessionRule[] = [];

  constructor(
    { session = [], awaitedBy = [] }: Decision,
    uses: LimitUses,
    caller: Caller,
    call: CountedCall,
  ) {
    this.#caller = caller;
    const { runId, logicalCallId } = caller;
    const isLogical = runId !== undefined && logicalCallId !== undefined;
    this.#id = isLogical ? `${runId} ${logicalCallId}` : call.callId;
    this.#rules = session;
    this.#awaitedBy = awaitedBy;
    this.#uses = uses;
    this.#call = call;
  }

  /**
   * The decision with the rules that hold already; nothing is held afterwards. Limits are looked
   * at only where a person is to be asked: it would be for nothing if one of them denies the call.
   */
  weigh(decision: Decision): Decision {
    let said = decision;
    for (const rule of this.#rules) {
      if (rule.limit === undefined) {
        if (!hasSucceeded(rule.ruleId, this.#uses, this.#caller)) said = withRule(said, rule);
      } else if (decision.effect === "ask" && decision.dryRun === undefined) {
        if (!this.#hold(rule, rule.limit, rule.limit.most)) said = withRule(said, rule);
      }
    }
    this.release();
    return said;
  }

  /** Holds the call's part of every limit. The decision changes where one of them is reached. */
  hold(decision: Decision): Decision {
    let said = decision;
    for (const rule of this.#rules) {
      if (rule.limit === undefined || this.#hold(rule, rule.limit, rule.limit.most)) continue;
      this.#refused.push(rule);
      said = withRule(said, rule);
    }
    return said;
  }

  /** Counts the call although limits are reached: a person said yes, or they are only watched. */
  holdRefused(): void {
    for (const rule of this.#refused) {
      if (rule.limit !== undefined) this.#hold(rule, rule.limit, Number.POSITIVE_INFINITY);
    }
    this.#refused = [];
  }

  /** The call was sent. */
  use(spend: Spend): void {
    for (const { use, adds } of this.#held.splice(0)) {
      this.#uses.use(use, typeof adds === "string" ? (spend[adds] ?? 0) : undefined);
    }
  }

  /** The call was never sent. */
  release(): void {
    for (const { use } of this.#held.splice(0)) this.#uses.release(use);
    this.#refused = [];
  }

  /** The call has done what it was for: rules that wait for it hold no longer in this run. */
  succeed(): void {
    if (this.#caller.runId === undefined) return;
    const { at } = this.#call;
    for (const ruleId of this.#awaitedBy) {
      const use = { ruleId, scope: scopeOf("run", this.#caller), callId: this.#id };
      const limit = { quantity: "calls", most: Number.POSITIVE_INFINITY, since: 0 } as const;
      this.#uses.hold({ ...use, at }, limit);
      this.#uses.use(use);
    }
  }

  #hold({ ruleId }: SessionRule, limit: SessionLimit, most: number): boolean {
    const { at, estimate } = this.#call;
    const { adds, quantity } = limit;
    const use = { ruleId, scope: scopeOf(limit.per, this.#caller), callId: this.#id };
    const amount = amountOf(limit, estimate);
    const since = beginOf(limit, at);
    const { granted } = this.#uses.hold({ ...use, at, amount }, { quantity, most, since });
    if (granted) this.#held.push({ use, adds });
    return granted;
  }
}

/** Whether a call that the rule waits for has succeeded in the caller's run. */
export function hasSucceeded(ruleId: string, uses: LimitUses, caller: Caller): boolean {
  // Calls outside of any run have nothing before them.
  if (caller.runId === undefined) return false;
  const { calls, held } = uses.usage(ruleId, scopeOf("run", caller), 0);
  return calls > held;
}

/** What a call adds to an amount, beforehand. */
export function amountOf({ adds }: SessionLimit, estimate: () => Spend): number {
  return typeof adds === "string" ? (estimate()[adds] ?? 0) : adds;
}

/** Calls that began before do not count. */
export function beginOf({ windowMs }: SessionLimit, at: number): number {
  return windowMs === undefined ? 0 : Math.max(0, at - windowMs);
}

/** Calls that have no run or no agent count together, so that a limit holds for them too. */
export function scopeOf(per: SessionLimit["per"], { runId, principal }: Caller): string {
  switch (per) {
    case "run":
      return `run ${runId ?? ""}`;
    case "user":
      return `user ${principal.user}`;
    case "agent":
      return `agent ${principal.agent ?? ""}`;
    case "tenant":
      return "tenant";
  }
}

/** The decision when one more rule holds. */
export function withRule(decision: Decision, rule: SessionRule): Decision {
  const { ruleId, effect, mode, reason, approvalTtlMs } = rule;
  if (mode === "shadow") {
    return { ...decision, shadow: [...(decision.shadow ?? []), { ruleId, effect }] };
  }
  const dry = mode === "dry-run" ? { dryRun: decision.dryRun ?? ruleId } : {};
  const matched = [...decision.matched, ruleId];
  if (strictness[effect] <= strictness[decision.effect]) return { ...decision, ...dry, matched };
  const { approvalTtlMs: _, ...rest } = decision;
  const ttl = approvalTtlMs === undefined ? {} : { approvalTtlMs };
  return { ...rest, ...dry, ...ttl, matched, effect, ruleId, reason };
}

/** A decision as it is written down: what session rules looked at may say what was in arguments. */
export function withoutSession(decision: Decision): Decision {
  if (decision.session === undefined && decision.awaitedBy === undefined) return decision;
  const { session: _, awaitedBy: __, ...rest } = decision;
  return rest;
}
