import { expect, test } from "vitest";
import { enoughRuns, estimateRun } from "./estimate.ts";

const question = {
  effort: "low",
  mode: "iterative",
  characters: 400,
  maxOutputTokens: 1_000,
} as const;
/** Two micro-USD for a token in, ten for one out. */
const costOf = (input: number, output: number): number => input * 2 + output * 10;
const use = (tokens: number) => ({ tokens, costMicroUsd: tokens * 3, unpricedCalls: 0 });

test("enough earlier runs say what half and nine of ten of them used, in figures that were", () => {
  const history = Array.from({ length: enoughRuns }, (_, index) => use((index + 1) * 100));
  expect(estimateRun(history, question, costOf)).toEqual({
    tokens: { p50: 500, p90: 900 },
    costMicroUsd: { p50: 1_500, p90: 2_700 },
    basis: "history",
    runs: 10,
  });
});

test("one run too few is assumed instead, and says so", () => {
  const history = Array.from({ length: enoughRuns - 1 }, () => use(100));
  const estimate = estimateRun(history, question, costOf);
  expect(estimate).toMatchObject({ basis: "prior", runs: 9 });
  expect(estimate.tokens.p50).toBe(21_100);
  expect(estimate.tokens.p90).toBe(51_062);
  expect(estimate.costMicroUsd?.p50).toBe(18_990 * 2 + 2_110 * 10);
});

test("runs without a price say nothing of money, and a model without a price is not free", () => {
  const unpriced = Array.from({ length: enoughRuns }, () => ({ ...use(100), unpricedCalls: 1 }));
  expect(estimateRun(unpriced, question, costOf)).toMatchObject({
    costMicroUsd: null,
    basis: "history",
  });
  expect(estimateRun([], question, () => undefined).costMicroUsd).toBeNull();
});

test("an agent that has one turn is expected to use no more than its turn", () => {
  const { tokens } = estimateRun([], { ...question, mode: "once" }, costOf);
  expect(tokens).toEqual({ p50: 1_350, p90: 2_100 });
});
