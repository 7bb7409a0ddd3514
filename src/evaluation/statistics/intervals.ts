import { ok } from "../../base/result.ts";
import type { Random } from "../../base/random.ts";
import { absent, type Figure } from "./absence.ts";
import { mean, standardError } from "./moments.ts";
import type { PassCount } from "./pass-at.ts";
import { percentile } from "./quantiles.ts";
import { betaQuantile, normalQuantile, tQuantile } from "./special.ts";

/** Both ends of a confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How sure an interval is, if nothing else is said. */
export const usualLevel = 0.95;

/**
 * Wilson's score interval of a rate ("Probable Inference", 1927). For the trials of one task; those
 * of several are not independent of each other.
 */
export function wilson({ trials, passes }: PassCount, level = usualLevel): Figure<Interval> {
  if (trials === 0) return noTrials;
  const z = -normalQuantile((1 - level) / 2);
  const rate = passes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (rate + (z * z) / (2 * trials)) / scale;
  const half =
    (z * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials))) / scale;
  // Where none or all passed that end is exact; rounding may go past it.
  return ok({
    low: passes === 0 ? 0 : centre - half,
    high: passes === trials ? 1 : centre + half,
  });
}

/**
 * Clopper and Pearson's exact interval of a rate ("The Use of Confidence or Fiducial Limits", 1934):
 * it holds the true rate at least as often as it says.
 */
export function clopperPearson(
  { trials, passes }: PassCount,
  level = usualLevel,
): Figure<Interval> {
  if (trials === 0) return noTrials;
  const tail = (1 - level) / 2;
  return ok({
    low: passes === 0 ? 0 : betaQuantile(tail, passes, trials - passes + 1),
    high: passes === trials ? 1 : betaQuantile(1 - tail, passes + 1, trials - passes),
  });
}

const noTrials = absent("no_trials", "No trial has a verdict.");

/**
 * The mean of independent values and Student's t interval of it. With one value a task it is the
 * interval clustered by task.
 */
export function tInterval(values: readonly number[], level = usualLevel): Figure<Interval> {
  const spread = spreadOf(values);
  if (!spread.ok) return spread;
  const middle = mean(values);
  const half = tQuantile((1 + level) / 2, values.length - 1) * spread.value;
  return ok({ low: middle - half, high: middle + half });
}

/** The standard error of the mean, where the values differ. */
export function spreadOf(values: readonly number[]): Figure {
  if (values.length === 0) return absent("no_trials", "No task has a verdict.");
  if (values.length === 1) return absent("one_task", "One task says nothing of the next.");
  if (values.every((value) => value === values[0])) {
    return absent("no_variation", "All tasks have the same value, which says nothing of the next.");
  }
  return ok(standardError(values));
}

/** How often is drawn where a figure takes random samples, if nothing else is said. */
export const usualResamples = 10_000;

/**
 * The percentile bootstrap interval of a mean (Efron, "Bootstrap Methods", 1979): whole tasks are drawn again,
 * with all that belongs to them.
 */
export function bootstrapInterval(
  values: readonly number[],
  random: Random,
  { level = usualLevel, resamples = usualResamples } = {},
): Figure<Interval> {
  const spread = spreadOf(values);
  if (!spread.ok) return spread;
  const means = Float64Array.from({ length: resamples }, () => {
    let total = 0;
    for (let drawn = 0; drawn < values.length; drawn += 1) {
      total += values[Math.floor(random.next() * values.length)] ?? Number.NaN;
    }
    return total / values.length;
  });
  const tail = (1 - level) / 2;
  return ok({ low: percentile(means, tail), high: percentile(means, 1 - tail) });
}
