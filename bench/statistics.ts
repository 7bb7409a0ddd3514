import type { Random } from "../src/base/random.ts";

/** The least value. @throws RangeError when there is none */
export function best(values: readonly number[]): number {
  return percentile(values, 0);
}

/** The middle value, or the mean of the two middle ones. @throws RangeError when there is none */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The value below which a share of the values lies, between two neighbours by linear
 * interpolation (Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996, type 7).
 * @param share 0 to 1
 * @throws RangeError when there is no value, or the share is none
 */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("There is no percentile of nothing.");
  if (!(share >= 0 && share <= 1)) throw new RangeError(`A share lies in 0 to 1; got ${share}.`);
  const sorted = Float64Array.from(values).sort();
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
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
