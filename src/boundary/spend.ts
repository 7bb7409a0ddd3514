import type { Spend } from "./types.ts";

/** The sum of two spends; priced plus unpriced is what is priced of them. */
export function addSpend(one: Spend, other: Spend): Spend {
  const tokens = sum(one.tokens, other.tokens);
  const costMicroUsd = sum(one.costMicroUsd, other.costMicroUsd);
  // Whether it is unpriced is a word about a bound, and not about what was used.
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(costMicroUsd === undefined ? {} : { costMicroUsd }),
  };
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
}
