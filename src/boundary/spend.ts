import type { Spend } from "./types.ts";

/** The sum of two spends; unpriced plus anything is unpriced. */
export function addSpend(one: Spend, other: Spend): Spend {
  return {
    tokens: (one.tokens ?? 0) + (other.tokens ?? 0),
    ...(one.costMicroUsd === undefined
      ? {}
      : { costMicroUsd: one.costMicroUsd + (other.costMicroUsd ?? 0) }),
  };
}

/** A spend so many times over. */
export function timesSpend(spend: Spend, times: number): Spend {
  return {
    ...(spend.tokens === undefined ? {} : { tokens: spend.tokens * times }),
    ...(spend.costMicroUsd === undefined ? {} : { costMicroUsd: spend.costMicroUsd * times }),
  };
}
