import type { Decision, FailedCondition } from "../types.ts";
import type { PolicyCall } from "./keys.ts";
import type { CompiledRule } from "./policy.ts";
import type { Hits } from "./rule-index.ts";

/** What is said with a decision besides its effect and its rules. */
export type Remarks = Pick<Decision, "failedConditions">;

/** Whether a rule that matches by its keys needs no second look. */
export function isPlain(rule: CompiledRule): boolean {
  return rule.when === undefined;
}

/**
 * Looks a second time at the rules that match by their keys: takes out those whose condition is
 * not true. A condition that cannot be worked out counts as true for what denies or asks and as
 * false for what allows, so that no argument opens anything by breaking a condition.
 */
export function sift(
  hits: Hits,
  rules: readonly CompiledRule[],
  call: PolicyCall,
): Remarks | undefined {
  let failed: FailedCondition[] | undefined;
  let kept = 0;
  for (let place = 0; place < hits.count; place++) {
    const order = hits.orders[place] ?? 0;
    const rule = rules[order];
    const found = rule?.when?.holds(call);
    if (rule === undefined || (found?.ok === true && !found.value)) continue;
    if (found?.ok === false) {
      failed ??= [];
      failed.push({ ruleId: rule.ruleId, problem: found.error });
      if (rule.effect === "allow") continue;
    }
    hits.orders[kept++] = order;
  }
  hits.count = kept;
  return failed === undefined ? undefined : { failedConditions: failed };
}
