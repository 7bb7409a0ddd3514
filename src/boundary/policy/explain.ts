import type { Principal } from "../../base/principal.ts";
import type { CallFacts, Decision, DecisionEffect } from "../types.ts";
import { type Position, placeOf } from "./errors.ts";
import { type PolicyCall, policyCall } from "./keys.ts";
import type { CompiledPolicy, CompiledRule } from "./policy.ts";
import { sessionWords } from "./words.ts";
import type { MatchKeyName, MatchValue, PolicyMode } from "./schema.ts";

/** One key of a rule held against one call. */
export interface ExplainedKey {
  readonly key: MatchKeyName;
  readonly wanted: readonly MatchValue[];
  /** Absent where the call says nothing about it. */
  readonly actual?: MatchValue;
  readonly holds: boolean;
}

/** The condition of a rule held against one call. */
export interface ExplainedCondition {
  readonly text: string;
  readonly holds: boolean;
  /** Why it could not be worked out; an allow rule does not match then, any other does. */
  readonly problem?: string;
}

/** One rule held against one call. */
export interface ExplainedRule {
  readonly ruleId: string;
  readonly effect: DecisionEffect;
  readonly mode: PolicyMode;
  readonly reason: string;
  readonly matched: boolean;
  /** Whether this is the rule that the decision names. */
  readonly decides: boolean;
  readonly keys: readonly ExplainedKey[];
  /** Its condition, where it has one and all keys hold. */
  readonly when?: ExplainedCondition;
  /** On which earlier calls it depends, in words: then it only holds beyond or until that. */
  readonly session?: string;
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
  const keysHold = keys.every((key) => key.holds);
  const when = keysHold ? explainCondition(rule, call) : undefined;
  return {
    ruleId: rule.ruleId,
    effect: rule.effect,
    mode: rule.mode,
    reason: rule.reason,
    matched: keysHold && when?.holds !== false,
    decides: rule.ruleId === decision.ruleId,
    keys,
    ...(when === undefined ? {} : { when }),
    ...(rule.session === undefined ? {} : { session: sessionWords(rule).join(", ") }),
    ...(rule.at === undefined ? {} : { at: rule.at }),
  };
}

function explainCondition(
  { when, effect }: CompiledRule,
  call: PolicyCall,
): ExplainedCondition | undefined {
  if (when === undefined) return undefined;
  const found = when.holds(call);
  if (found.ok) return { text: when.text, holds: found.value };
  return { text: when.text, holds: effect !== "allow", problem: found.error };
}

/** An explanation as lines for a terminal: the decision, then one line a rule. */
export function explanationText(explanation: Explanation): string {
  const { decision, rules } = explanation;
  const head = `${decision.effect}: ${decision.ruleId}`;
  const dry =
    decision.dryRun === undefined ? [] : [`  Not sent: ${decision.dryRun} is in dry-run.`];
  const why = decision.reason === undefined ? [] : [`  ${decision.reason}`];
  const lines = rules.map((rule) => {
    const mark = markOf(rule);
    const mode = rule.mode === "enforce" ? "" : ` [${rule.mode}]`;
    return `${mark} ${rule.effect.padEnd(5)} ${rule.ruleId}${mode}: ${verdict(rule)} (${placeOf(rule.at)})`;
  });
  return [head, ...why, ...dry, "", ...lines, ""].join("\n");
}

function markOf({ decides, matched, session }: ExplainedRule): string {
  if (decides) return ">";
  if (!matched) return "-";
  return session === undefined ? "+" : "~";
}

function verdict(rule: ExplainedRule): string {
  const failed = rule.keys.filter((key) => !key.holds);
  if (failed.length > 0) return `does not match, ${failed.map(mismatch).join("; ")}`;
  const { when } = rule;
  const facts = rule.keys.map((key) => `${key.key} is ${shown(key.actual)}`);
  if (when !== undefined) facts.push(conditionText(when));
  if (rule.session !== undefined) facts.push(`holds ${rule.session}`);
  if (facts.length === 0) return "matches every call";
  return `${rule.matched ? "matches" : "does not match"}, ${facts.join("; ")}`;
}

function conditionText({ text, holds, problem }: ExplainedCondition): string {
  if (problem !== undefined) return `\`${text}\` could not be worked out (${problem})`;
  return `\`${text}\` is ${String(holds)}`;
}

function mismatch({ key, actual, wanted }: ExplainedKey): string {
  const has = actual === undefined ? `the call has no ${key}` : `${key} is ${shown(actual)}`;
  return `${has}, the rule wants ${wanted.map(shown).join(" or ")}`;
}

function shown(value: MatchValue | undefined): string {
  return JSON.stringify(value) ?? "nothing";
}
