import type { Decision, FailedCondition, SessionRule, ShadowEffect } from "../types.ts";
import type { PolicyCall } from "./keys.ts";
import type { CompiledRule } from "./policy.ts";
import type { Hits } from "./rule-index.ts";

/** What is said with a decision besides its effect and its rules. */
export type Remarks = Pick<
  Decision,
  "failedConditions" | "shadow" | "dryRun" | "session" | "awaitedBy"
>;

/** Whether a rule that matches by its keys needs no second look. */
export function isPlain(rule: CompiledRule): boolean {
  return rule.when === undefined && rule.mode === "enforce" && rule.session === undefined;
}

/**
 * Looks a second time at the rules that match by their keys: takes out those whose condition is
 * not true, those that are only watched, and those that depend on earlier calls. What cannot be
 * worked out counts against the call: a condition as true for what denies or asks and as false for
 * what allows, a limit as reached, so that no argument opens anything by breaking an expression.
 */
export function sift(hits: Hits, rules: readonly CompiledRule[], call: PolicyCall): Remarks {
  const failedConditions: FailedCondition[] = [];
  const shadow: ShadowEffect[] = [];
  const session: SessionRule[] = [];
  let dryRun: string | undefined;
  let kept = 0;
  for (let place = 0; place < hits.count; place++) {
    const order = hits.orders[place] ?? 0;
    const rule = rules[order];
    if (rule === undefined) continue;
    const { ruleId, effect, mode } = rule;
    const failed = (problem: string) => failedConditions.push({ ruleId, problem });
    const found = rule.when?.holds(call);
    if (found?.ok === true && !found.value) continue;
    if (found?.ok === false) {
      failed(found.error);
      if (effect === "allow") continue;
    }
    const counted = countedRule(rule, call, failed);
    if (counted !== undefined) session.push(counted);
    else if (mode === "shadow") shadow.push({ ruleId, effect });
    else {
      if (mode === "dry-run") dryRun ??= ruleId;
      hits.orders[kept++] = order;
    }
  }
  hits.count = kept;
  return {
    ...(failedConditions.length === 0 ? {} : { failedConditions }),
    ...(shadow.length === 0 ? {} : { shadow }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(session.length === 0 ? {} : { session }),
  };
}

/** What is to be found out about a rule that depends on earlier calls; undefined where it holds. */
function countedRule(
  { session, limit }: CompiledRule,
  call: PolicyCall,
  failed: (problem: string) => void,
): SessionRule | undefined {
  if (session?.limit === undefined || limit?.sum === undefined) return session;
  const found = limit.sum.adds(call);
  if (found.ok) return { ...session, limit: { ...session.limit, adds: found.value } };
  failed(found.error);
  return undefined;
}

/** Rules that wait for a call like this one. */
export function awaiting(
  waiting: readonly CompiledRule[],
  call: PolicyCall,
): readonly string[] | undefined {
  const found = waiting.filter(({ awaited = [] }) => awaited.every((key) => key.holds(call)));
  return found.length === 0 ? undefined : found.map(({ ruleId }) => ruleId);
}
