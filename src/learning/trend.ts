import type { Polarity } from "./metric.ts";

/** `insufficient`: fewer than two values. */
export type TrendDirection = "improving" | "declining" | "stable" | "insufficient";

/** Where a metric is going. */
export interface Trend {
  readonly direction: TrendDirection;
  /** Mean of the older half of the values; null where there are fewer than two. */
  readonly firstMean: number | null;
  /** Mean of the newer half, which has the middle value of an odd number. */
  readonly secondMean: number | null;
  /**
   * How much the second mean differs from the first, as a share of its amount: 1 is twice as
   * much. Null where there is none: too few values, a first mean of 0, or a share too large for a
   * number.
   */
  readonly change: number | null;
}

/** A change by no more than 5 % is none. What is added takes up the rounding of the means. */
const stableUpTo = 0.05 + 1e-12;

/**
 * Compares the older half of the values with the newer one. Whether more is better is the
 * metric's polarity. From a first mean of 0 every change is more than any share of it.
 * @param values oldest first
 */
export function trendOf(values: readonly number[], polarity: Polarity): Trend {
  if (values.length < 2) {
    return { direction: "insufficient", firstMean: null, secondMean: null, change: null };
  }
  const half = Math.floor(values.length / 2);
  const firstMean = meanOf(values.slice(0, half));
  const secondMean = meanOf(values.slice(half));
  const difference = secondMean - firstMean;
  const share = difference / Math.abs(firstMean);
  const change = Number.isFinite(share) ? share : null;
  const stable = Math.abs(difference) <= Math.abs(firstMean) * stableUpTo;
  const direction = stable ? "stable" : directionOf(difference > 0, polarity);
  return { direction, firstMean, secondMean, change };
}

function directionOf(more: boolean, polarity: Polarity): TrendDirection {
  return more === (polarity === "higher") ? "improving" : "declining";
}

/** The sum of shares, not the share of the sum: that can be too large for a number. */
function meanOf(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  if (Number.isFinite(sum)) return sum / values.length;
  return values.reduce((total, value) => total + value / values.length, 0);
}
