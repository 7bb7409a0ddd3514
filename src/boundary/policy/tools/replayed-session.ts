import { beginOf, scopeOf, withRule } from "../../call-session.ts";
import type { Decision, SessionLimit, SessionRule } from "../../types.ts";
import { policyCall } from "../keys.ts";
import type { CompiledPolicy } from "../policy.ts";
import { LimitTally } from "./limit-tally.ts";
import { factsOf, type RecordedCall, type Unreplayable } from "./recorded-call.ts";

/** A decision with its rules that depend on earlier calls: without and with those in doubt. */
export interface Weighed {
  readonly low: Decision;
  readonly high: Decision;
  /** Why some are in doubt. */
  readonly doubt?: Unreplayable;
  /** Whether tokens or cost were weighed by what was used, in place of the upper bound beforehand. */
  readonly byUse: boolean;
}

/** Whether a call would have been made under a policy. */
export type WouldCount = "yes" | "no" | "maybe";

/** What one policy's rules that depend on earlier calls have seen of recorded calls. */
export interface ReplayedSession {
  /** Calls come in order of time. */
  weigh(decision: Decision, call: RecordedCall): Weighed;
  /** @param succeeded whether it did what it was for; undefined where nobody knows */
  count(
    call: RecordedCall,
    decision: Decision,
    would: WouldCount,
    succeeded: () => boolean | undefined,
  ): void;
  /** Counts a call whose arguments are not known, and so neither what the rules say of it. */
  doubt(call: RecordedCall, decision: Decision): void;
}

/** The chain stopped such a call before it looked at limits. */
const stoppedEarly: ReadonlySet<string> = new Set([
  "boundary.circuit_open",
  "boundary.rate_limited",
  "boundary.bulkhead_full",
]);

/** Whether a policy has rules for which earlier calls matter. */
export function hasSession({ rules }: CompiledPolicy): boolean {
  return rules.some(({ session }) => session !== undefined);
}

export function createReplayedSession({ rules }: CompiledPolicy): ReplayedSession {
  const tallies = new Map<string, LimitTally>();
  const limited = rules.filter(({ session }) => session?.limit !== undefined);
  /** By rule and run, from when on a call it waits for has succeeded, surely or perhaps. */
  const successes = new Map<string, { sureFrom: number; perhapsFrom: number }>();

  const tallyOf = (ruleId: string, per: SessionLimit["per"], call: RecordedCall): LimitTally => {
    const key = `${ruleId}\n${scopeOf(per, callerOf(call))}`;
    const tally = tallies.get(key) ?? new LimitTally();
    tallies.set(key, tally);
    return tally;
  };

  const weighLimit = (ruleId: string, limit: SessionLimit, call: RecordedCall) => {
    const tally = tallyOf(ruleId, limit.per, call);
    const used = tally.usedSince(beginOf(limit, call.at));
    if (tally.has(idOf(call))) return false;
    const added = addsOf(limit, call);
    // Written so that what is no number lets nothing pass.
    if (!(used.least + added.least <= limit.most)) return true;
    if (!added.sure) return "no_estimate";
    return used.sure ? false : "earlier_unknown";
  };

  const weighBefore = (ruleId: string, { runId, at }: RecordedCall) => {
    const known = runId === undefined ? undefined : successes.get(`${ruleId}\n${runId}`);
    if (known === undefined) return true;
    if (known.sureFrom <= at) return false;
    return known.perhapsFrom <= at ? "no_result" : true;
  };

  const holds = ({ ruleId, limit }: SessionRule, call: RecordedCall): boolean | Unreplayable =>
    limit === undefined ? weighBefore(ruleId, call) : weighLimit(ruleId, limit, call);

  const addSuccess = (ruleIds: readonly string[], call: RecordedCall, isSure: boolean): void => {
    const { runId, at, durationMs } = call;
    if (runId === undefined) return;
    const from = Math.floor(at + durationMs);
    for (const ruleId of ruleIds) {
      const key = `${ruleId}\n${runId}`;
      const known = successes.get(key) ?? { sureFrom: Infinity, perhapsFrom: Infinity };
      known.perhapsFrom = Math.min(known.perhapsFrom, from);
      if (isSure) known.sureFrom = Math.min(known.sureFrom, from);
      successes.set(key, known);
    }
  };

  return {
    weigh: (decision, call) => {
      const asks = decision.effect === "ask" && decision.dryRun === undefined;
      const found = (decision.session ?? [])
        .filter(({ limit }) => limit === undefined || asks || !stoppedEarly.has(call.outcome))
        .map((rule) => ({ rule, holds: holds(rule, call) }));
      const applied = (which: (holds: boolean | Unreplayable) => boolean): Decision =>
        found
          .filter((one) => which(one.holds))
          .reduce((said, { rule }) => withRule(said, rule), decision);
      const doubt = found.map((one) => one.holds).find((one) => typeof one === "string");
      const byUse = found.some(({ rule }) => typeof rule.limit?.adds === "string");
      const low = applied((one) => one === true);
      if (doubt === undefined) return { low, high: low, byUse };
      return { low, high: applied((one) => one !== false), byUse, doubt };
    },
    count: (call, { session = [], awaitedBy = [] }, would, succeeded) => {
      if (would === "no") return;
      for (const { ruleId, limit } of session) {
        if (limit === undefined) continue;
        const added = addsOf(limit, call);
        const entry = would === "yes" ? added : { least: 0, sure: false };
        tallyOf(ruleId, limit.per, call).add(idOf(call), { at: call.at, ...entry });
      }
      if (awaitedBy.length === 0) return;
      const did = succeeded();
      if (did !== false) addSuccess(awaitedBy, call, did === true && would === "yes");
    },
    doubt: (call, { awaitedBy = [] }) => {
      const { connector, principal, at } = call;
      const asked = policyCall(factsOf(call), connector, principal);
      for (const { ruleId, session, matches } of limited) {
        if (session?.limit === undefined || !matches(asked)) continue;
        tallyOf(ruleId, session.limit.per, call).add(idOf(call), { at, least: 0, sure: false });
      }
      addSuccess(awaitedBy, call, false);
    },
  };
}

/** What a recorded call adds to a limit, if it was made. */
function addsOf({ quantity, adds }: SessionLimit, call: RecordedCall) {
  if (quantity === "calls") return { least: 1, sure: true };
  if (typeof adds === "number") return { least: adds, sure: true };
  return { least: call.spend?.[adds] ?? 0, sure: call.spend !== undefined };
}

function callerOf({ principal, runId }: RecordedCall) {
  return { principal, ...(runId === undefined ? {} : { runId }) };
}

/** As the chain names a call in what it counts. */
function idOf({ runId, logicalCallId, callId }: RecordedCall): string {
  return runId === undefined ? callId : `${runId} ${logicalCallId}`;
}
