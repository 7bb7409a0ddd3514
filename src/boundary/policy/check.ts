import type { Agent33Error } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { policyError } from "./errors.ts";
import { coverIndex, takesIn } from "./cover.ts";
import type { Flaw } from "./flaws.ts";
import type { CompiledKey } from "./keys.ts";
import { type CompiledRule, strictness } from "./policy.ts";
import type { LoadedPack } from "./pack.ts";
import type { Match, PolicyMode } from "./schema.ts";

/**
 * Everything for which a policy of these packs is refused, in the order in which it is told.
 * @param asks the ask rules that can be answered. Default: those among the rules
 */
export function* policyProblems(
  packs: readonly LoadedPack[],
  rules: readonly CompiledRule[],
  asks: ReadonlySet<string> = askRules(rules),
): Generator<Agent33Error> {
  for (const rule of rules) {
    yield* impossible(rule);
    yield* unfulfillable(rule);
    yield* unknownAnswers(rule, asks);
  }
  yield* shadowed(packs, rules);
  yield* overruledDefaults(packs);
}

/**
 * A rule that no call can fit, and a single value that none can: a rule that looks right and does
 * nothing is worse than none, because somebody relies on it.
 */
function* impossible(rule: CompiledRule): Generator<Agent33Error> {
  yield* impossibleKeys(rule, rule.keys, rule.match);
  yield* impossibleKeys(rule, rule.awaited ?? [], rule.before ?? {});
}

function* impossibleKeys(
  rule: CompiledRule,
  keys: readonly CompiledKey[],
  match: Match,
): Generator<Agent33Error> {
  for (const { key, values } of keys) {
    if (values.length === 0) {
      const hint = `Give ${key.name} at least one value, or leave the key out to match every call.`;
      yield neverMatches(rule, { message: `the list of ${key.name} is empty`, hint });
    }
    for (const value of values) {
      const flaw = key.flaw?.(String(value), match);
      if (flaw === undefined) continue;
      yield neverMatches(rule, { ...flaw, message: `${key.name}: ${flaw.message}` });
    }
  }
}

/** A rule that denies the very call that it waits for: it would never come to an end. */
function* unfulfillable(rule: CompiledRule): Generator<Agent33Error> {
  const { before, effect, ruleId, at } = rule;
  if (before === undefined || effect !== "deny" || rule.when !== undefined) return;
  if (!takesIn(rule.keys, before)) return;
  const message = `the rule "${ruleId}" waits for a call that it denies itself.`;
  const hint = "Name the call that has to come first in `before`, not the one that it is for.";
  yield policyError("never_matches", at, message, hint);
}

function askRules(rules: readonly CompiledRule[]): ReadonlySet<string> {
  return new Set(rules.flatMap(({ effect, ruleId }) => (effect === "ask" ? [ruleId] : [])));
}

/** A rule that answers for one that nobody asks by. */
function* unknownAnswers(
  { answers = [], ruleId, at }: CompiledRule,
  asks: ReadonlySet<string>,
): Generator<Agent33Error> {
  for (const name of answers) {
    if (asks.has(name)) continue;
    const message = `the rule "${ruleId}" answers "${name}", and there is no such ask rule.`;
    const hint =
      `Take "${name}" out of its answers, or the whole rule where it has no other: ` +
      `people are asked then as the packs say. ${suggestName(name, [...asks])}`;
    yield policyError("unknown_rule", at, message, hint);
  }
}

/** Whether a rule is heard although another one covers it, because it answers that one. */
export function isAnswered(ask: CompiledRule, by: CompiledRule): boolean {
  return ask.effect === "ask" && by.answers?.includes(ask.ruleId) === true;
}

function neverMatches(rule: CompiledRule, flaw: Flaw) {
  const message = `the rule "${rule.ruleId}" never matches: ${flaw.message}.`;
  return policyError("never_matches", rule.at, message, flaw.hint);
}

/**
 * A rule that a stricter one covers wholly, where the stricter one stands in the same
 * pack or in one that the pack extends: its author saw it. A pack that tightens what it extends,
 * packs selected side by side, and the settings' blocklist may cover rules; that is their purpose.
 * Covering by several rules together is not looked for.
 */
function* shadowed(
  packs: readonly LoadedPack[],
  rules: readonly CompiledRule[],
): Generator<Agent33Error> {
  const rulesOf = Map.groupBy(rules, (rule) => rule.pack);
  for (const pack of packs) {
    const inSight = ancestry(pack, packs)
      .flatMap((name) => rulesOf.get(name) ?? [])
      .filter(decides);
    const coversOf = coverIndex(inSight.filter(({ effect }) => effect !== "allow"));
    for (const rule of (rulesOf.get(pack.name) ?? []).filter(decides)) {
      if (rule.effect === "deny") continue;
      const cover = coversOf(rule).find(
        (other) => strictness[other.effect] > strictness[rule.effect] && !isAnswered(other, rule),
      );
      if (cover === undefined) continue;
      const message =
        `the rule "${rule.ruleId}" (${rule.effect}) never decides: ` +
        `"${cover.ruleId}" (${cover.effect}) matches every call that it matches.`;
      yield policyError(
        "shadowed",
        rule.at,
        message,
        "Take one of them out, or narrow the stricter one.",
      );
    }
  }
}

/** A default that is weaker than that of a pack it extends, because the strictest default holds. */
function* overruledDefaults(packs: readonly LoadedPack[]): Generator<Agent33Error> {
  const inForce = packs.filter(decides);
  for (const pack of inForce) {
    const family = ancestry(pack, packs);
    const stricter = inForce.find(
      (other) =>
        family.includes(other.name) && strictness[other.default] > strictness[pack.default],
    );
    if (stricter === undefined) continue;
    const message =
      `the default "${pack.default}" of the pack "${pack.name}" never decides: ` +
      `it extends "${stricter.name}", whose default is "${stricter.default}".`;
    const hint = `Write "default: ${stricter.default}", or do not extend "${stricter.name}".`;
    yield policyError("shadowed", pack.defaultAt, message, hint);
  }
}

/** What is in shadow decides nothing, and is not asked to. */
function decides({ mode }: { readonly mode?: PolicyMode }): boolean {
  return mode !== "shadow";
}

/** The pack itself and all that it extends, directly or not. */
export function ancestry(pack: LoadedPack, packs: readonly LoadedPack[]): readonly string[] {
  const names = new Set([pack.name]);
  for (const name of names) {
    const found = packs.find((other) => other.name === name);
    for (const other of found?.extends ?? []) names.add(other.name);
  }
  return [...names];
}
