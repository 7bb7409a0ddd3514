import { canonicalHost } from "../host.ts";
import { globMatcher } from "../../../base/glob.ts";
import type { MatchKeyName, MatchValue } from "../schema.ts";
import type { WrittenMatch } from "./imported-pack.ts";

/**
 * One way in which a condition can hold: all its keys, and attributes that must be there.
 * A condition is a list of these; an empty list never holds.
 */
export interface Alternative {
  readonly match: WrittenMatch;
  readonly has: ReadonlySet<MatchKeyName>;
}

/** Something that packs cannot say. */
export class CannotSay extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** More rules of one policy than anybody would read. */
const mostAlternatives = 64;

export const always: readonly Alternative[] = [{ match: {}, has: new Set() }];

/** Both must hold. */
export function both(
  left: readonly Alternative[],
  right: readonly Alternative[],
): readonly Alternative[] {
  const all = left.flatMap((one) =>
    right.flatMap((other) => {
      const match = intersect(one.match, other.match);
      return match === undefined ? [] : [{ match, has: one.has.union(other.has) }];
    }),
  );
  if (all.length > mostAlternatives) {
    throw new CannotSay(
      "its conditions come to more than 64 rules.",
      "Split the policy, or write || over values of one attribute as [..].contains(..).",
    );
  }
  return all;
}

/** Either may hold; what differs in the values of one key is put together. */
export function either(
  left: readonly Alternative[],
  right: readonly Alternative[],
): readonly Alternative[] {
  const merged: Alternative[] = [...left];
  for (const one of right) {
    const at = merged.findIndex((other) => differingKey(one, other) !== undefined);
    const other = merged[at];
    if (other === undefined) {
      merged.push(one);
      continue;
    }
    const key = differingKey(one, other);
    if (key === undefined || key === "none") continue;
    const values = [...new Set([...(other.match[key] ?? []), ...(one.match[key] ?? [])])];
    merged[at] = { match: { ...other.match, [key]: values }, has: other.has };
  }
  return merged;
}

/** Whether nothing can hold where the call has no such attribute. */
export function requires(alternatives: readonly Alternative[], key: MatchKeyName): boolean {
  return alternatives.every(({ match, has }) => has.has(key) || match[key] !== undefined);
}

/** The match of an alternative, with what must merely be there said as packs can. */
export function matchOf({ match, has }: Alternative): WrittenMatch {
  const present: Partial<Record<MatchKeyName, readonly MatchValue[]>> = {};
  for (const key of has) {
    if (match[key] !== undefined) continue;
    if (key === "tool" || key === "agent") present[key] = ["*"];
    else {
      throw new CannotSay(
        `"context has ${key}" without a condition on it.`,
        `Say which ${key} it is to be.`,
      );
    }
  }
  return { ...match, ...present };
}

/** The only key in whose values two alternatives differ; `none` where they are the same. */
function differingKey(one: Alternative, other: Alternative): MatchKeyName | "none" | undefined {
  if (one.has.symmetricDifference(other.has).size > 0) return undefined;
  const keys = Object.keys(one.match) as MatchKeyName[];
  if (keys.length !== Object.keys(other.match).length) return undefined;
  if (keys.some((key) => other.match[key] === undefined)) return undefined;
  const [first = "none", ...more] = keys.filter(
    (key) => JSON.stringify(one.match[key]) !== JSON.stringify(other.match[key]),
  );
  return more.length > 0 ? undefined : first;
}

/** What both ask for; undefined where no call can have both. */
function intersect(one: WrittenMatch, other: WrittenMatch): WrittenMatch | undefined {
  const match: Partial<Record<MatchKeyName, readonly MatchValue[]>> = { ...one };
  for (const [name, values] of Object.entries(other)) {
    const key = name as MatchKeyName;
    const known = match[key];
    const shared = known === undefined ? values : common(key, known, values);
    if (shared.length === 0) return undefined;
    match[key] = shared;
  }
  return match;
}

function common(
  key: MatchKeyName,
  one: readonly MatchValue[],
  other: readonly MatchValue[],
): readonly MatchValue[] {
  const plain = (values: readonly MatchValue[]): boolean =>
    values.every((value) => !String(value).includes("*"));
  if (plain(one)) return one.filter((value) => accepts(key, other, value));
  if (plain(other)) return other.filter((value) => accepts(key, one, value));
  throw new CannotSay(
    `two patterns on ${key} that must both hold.`,
    "Write one pattern, or write the values out.",
  );
}

function accepts(key: MatchKeyName, values: readonly MatchValue[], value: MatchValue): boolean {
  if (key !== "host")
    return globMatcher(values.map(String))(String(value)) || values.includes(value);
  return values.some((pattern) => {
    const host = canonicalHost(String(value));
    return String(pattern).startsWith("*.")
      ? host.endsWith(String(pattern).slice(1))
      : host === pattern;
  });
}
