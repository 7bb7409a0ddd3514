import { ok } from "../../base/result.ts";
import { absent, type Figure } from "../statistics/absence.ts";
import { clopperPearson, type Interval } from "../statistics/intervals.ts";
import { mean, sum } from "../statistics/moments.ts";
import { tQuantile } from "../statistics/special.ts";

/** A figure over tasks that are fixed, with its interval. */
export interface FixedFigure {
  readonly estimate: Figure;
  readonly interval: Figure<Interval>;
}

/**
 * The mean over golden tasks of their trials' means, all tasks weighing the same. The tasks are not a
 * sample of others, as they are in a report of an evaluation: what varies is their trials alone. So one
 * task has an interval too, where its trials are several.
 * @param perTask values of each task's trials; a task without any leaves no figure
 * @param kind `rate`: values of 0 and 1
 */
export function overFixedTasks(
  perTask: readonly (readonly number[])[],
  level: number,
  kind: "rate" | "mean",
): FixedFigure {
  if (perTask.length === 0 || perTask.some((values) => values.length === 0)) {
    const none = absent("no_trials", "Not every task has a trial with such a figure.");
    return { estimate: none, interval: none };
  }
  const means = perTask.map(mean);
  const estimate = mean(means);
  return {
    estimate: ok(estimate),
    interval:
      kind === "rate" ? rateInterval(perTask, estimate, level) : meanInterval(perTask, level),
  };
}

/**
 * Clopper and Pearson's interval for as many trials as the task with the fewest has, of each. Of
 * independent trials with rates that differ the sum varies no more than one of the same mean rate
 * (Hoeffding, "On the distribution of the number of successes", 1956), so that it is on the safe side.
 */
function rateInterval(
  perTask: readonly (readonly number[])[],
  rate: number,
  level: number,
): Figure<Interval> {
  const trials = perTask.length * Math.min(...perTask.map(({ length }) => length));
  // Rounded to either side where tasks have different numbers of trials; sums may be off in their last bits.
  const low = clopperPearson({ trials, passes: Math.floor(rate * trials + 1e-9) }, level);
  const high = clopperPearson({ trials, passes: Math.ceil(rate * trials - 1e-9) }, level);
  if (!low.ok) return low;
  return high.ok ? ok({ low: low.value.low, high: high.value.high }) : high;
}

/** Student's t by strata, with Satterthwaite's degrees of freedom ("An Approximate Distribution", 1946). */
function meanInterval(perTask: readonly (readonly number[])[], level: number): Figure<Interval> {
  if (perTask.some(({ length }) => length < 2)) {
    return absent("too_few_trials", "A task has one trial, so that nothing is known of chance.");
  }
  const parts = perTask.map((values) => {
    const middle = mean(values);
    const variance = sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
    return { variance: variance / values.length, degrees: values.length - 1 };
  });
  const total = sum(parts.map(({ variance }) => variance));
  if (total === 0) return absent("no_variation", "All trials of each task have the same value.");
  const degrees = total ** 2 / sum(parts.map(({ variance, degrees }) => variance ** 2 / degrees));
  const half = (tQuantile((1 + level) / 2, degrees) * Math.sqrt(total)) / perTask.length;
  const middle = mean(perTask.map(mean));
  // What is measured is never below 0, however little is known of it.
  return ok({ low: Math.max(0, middle - half), high: middle + half });
}
