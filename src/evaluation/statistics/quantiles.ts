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
export function percentile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new RangeError("There is no percentile of nothing.");
  if (!(share >= 0 && share <= 1)) throw new RangeError(`A share lies in 0 to 1; got ${share}.`);
  const sorted = Float64Array.from(values).sort();
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
