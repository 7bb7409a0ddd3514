import { ok } from "../../base/result.ts";
import { absent, type Figure } from "./absence.ts";
import { mean } from "./moments.ts";

/** How a task went: trials with a verdict, and those of them that passed. */
export interface PassCount {
  readonly trials: number;
  readonly passes: number;
}

/**
 * The chance that at least one of k trials passes: 1 − C(n−c, k) / C(n, k), unbiased (Chen et al.,
 * "Evaluating Large Language Models Trained on Code", 2021). With fewer than k trials it is not known.
 * @throws RangeError for counts that cannot be
 */
export function passAt(count: PassCount, k: number): Figure {
  const { trials, passes } = checked(count, k);
  if (trials < k) return tooFew(trials, k);
  // As a product, which neither overflows nor loses digits.
  let noneOfK = 1;
  for (let drawn = 0; drawn < k; drawn += 1)
    noneOfK *= (trials - passes - drawn) / (trials - drawn);
  return ok(trials - passes < k ? 1 : 1 - noneOfK);
}

/**
 * The chance that all of k trials pass, pass^k: C(c, k) / C(n, k), unbiased (Yao et al., "τ-bench",
 * 2024). With fewer than k trials it is not known.
 * @throws RangeError for counts that cannot be
 */
export function passHat(count: PassCount, k: number): Figure {
  const { trials, passes } = checked(count, k);
  if (trials < k) return tooFew(trials, k);
  let allOfK = 1;
  for (let drawn = 0; drawn < k; drawn += 1)
    allOfK *= Math.max(0, passes - drawn) / (trials - drawn);
  return ok(allOfK);
}

/** The mean over the tasks that have enough trials. */
export interface SuiteFigure {
  readonly value: number;
  /** Tasks that it is the mean of. */
  readonly tasks: number;
  /** Tasks that have too few trials for it. */
  readonly leftOut: number;
}

/** One of the two above, over tasks that all weigh the same. */
export function overTasks(
  counts: readonly PassCount[],
  k: number,
  estimate: typeof passAt | typeof passHat,
): Figure<SuiteFigure> {
  const values = counts.map((count) => estimate(count, k)).filter((figure) => figure.ok);
  if (values.length === 0) {
    return absent("too_few_trials", `No task has ${k} trials with a verdict.`);
  }
  return ok({
    value: mean(values.map(({ value }) => value)),
    tasks: values.length,
    leftOut: counts.length - values.length,
  });
}

function checked(count: PassCount, k: number): PassCount {
  const { trials, passes } = count;
  const whole = Number.isSafeInteger(trials) && Number.isSafeInteger(passes);
  if (!whole || passes < 0 || passes > trials) {
    throw new RangeError(`${passes} of ${trials} trials cannot have passed.`);
  }
  if (!Number.isSafeInteger(k) || k < 1) throw new RangeError(`k is at least 1; got ${k}.`);
  return count;
}

function tooFew(trials: number, k: number): Figure<never> {
  return absent("too_few_trials", `${trials} of the ${k} trials that it takes have a verdict.`);
}
