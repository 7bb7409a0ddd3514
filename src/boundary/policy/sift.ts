import type { Decision, FailedCondition, ShadowEffect } from "../types.ts";
import type { PolicyCall } from "./keys.ts";
import type { CompiledRule } from "./policy.ts";
import type { Hits } from "./rule-index.ts";

/** What is said with a decision besides its effect and its rules. */
export type Remarks = Pick<Decision, "failedConditions" | "shadow" | "dryRun">;

/** Whether a rule that matches by its keys needs no second look. */
export function isPlain(rule: CompiledRule): boolean {
  return rule.when === undefined && rule.mode === "enforce";
}

/**
 * Looks a second time at the rules that match by their keys: takes out those whose condition is
 * not true, and those that are only watched. A condition that cannot be worked out counts as true for what denies or asks and as
 * false for what allows, so that no argument opens anything by breaking a condition.
 */
export function sift(
  hits: Hits,
  rules: readonly CompiledRule[],
  call: PolicyCall,
): Remarks | undefined {
  let failed: FailedCondition[] | undefined;
  let shadow: ShadowEffect[] | undefined;
  let dryRun: string | undefined;
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
    if (rule.mode === "shadow") {
      shadow ??= [];
      shadow.push({ ruleId: rule.ruleId, effect: rule.effect });
      continue;
    }
    if (rule.mode === "dry-run") dryRun ??= rule.ruleId;
    hits.orders[kept++] = order;
  }
  hits.count = kept;
  if (failed === undefined && shadow === undefined && dryRun === undefined) return undefined;
  return {
    ...(failed === undefined ? {} : { failedConditions: failed }),
    ...(shadow === undefined ? {} : { shadow }),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
}
