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
