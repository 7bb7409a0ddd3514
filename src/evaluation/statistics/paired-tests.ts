import type { Random } from "../../base/random.ts";
import { sum } from "./moments.ts";
import { normalUpperTail, regularizedBeta } from "./special.ts";
import { usualResamples } from "./intervals.ts";

/** A two-sided p-value, and how it came about. */
export interface PermutationTest {
  readonly p: number;
  /** All signs were tried, or a sample of them. */
  readonly method: "exact" | "sampled";
}

/** Up to so many differences all signs are tried: 16,384 of them. */
const mostExact = 14;

/**
 * Fisher's sign-flip permutation test ("The Design of Experiments", 1935): how often the mean
 * difference would be as far from 0 if the two sides of each pair were one and the same.
 */
export function signFlipTest(
  differences: readonly number[],
  random: Random,
  flips = usualResamples,
): PermutationTest {
  // What does not differ weighs nothing with either sign.
  const sizes = differences.filter((value) => value !== 0).map(Math.abs);
  const seen = Math.abs(sum(differences));
  // Sums of the same terms in another order may differ in their last bits.
  const asFar = (total: number): boolean => Math.abs(total) >= seen * (1 - 1e-12) - 1e-12;
  if (sizes.length <= mostExact) {
    const all = 2 ** sizes.length;
    let far = 0;
    for (let signs = 0; signs < all; signs += 1) {
      let total = 0;
      for (const [index, size] of sizes.entries()) total += (signs >> index) & 1 ? size : -size;
      if (asFar(total)) far += 1;
    }
    return { p: far / all, method: "exact" };
  }
  let far = 0;
  for (let flip = 0; flip < flips; flip += 1) {
    let total = 0;
    for (const size of sizes) total += random.next() < 0.5 ? size : -size;
    if (asFar(total)) far += 1;
  }
  // What was seen is one of the possible draws, so that p is never 0 (Phipson and Smyth, 2010).
  return { p: (far + 1) / (flips + 1), method: "sampled" };
}

/**
 * McNemar's test, exact ("Sampling error of the difference", 1947): whether among the pairs that
 * disagree both directions are as likely. Two-sided.
 * @param gained pairs of which only the second passed
 * @param lost pairs of which only the first passed
 */
export function mcnemarExact(gained: number, lost: number): number {
  const all = gained + lost;
  if (all === 0) return 1;
  const fewer = Math.min(gained, lost);
  // Twice P(X <= fewer) of a fair binomial, as a beta distribution says it (DLMF 8.17.5).
  return Math.min(1, 2 * regularizedBeta(0.5, all - fewer, fewer + 1));
}

/**
 * Wilcoxon's signed-rank test by its normal approximation, corrected for ties and without pairs that
 * do not differ (Hollander and Wolfe, "Nonparametric Statistical Methods", 3.1). Two-sided; 1 where
 * nothing differs.
 */
export function wilcoxonSignedRank(differences: readonly number[]): number {
  const unequal = differences
    .filter((value) => value !== 0)
    .toSorted((a, b) => Math.abs(a) - Math.abs(b));
  const count = unequal.length;
  if (count === 0) return 1;
  let positive = 0;
  let ties = 0;
  for (let from = 0; from < count; ) {
    const size = Math.abs(unequal[from] ?? 0);
    let to = from;
    // The same differences by other sums may differ in their last bits, and share a rank all the same.
    while (to < count && Math.abs(unequal[to] ?? 0) - size <= 1e-12) to += 1;
    const rank = (from + 1 + to) / 2;
    for (const value of unequal.slice(from, to)) if (value > 0) positive += rank;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const expected = (count * (count + 1)) / 4;
  const variance = (count * (count + 1) * (2 * count + 1)) / 24 - ties / 48;
  return Math.min(1, 2 * normalUpperTail(Math.abs(positive - expected) / Math.sqrt(variance)));
}
