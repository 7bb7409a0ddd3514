import type { Random } from "../src/base/random.ts";
import { median, percentile } from "../src/evaluation/statistics/quantiles.ts";

export { median, percentile };

/** The least value. @throws RangeError when there is none */
export function best(values: readonly number[]): number {
  return percentile(values, 0);
}

/**
 * How many times as much as the baseline: the median of the ratios of each round, so that a
 * machine that slows down for some rounds moves both sides of each ratio.
 * @throws RangeError when the two have not the same number of rounds, or none
 */
export function pairedRatio(values: readonly number[], baseline: readonly number[]): number {
  if (values.length !== baseline.length) {
    throw new RangeError(`${values.length} rounds cannot be paired with ${baseline.length}.`);
  }
  return median(values.map((value, round) => value / (baseline[round] ?? Number.NaN)));
}

/** A mean, and the interval in which 95 of 100 means lie when the values are drawn anew. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mean with its percentile interval (B. Efron, "Bootstrap Methods", Annals of Statistics 1979).
 * @throws RangeError when there is no value
 */
export function bootstrapMean(
  values: readonly number[],
  random: Pick<Random, "next">,
  draws = 5_000,
): MeanInterval {
  const mean = meanOf(values);
  const means = Array.from({ length: draws }, () =>
    meanOf(values.map(() => values[Math.floor(random.next() * values.length)] ?? Number.NaN)),
  );
  return { mean, low: percentile(means, 0.025), high: percentile(means, 0.975) };
}

/** @throws RangeError when there is no value */
export function meanOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("There is no mean of nothing.");
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
