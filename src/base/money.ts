/** Money is an integer number of micro-USD: 1 USD is 1,000,000. */
export type MicroUsd = number;

/** A sum for people: `$0.0042`, with at least two and at most six decimals. */
export function formatMicroUsd(amount: MicroUsd): string {
  const usd = (amount / 1_000_000).toFixed(6).replace(/0{1,4}$/, "");
  return `$${usd}`;
}
