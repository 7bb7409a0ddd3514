/** The sum, by Neumaier's compensated summation, so that the order hardly matters. */
export function sum(values: Iterable<number>): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** @throws RangeError when there is no value */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("There is no mean of nothing.");
  return sum(values) / values.length;
}

/**
 * The standard error of the mean of independent values.
 * @throws RangeError when there are fewer than two
 */
export function standardError(values: readonly number[]): number {
  if (values.length < 2) throw new RangeError("One value has no spread.");
  const middle = mean(values);
  const squares = sum(values.map((value) => (value - middle) ** 2));
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
