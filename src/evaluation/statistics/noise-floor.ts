import { ok } from "../../base/result.ts";
import { absent, type Figure } from "./absence.ts";
import { sum } from "./moments.ts";
import type { PassCount } from "./pass-at.ts";
import { normalQuantile } from "./special.ts";

/** How far two runs of one and the same thing over the same tasks are apart by chance. */
export interface NoiseFloor {
  /** Standard deviation of their difference. */
  readonly standardDeviation: number;
  /** A difference smaller than this is what chance alone gives, at the level of the intervals. */
  readonly floor: number;
  /** Tasks of one trial, whose spread is not known; the floor lies higher than is said. */
  readonly leftOut: number;
}

/**
 * The noise floor of an A/A comparison, from the spread of each task's own trials: their variance
 * p(1 − p) n / (n − 1) over n, for either side, over tasks that all weigh the same. What differs
 * between tasks is in neither, since both sides have the same tasks.
 */
export function noiseFloor(counts: readonly PassCount[], level: number): Figure<NoiseFloor> {
  const known = counts.filter(({ trials }) => trials > 1);
  if (known.length === 0) {
    return absent("too_few_trials", "No task has two trials, so that nothing is known of chance.");
  }
  const variances = known.map(({ trials, passes }) => {
    const rate = passes / trials;
    return (2 * rate * (1 - rate)) / (trials - 1);
  });
  const standardDeviation = Math.sqrt(sum(variances)) / known.length;
  return ok({
    standardDeviation,
    floor: -normalQuantile((1 - level) / 2) * standardDeviation,
    leftOut: counts.length - known.length,
  });
}
