import type { Spend } from "./types.ts";

/** The sum of two spends; priced plus unpriced is what is priced of them. */
export function addSpend(one: Spend, other: Spend): Spend {
  return {
    ...sum("tokens", one.tokens, other.tokens),
    ...sum("costMicroUsd", one.costMicroUsd, other.costMicroUsd),
  };
}

function sum<K extends keyof Spend>(
  key: K,
  one: number | undefined,
  other: number | undefined,
): Spend {
  return one === undefined && other === undefined ? {} : { [key]: (one ?? 0) + (other ?? 0) };
}
