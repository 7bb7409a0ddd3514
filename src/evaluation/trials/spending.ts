import type { AttemptResult } from "../attempts/attempt.ts";
import type { Trial } from "./trial.ts";

/** What the steps of a trial took together. What one of them does not know, nobody knows. */
export function createSpending(): {
  add(result: AttemptResult): void;
  total(): Pick<Trial, "costMicroUsd" | "tokens"> & { readonly runId?: string };
} {
  const results: AttemptResult[] = [];
  return {
    add: (result) => void results.push(result),
    total: () => {
      const runId = results.findLast((result) => result.runId !== undefined)?.runId;
      const costs = results.flatMap(({ costMicroUsd }) => costMicroUsd ?? []);
      const tokens = results.flatMap((result) => result.tokens ?? []);
      return {
        costMicroUsd: known(costs, results) ? costs.reduce((sum, cost) => sum + cost, 0) : null,
        tokens: known(tokens, results)
          ? tokens.reduce((sum, { input, cachedInput, output }) => ({
              input: sum.input + input,
              cachedInput: sum.cachedInput + cachedInput,
              output: sum.output + output,
            }))
          : null,
        ...(runId === undefined ? {} : { runId }),
      };
    },
  };
}

const known = (values: readonly unknown[], of: readonly unknown[]): boolean =>
  values.length > 0 && values.length === of.length;
