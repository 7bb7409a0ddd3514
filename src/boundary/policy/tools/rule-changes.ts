import { canonicalJson, type JsonObject, toJsonValue } from "../../../base/json.ts";
import type { DecisionEffect } from "../../types.ts";
import type { CompiledPolicy, CompiledRule } from "../policy.ts";

/** A rule as its author wrote it, but for where it stands. */
export interface SaidRule {
  readonly ruleId: string;
  readonly effect: DecisionEffect;
  readonly match: JsonObject;
  readonly reason: string;
  /** Whatever else the rule says. */
  readonly [more: string]: unknown;
}

/** What one policy says that another does not. Rules are known again by their ids. */
export interface RuleChanges {
  readonly added: readonly SaidRule[];
  readonly removed: readonly SaidRule[];
  readonly changed: readonly { readonly before: SaidRule; readonly after: SaidRule }[];
  /** What holds where no rule matches, where that changed. */
  readonly default?: { readonly before: DecisionEffect; readonly after: DecisionEffect };
}

/** What compiling adds to a rule. */
const compiled = new Set<string>([
  "id",
  "pack",
  "order",
  "keys",
  "opens",
  "matches",
  "session",
  "awaited",
  "at",
] satisfies readonly (keyof CompiledRule)[]);

/** The rules that were added, removed and changed between two policies. */
export function ruleChanges(before: CompiledPolicy, after: CompiledPolicy): RuleChanges {
  const old = new Map(before.rules.map((rule) => [rule.ruleId, said(rule)]));
  const now = new Map(after.rules.map((rule) => [rule.ruleId, said(rule)]));
  const changed = [...now].flatMap(([id, rule]) => {
    const was = old.get(id);
    if (was === undefined || canonicalJson(was) === canonicalJson(rule)) return [];
    return [{ before: was, after: rule }];
  });
  const [one, other] = [before.default.effect, after.default.effect];
  return {
    added: [...now].flatMap(([id, rule]) => (old.has(id) ? [] : [rule])),
    removed: [...old].flatMap(([id, rule]) => (now.has(id) ? [] : [rule])),
    changed,
    ...(one === other ? {} : { default: { before: one, after: other } }),
  };
}

function said(rule: CompiledRule): SaidRule {
  const words = Object.entries(rule).filter(
    ([key, value]) =>
      !compiled.has(key) && typeof value !== "function" && !(key === "mode" && value === "enforce"),
  );
  return toJsonValue(Object.fromEntries(words)) as unknown as SaidRule;
}
