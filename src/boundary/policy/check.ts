import { policyError } from "./errors.ts";
import type { Flaw } from "./flaws.ts";
import { hostPattern } from "./host.ts";
import type { CompiledKey } from "./keys.ts";
import { type CompiledRule, strictness } from "./policy.ts";
import type { LoadedPack } from "./pack.ts";
import type { Match, PolicyMode } from "./schema.ts";

/**
 * Refuses a rule that no call can fit, and a single value that none can: a rule that looks right
 * and does nothing is worse than none, because somebody relies on it.
 * @throws Agent33Error `policy.never_matches`
 */
export function checkNeverMatches(rule: CompiledRule): void {
  checkKeys(rule, rule.keys, rule.match);
  checkKeys(rule, rule.awaited ?? [], rule.before ?? {});
}

function checkKeys(rule: CompiledRule, keys: readonly CompiledKey[], match: Match): void {
  for (const { key, values } of keys) {
    if (values.length === 0) {
      const hint = `Give ${key.name} at least one value, or leave the key out to match every call.`;
      throw neverMatches(rule, { message: `the list of ${key.name} is empty`, hint });
    }
    for (const value of values) {
      const flaw = key.flaw?.(String(value), match);
      if (flaw === undefined) continue;
      throw neverMatches(rule, { ...flaw, message: `${key.name}: ${flaw.message}` });
    }
  }
}

/**
 * Refuses a rule that denies the very call that it waits for: it would never come to an end.
 * @throws Agent33Error `policy.never_matches`
 */
export function checkCanBeFulfilled(rule: CompiledRule): void {
  const { before, effect, ruleId, at } = rule;
  if (before === undefined || effect !== "deny" || rule.when !== undefined) return;
  if (!takesIn(rule.keys, before)) return;
  const message = `the rule "${ruleId}" waits for a call that it denies itself.`;
  const hint = "Name the call that has to come first in `before`, not the one that it is for.";
  throw policyError("never_matches", at, message, hint);
}

function neverMatches(rule: CompiledRule, flaw: Flaw) {
  const message = `the rule "${rule.ruleId}" never matches: ${flaw.message}.`;
  return policyError("never_matches", rule.at, message, flaw.hint);
}

/**
 * Refuses a rule that a stricter one covers wholly, where the stricter one stands in the same
 * pack or in one that the pack extends: its author saw it. A pack that tightens what it extends,
 * packs selected side by side, and the settings' blocklist may cover rules; that is their purpose.
 * Covering by several rules together is not looked for.
 * @throws Agent33Error `policy.shadowed`
 */
export function checkShadowed(packs: readonly LoadedPack[], rules: readonly CompiledRule[]): void {
  const rulesOf = Map.groupBy(rules, (rule) => rule.pack);
  for (const pack of packs) {
    const inSight = ancestry(pack, packs)
      .flatMap((name) => rulesOf.get(name) ?? [])
      .filter(decides);
    const stricter = {
      deny: [],
      ask: inSight.filter((rule) => rule.effect === "deny"),
      allow: inSight.filter((rule) => rule.effect !== "allow"),
    };
    for (const rule of (rulesOf.get(pack.name) ?? []).filter(decides)) {
      const cover = stricter[rule.effect].find((other) => covers(other, rule));
      if (cover === undefined) continue;
      const message =
        `the rule "${rule.ruleId}" (${rule.effect}) never decides: ` +
        `"${cover.ruleId}" (${cover.effect}) matches every call that it matches.`;
      throw policyError(
        "shadowed",
        rule.at,
        message,
        "Take one of them out, or narrow the stricter one.",
      );
    }
  }
}

/**
 * Refuses a pack whose default is weaker than that of a pack it extends, because the strictest
 * default holds.
 * @throws Agent33Error `policy.shadowed`
 */
export function checkDefaults(packs: readonly LoadedPack[]): void {
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
    throw policyError("shadowed", pack.defaultAt, message, hint);
  }
}

/** What is in shadow decides nothing, and is not asked to. */
function decides({ mode }: { readonly mode?: PolicyMode }): boolean {
  return mode !== "shadow";
}

/** The pack itself and all that it extends, directly or not. */
function ancestry(pack: LoadedPack, packs: readonly LoadedPack[]): readonly string[] {
  const names = new Set([pack.name]);
  for (const name of names) {
    const found = packs.find((other) => other.name === name);
    for (const other of found?.extends ?? []) names.add(other.name);
  }
  return [...names];
}

/**
 * Whether every call that `narrow` matches is matched by `wide` too. A pattern is compared as if
 * its `*` were a letter: only a `*` of the wide pattern can take it in, so the answer is safe.
 */
function covers(wide: CompiledRule, narrow: CompiledRule): boolean {
  if (wide.session !== undefined) return false;
  if (wide.when !== undefined && wide.when.text !== narrow.when?.text) return false;
  return takesIn(wide.keys, narrow.match);
}

function takesIn(keys: readonly CompiledKey[], match: Match): boolean {
  return keys.every(({ key, accepts }) =>
    match[key.name]?.every((value) =>
      accepts(key.comparison === "host" ? hostPattern(String(value)) : value),
    ),
  );
}
