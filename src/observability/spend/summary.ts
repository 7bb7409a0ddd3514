import type { Spend, SpendDimension, SpendPoint, SpendStep, SpendSums } from "./spend.ts";

/** Which spend to sum up, and by what. */
export interface SpendQuestion {
  /** Calls that began from `since` on and before `until`. Milliseconds since the Unix epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Only calls with these. */
  readonly where?: Readonly<Partial<Record<SpendDimension, string>>>;
  /** None: one sum. */
  readonly by: readonly SpendDimension[];
  /** With it each group has a series. */
  readonly every?: SpendStep;
  /** Groups that are shown; what the others came to is one more sum. From 1. */
  readonly limit: number;
}

/** Calls that have the same in each dimension that was asked for. */
export interface SpendItem extends SpendSums {
  readonly group: Readonly<Partial<Record<SpendDimension, string | null>>>;
  /** Hours or days in which there were such calls, oldest first. */
  readonly series?: readonly SpendPoint[];
}

/** Nothing of it is cut off: `totals` is the sum of the items and the others. */
export interface SpendSummary {
  /** Where what is counted really begins and ends: whole hours, long ago whole days. */
  readonly since: number | null;
  readonly until: number | null;
  /** From when on hours are told apart; before, a point of an hourly series is a day. */
  readonly hoursFrom: number;
  readonly totals: SpendSums;
  /** Those that cost most first. */
  readonly items: readonly SpendItem[];
  /** Groups beyond the limit; null where there are none. */
  readonly others: (SpendSums & { readonly groups: number }) | null;
  readonly series?: readonly SpendPoint[];
}

const dayMs = 86_400_000;

/** Sums up what calls came to. */
export function summarize(spend: Spend, question: SpendQuestion): SpendSummary {
  const { by, where = {}, limit, every } = question;
  const since = question.since === undefined ? null : spend.startOf(question.since);
  const until = question.until === undefined ? null : endOf(spend, question.until);
  const all = new Tally(every);
  const groups = new Map<string, { group: SpendItem["group"]; tally: Tally }>();
  const wanted = Object.entries(where) as [SpendDimension, string][];
  for (const cell of spend.cells()) {
    if (since !== null && cell.start < since) continue;
    if (until !== null && cell.start >= until) continue;
    if (wanted.some(([dimension, value]) => cell.group[dimension] !== value)) continue;
    all.add(cell);
    if (by.length === 0) continue;
    const group = Object.fromEntries(by.map((dimension) => [dimension, cell.group[dimension]]));
    const key = JSON.stringify(group);
    const known = groups.get(key) ?? { group, tally: new Tally(every) };
    groups.set(key, known);
    known.tally.add(cell);
  }
  const sorted = [...groups]
    .toSorted(([a, { tally: one }], [b, { tally: other }]) => {
      const byMoney = other.sums.costMicroUsd - one.sums.costMicroUsd;
      return byMoney || other.sums.calls - one.sums.calls || (a < b ? -1 : 1);
    })
    .map(([, { group, tally }]) => ({ group, ...tally.sums, ...tally.points() }));
  const rest = sorted.slice(limit);
  return {
    since,
    until,
    hoursFrom: spend.hoursFrom,
    totals: all.sums,
    items: sorted.slice(0, limit),
    others: rest.length === 0 ? null : { ...rest.reduce(plus, none), groups: rest.length },
    ...all.points(),
  };
}

/** The first whole hour or day that is no longer counted. */
function endOf(spend: Spend, until: number): number {
  const start = spend.startOf(until);
  if (start === until) return until;
  return start + (start < spend.hoursFrom ? dayMs : dayMs / 24);
}

const none: SpendSums = { calls: 0, costMicroUsd: 0, tokens: 0, unpricedCalls: 0 };

function plus(one: SpendSums, other: SpendSums): SpendSums {
  return {
    calls: one.calls + other.calls,
    costMicroUsd: one.costMicroUsd + other.costMicroUsd,
    tokens: one.tokens + other.tokens,
    unpricedCalls: one.unpricedCalls + other.unpricedCalls,
  };
}

/** A sum and, where steps are asked for, the sum of each step. */
class Tally {
  readonly #every: SpendStep | undefined;
  readonly #points = new Map<number, SpendPoint>();
  sums: SpendSums = none;

  constructor(every: SpendStep | undefined) {
    this.#every = every;
  }

  add(cell: SpendPoint): void {
    this.sums = plus(this.sums, cell);
    if (this.#every === undefined) return;
    const start = this.#every === "hour" ? cell.start : Math.floor(cell.start / dayMs) * dayMs;
    const end = this.#every === "hour" ? cell.end : start + dayMs;
    this.#points.set(start, { start, end, ...plus(this.#points.get(start) ?? none, cell) });
  }

  points(): { readonly series?: readonly SpendPoint[] } {
    if (this.#every === undefined) return {};
    return { series: [...this.#points.values()].toSorted((a, b) => a.start - b.start) };
  }
}
