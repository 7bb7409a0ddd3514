import type { Random } from "../../base/random.ts";
import type { PassCount } from "../statistics/pass-at.ts";
import { sum } from "../statistics/moments.ts";
import { logGamma, normalUpperTail } from "../statistics/special.ts";

/** One task before and after. */
export interface CountStratum {
  readonly before: PassCount;
  readonly after: PassCount;
}

/** Measured values of one task before and after. */
export interface ValueStratum {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Numbers of passes after a change that are possible with the passes there are, and how likely. */
interface Passes {
  readonly least: number;
  readonly chances: readonly number[];
}

/**
 * Whether the rate went down, over tasks of different rates: the exact test of a common odds ratio of 1
 * given each task's passes (Gart, 1970; Fisher's for one task). One-sided.
 * @param kind `mid`: half of the chance of just what was seen counts (Lancaster, "Significance tests in
 * discrete distributions", 1961), so that about one of 1 / level repeats alarms; `exact`: at most
 */
export function rateDropP(strata: readonly CountStratum[], kind: "mid" | "exact"): number {
  let total: Passes = { least: 0, chances: [1] };
  for (const stratum of strata) total = together(total, possiblePasses(stratum));
  const seen = sum(strata.map(({ after }) => after.passes)) - total.least;
  const below = sum(total.chances.slice(0, seen));
  const same = total.chances[seen] ?? 0;
  return Math.min(1, below + (kind === "mid" ? same / 2 : same));
}

/** The hypergeometric distribution of the passes after, given all passes of the task. */
function possiblePasses({ before, after }: CountStratum): Passes {
  const [all, drawn] = [before.trials + after.trials, after.trials];
  const passes = before.passes + after.passes;
  const least = Math.max(0, passes - before.trials);
  const most = Math.min(passes, drawn);
  const whole = logChoose(all, drawn);
  const chances = Array.from({ length: most - least + 1 }, (_, index) =>
    Math.exp(
      logChoose(passes, least + index) + logChoose(all - passes, drawn - least - index) - whole,
    ),
  );
  return { least, chances };
}

function logChoose(all: number, some: number): number {
  return logGamma(all + 1) - logGamma(some + 1) - logGamma(all - some + 1);
}

function together(a: Passes, b: Passes): Passes {
  const chances = Array.from({ length: a.chances.length + b.chances.length - 1 }, () => 0);
  for (const [i, one] of a.chances.entries()) {
    for (const [j, other] of b.chances.entries()) {
      chances[i + j] = (chances[i + j] ?? 0) + one * other;
    }
  }
  return { least: a.least + b.least, chances };
}

/**
 * Whether values went up, over tasks of different sizes: Wilcoxon's rank sum by strata (van Elteren,
 * "On the combination of independent two sample tests of Wilcoxon", 1960), by its normal approximation,
 * corrected for ties. One-sided; 1 where nothing differs.
 */
export function valueRiseP(strata: readonly ValueStratum[]): number {
  let above = 0;
  let variance = 0;
  for (const { before, after } of strata) {
    const all = before.length + after.length;
    if (before.length === 0 || after.length === 0) continue;
    const { rankSum, ties } = ranksOf(before, after);
    const spread = (before.length * after.length * (all + 1 - ties / (all * (all - 1)))) / 12;
    above += rankSum / (all + 1) - after.length / 2;
    variance += spread / (all + 1) ** 2;
  }
  return variance <= 0 ? 1 : normalUpperTail(above / Math.sqrt(variance));
}

/** The sum of the ranks of the second among all, and of t³ − t over ties of t. */
function ranksOf(
  before: readonly number[],
  after: readonly number[],
): { readonly rankSum: number; readonly ties: number } {
  const all = [
    ...before.map((value) => ({ value, own: 0 })),
    ...after.map((value) => ({ value, own: 1 })),
  ].toSorted((a, b) => a.value - b.value);
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    rankSum += ((from + 1 + to) / 2) * sum(all.slice(from, to).map(({ own }) => own));
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  return { rankSum, ties };
}

/** How often two trials of a task come out differently, unbiased; 0 where there are not two. */
export function disagreement({ trials, passes }: PassCount): number {
  return trials < 2 ? 0 : (2 * passes * (trials - passes)) / (trials * (trials - 1));
}

/** How often is drawn for {@link flakierP}. */
const draws = 2_000;

/**
 * Whether trials of the same task disagree more than before: a permutation test, each task's trials
 * dealt out anew. One-sided; what was seen is one of the draws, so that p is never 0.
 */
export function flakierP(given: readonly CountStratum[], random: Random): number {
  const strata = given.filter(({ before, after }) => before.trials > 1 && after.trials > 1);
  const seen = sum(strata.map(({ before, after }) => disagreement(after) - disagreement(before)));
  if (strata.length === 0 || seen <= 0) return 1;
  const deals = strata.map(dealsOf);
  let asFar = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    let total = 0;
    for (const deal of deals) total += deal(random.next());
    if (total >= seen - 1e-12) asFar += 1;
  }
  return (asFar + 1) / (draws + 1);
}

/** By a number in [0, 1): how much more the trials after disagree, when they are dealt out anew. */
function dealsOf(stratum: CountStratum): (share: number) => number {
  const { before, after } = stratum;
  const { least, chances } = possiblePasses(stratum);
  const all = before.passes + after.passes;
  const differences = chances.map((_, index) => {
    const passes = least + index;
    return (
      disagreement({ trials: after.trials, passes }) -
      disagreement({ trials: before.trials, passes: all - passes })
    );
  });
  return (share) => {
    let left = share;
    let place = 0;
    while (place < chances.length - 1 && left >= (chances[place] ?? 0)) {
      left -= chances[place] ?? 0;
      place += 1;
    }
    return differences[place] ?? 0;
  };
}

/** P-values of several tests, each made so large that together they hold one level (Holm, 1979). */
export function holm(values: readonly number[]): readonly number[] {
  const order = [...values.keys()].toSorted((a, b) => (values[a] ?? 1) - (values[b] ?? 1));
  const adjusted = values.map(() => 1);
  let least = 0;
  for (const [rank, index] of order.entries()) {
    least = Math.max(least, Math.min(1, (values[index] ?? 1) * (values.length - rank)));
    adjusted[index] = least;
  }
  return adjusted;
}
