import type { Agent33Error } from "../../../base/errors.ts";
import { ancestry, isAnswered } from "../check.ts";
import { coverIndex } from "../cover.ts";
import { policyError } from "../errors.ts";
import { type CompiledRule, strictness } from "../policy.ts";
import type { LoadedPack } from "../pack.ts";

/** Networks in the order in which opening one opens those before it too. */
const reach = { public: 0, private: 1, metadata: 2 } as const;

/**
 * Rules that can do nothing because of a pack that is selected beside theirs, or of the settings'
 * blocklist. No reason to refuse the policy: packs are made to be combined, and neither author saw
 * the other's. A pack that extends another is meant to overrule it, so that is not told.
 */
export function* pointlessRules(
  packs: readonly LoadedPack[],
  rules: readonly CompiledRule[],
): Generator<Agent33Error> {
  const families = new Map(packs.map((pack) => [pack.name, ancestry(pack, packs)]));
  const related = (a: string, b: string): boolean =>
    a === b || families.get(a)?.includes(b) === true || families.get(b)?.includes(a) === true;
  // What is in shadow decides nothing and is not asked to; what is in dry-run is only tried out.
  const coversOf = coverIndex(rules.filter(({ mode }) => mode === "enforce"));
  for (const rule of rules.filter(({ mode }) => mode !== "shadow")) {
    const other = coversOf(rule).find(
      (other) =>
        !related(rule.pack, other.pack) && !isAnswered(other, rule) && takesOver(other, rule),
    );
    if (other === undefined) continue;
    const what =
      other.effect === rule.effect
        ? `says nothing new: "${other.ruleId}" says the same of every call that it matches`
        : `never decides: "${other.ruleId}" (${other.effect}) matches every call that it matches`;
    yield policyError(
      "pointless",
      rule.at,
      `with the packs selected, the rule "${rule.ruleId}" (${rule.effect}) ${what}.`,
      "If that is not what you want, select other packs or narrow one of the two rules.",
    );
  }
}

/** Whether a rule would be heard before another one on a call that both match. */
function takesOver(other: CompiledRule, rule: CompiledRule): boolean {
  if (other.effect !== rule.effect) return strictness[other.effect] > strictness[rule.effect];
  return other.order < rule.order && reach[other.opens] >= reach[rule.opens];
}
