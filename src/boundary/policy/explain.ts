import type { Principal } from "../../base/principal.ts";
import type { CallFacts, Decision, DecisionEffect } from "../types.ts";
import { type Position, placeOf } from "./errors.ts";
import { type PolicyCall, policyCall } from "./keys.ts";
import type { CompiledPolicy, CompiledRule } from "./policy.ts";
import type { MatchKeyName, MatchValue } from "./schema.ts";

/** One key of a rule held against one call. */
export interface ExplainedKey {
  readonly key: MatchKeyName;
  readonly wanted: readonly MatchValue[];
  /** Absent where the call says nothing about it. */
  readonly actual?: MatchValue;
  readonly holds: boolean;
}

/** One rule held against one call. */
export interface ExplainedRule {
  readonly ruleId: string;
  readonly effect: DecisionEffect;
  readonly reason: string;
  readonly matched: boolean;
  /** Whether this is the rule that the decision names. */
  readonly decides: boolean;
  readonly keys: readonly ExplainedKey[];
  /** Absent for rules made from settings. */
  readonly at?: Position;
}

/** A decision and how each rule of the policy contributed to it, in file order. */
export interface Explanation {
  readonly decision: Decision;
  readonly rules: readonly ExplainedRule[];
}

/** What the policy says about a call, and for every rule why it matches or does not. */
export function explainDecision(
  policy: CompiledPolicy,
  facts: CallFacts,
  connectorId: string,
  principal: Principal,
): Explanation {
  const decision = policy.decide(facts, connectorId, principal);
  const call = policyCall(facts, connectorId, principal);
  return { decision, rules: policy.rules.map((rule) => explainRule(rule, call, decision)) };
}

function explainRule(rule: CompiledRule, call: PolicyCall, decision: Decision): ExplainedRule {
  const keys = rule.keys.map(({ key, values, holds }): ExplainedKey => {
    const actual = key.read(call);
    const explained = { key: key.name, wanted: values, holds: holds(call) };
    return actual === undefined ? explained : { ...explained, actual };
  });
  return {
    ruleId: rule.ruleId,
    effect: rule.effect,
    reason: rule.reason,
    matched: keys.every((key) => key.holds),
    decides: rule.ruleId === decision.ruleId,
    keys,
    ...(rule.at === undefined ? {} : { at: rule.at }),
  };
}

/** An explanation as lines for a terminal: the decision, then one line a rule. */
export function explanationText(explanation: Explanation): string {
  const { decision, rules } = explanation;
  const head = `${decision.effect}: ${decision.ruleId}`;
  const why = decision.reason === undefined ? [] : [`  ${decision.reason}`];
  const lines = rules.map((rule) => {
    const mark = rule.decides ? ">" : rule.matched ? "+" : "-";
    return `${mark} ${rule.effect.padEnd(5)} ${rule.ruleId}: ${verdict(rule)} (${placeOf(rule.at)})`;
  });
  return [head, ...why, "", ...lines, ""].join("\n");
}

function verdict(rule: ExplainedRule): string {
  const failed = rule.keys.filter((key) => !key.holds);
  if (failed.length > 0) return `does not match, ${failed.map(mismatch).join("; ")}`;
  if (rule.keys.length === 0) return "matches every call";
  return `matches, ${rule.keys.map((key) => `${key.key} is ${shown(key.actual)}`).join("; ")}`;
}

function mismatch({ key, actual, wanted }: ExplainedKey): string {
  const has = actual === undefined ? `the call has no ${key}` : `${key} is ${shown(actual)}`;
  return `${has}, the rule wants ${wanted.map(shown).join(" or ")}`;
}

function shown(value: MatchValue | undefined): string {
  return JSON.stringify(value) ?? "nothing";
}
