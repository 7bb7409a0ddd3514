import { matchKeys } from "./keys.ts";
import type { Limit, LoadedRule } from "./pack.ts";
import type { Match } from "./schema.ts";

/** What a rule asks about, on one line of Markdown. */
export function ruleWords(rule: LoadedRule): string {
  const { match, when, ttlMs } = rule;
  return [
    matchWords(match),
    ...(when === undefined ? [] : [`where \`${when.text}\``]),
    ...sessionWords(rule),
    ...(ttlMs === undefined ? [] : [`(open for ${durationWords(ttlMs)})`]),
  ].join(", ");
}

/** When a rule holds that depends on earlier calls. */
export function sessionWords({
  limit,
  before,
}: Pick<LoadedRule, "limit" | "before">): readonly string[] {
  return [
    ...(limit === undefined ? [] : [limitWords(limit)]),
    ...(before === undefined
      ? []
      : [`until a call of which ${matchWords(before)} has succeeded in the run`]),
  ];
}

function matchWords(match: Match): string {
  const parts = matchKeys.flatMap(({ name }) => {
    const values = match[name];
    if (values === undefined) return [];
    return [`${name} is ${values.map((value) => `\`${String(value)}\``).join(" or ")}`];
  });
  return parts.length === 0 ? "always" : parts.join(", ");
}

function limitWords({ max, per, windowMs, sum }: Limit): string {
  const what = sum === undefined ? (max === 1 ? "call" : "calls") : `of \`${sum.text}\``;
  const when = windowMs === undefined ? "" : ` in ${durationWords(windowMs)}`;
  return `beyond ${max} ${what} per ${per}${when}`;
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

function durationWords(ms: number): string {
  const [unit, unitMs] = units.find(([, size]) => ms % size === 0) ?? ["s", 1_000];
  return `${ms / unitMs}${unit}`;
}
