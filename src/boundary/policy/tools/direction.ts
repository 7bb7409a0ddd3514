import { canonicalJson, toJsonValue } from "../../../base/json.ts";
import { takesIn } from "../cover.ts";
import { type CompiledPolicy, type CompiledRule, strictness } from "../policy.ts";

/** Which way a change of policy goes. */
export const directions = ["same", "loosened", "tightened", "mixed", "unclear"] as const;
/**
 * - `same`: no call is decided otherwise, such as where only a reason changed
 * - `loosened`: a call may be allowed that was not, and none is refused that was not
 * - `tightened`: the other way
 * - `mixed`: some rules the one way, some the other
 * - `unclear`: it cannot be told from the rules; a person has to look
 */
export type Direction = (typeof directions)[number];

/** Which way each rule that differs goes, by its id, and the change as a whole. */
export interface PolicyDirection {
  readonly overall: Direction;
  readonly rules: ReadonlyMap<string, Direction>;
  readonly fallback: Direction;
}

/**
 * Tells which way the rules of one policy differ from those of another. It looks at each rule by
 * itself: a rule that another one overrides anyway counts as if it decided.
 */
export function directionOf(before: CompiledPolicy, after: CompiledPolicy): PolicyDirection {
  const old = byId(before);
  const now = byId(after);
  const [oldWords, newWords] = [wordsOf(old.values()), wordsOf(now.values())];
  const allowsAll = before.default.effect === "allow" && after.default.effect === "allow";
  const rules = new Map<string, Direction>();
  for (const id of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(id), now.get(id)];
    // Under another name it stood there before, or stands there still.
    if (was === undefined && is !== undefined && oldWords.has(decisive(is))) rules.set(id, "same");
    else if (is === undefined && was !== undefined && newWords.has(decisive(was))) {
      rules.set(id, "same");
    } else rules.set(id, ruleDirection(was, is, allowsAll));
  }
  const fallback = fallbackDirection(before, after);
  return { overall: united([...rules.values(), fallback]), rules, fallback };
}

/** Several directions as one. */
export function united(all: readonly Direction[]): Direction {
  const some = new Set(all.filter((one) => one !== "same"));
  const [only] = some;
  if (only === undefined) return "same";
  if (some.size === 1) return only;
  return some.has("unclear") ? "unclear" : "mixed";
}

/** Rules that decide something: those in shadow do not. */
function byId({ rules }: CompiledPolicy): ReadonlyMap<string, CompiledRule> {
  return new Map(
    rules.filter(({ mode }) => mode !== "shadow").map((rule) => [rule.ruleId, rule] as const),
  );
}

function wordsOf(rules: Iterable<CompiledRule>): ReadonlySet<string> {
  return new Set([...rules].map(decisive));
}

/** All of a rule that decides about calls. */
function decisive(rule: CompiledRule): string {
  return canonicalJson(toJsonValue([effectOf(rule), rule.match, conditions(rule)]));
}

function conditions({ when, limit, before, answers = [] }: CompiledRule): unknown {
  return [
    when?.text ?? null,
    limit === undefined ? null : { ...limit, sum: limit.sum?.text ?? null },
    before ?? null,
    [...answers].toSorted(),
  ];
}

/** A call that a rule in dry-run matches is not made. */
const effectOf = ({ effect, mode }: CompiledRule) => (mode === "dry-run" ? "deny" : effect);

function ruleDirection(
  was: CompiledRule | undefined,
  is: CompiledRule | undefined,
  allowsAll: boolean,
): Direction {
  if (was !== undefined && is !== undefined) return changed(was, is, allowsAll);
  if (is !== undefined) return added(is, allowsAll);
  return was === undefined ? "same" : opposite(added(was, allowsAll));
}

function added(rule: CompiledRule, allowsAll: boolean): Direction {
  const { opens, answers } = rule;
  switch (effectOf(rule)) {
    case "deny":
      return "tightened";
    case "ask":
      // To ask about a network that was shut lets somebody say yes.
      return opens === "public" ? "tightened" : "unclear";
    case "allow":
      return allowsAll && opens === "public" && answers === undefined ? "same" : "loosened";
  }
}

function changed(was: CompiledRule, is: CompiledRule, allowsAll: boolean): Direction {
  if (decisive(was) === decisive(is)) return "same";
  const [one, other] = [effectOf(was), effectOf(is)];
  // The one that names a network opens it, and is about no other.
  if (was.opens !== is.opens && (one !== "deny" || other !== "deny")) return "unclear";
  const [wider, narrower] = [takesAll(is, was), takesAll(was, is)];
  const alike = canonicalJson(toJsonValue(conditions(was)));
  if (alike !== canonicalJson(toJsonValue(conditions(is)))) {
    return one === other && wider && narrower ? byConditions(was, is) : "unclear";
  }
  if (one !== other) {
    if (was.opens !== "public" || is.opens !== "public") return "unclear";
    if (strictness[other] > strictness[one]) return wider ? "tightened" : "unclear";
    return narrower ? "loosened" : "unclear";
  }
  if (wider && !narrower) return added(is, allowsAll);
  return narrower && !wider ? opposite(added(was, allowsAll)) : "unclear";
}

/** Of two rules that differ in their conditions alone. */
function byConditions(was: CompiledRule, is: CompiledRule): Direction {
  const [one, other] = [was.limit, is.limit];
  const rest = ({ when, before, answers = [] }: CompiledRule): string =>
    canonicalJson(toJsonValue([when?.text ?? null, before ?? null, [...answers].toSorted()]));
  if (one === undefined || other === undefined || rest(was) !== rest(is)) return "unclear";
  const kind = ({ per, windowMs, sum }: typeof one): string =>
    canonicalJson(toJsonValue([per, windowMs ?? null, sum?.text ?? null]));
  if (kind(one) !== kind(other) || one.max === other.max) return "unclear";
  return other.max > one.max ? "loosened" : "tightened";
}

const takesAll = (wide: CompiledRule, narrow: CompiledRule): boolean =>
  takesIn(wide.keys, narrow.match);

function opposite(direction: Direction): Direction {
  if (direction === "loosened") return "tightened";
  return direction === "tightened" ? "loosened" : direction;
}

function fallbackDirection(before: CompiledPolicy, after: CompiledPolicy): Direction {
  const [one, other] = [before.default, after.default].map(({ effect, dryRun }) =>
    dryRun === undefined ? effect : "deny",
  );
  if (one === undefined || other === undefined || one === other) return "same";
  return strictness[other] > strictness[one] ? "tightened" : "loosened";
}
