import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { disagreement, flakierP, holm, rateDropP, valueRiseP } from "./strata-tests.ts";

const stratum = (before: readonly [number, number], after: readonly [number, number]) => ({
  before: { trials: before[0], passes: before[1] },
  after: { trials: after[0], passes: after[1] },
});

describe("a rate that fell", () => {
  test("is Fisher's exact test for one task", () => {
    // Fisher's tea: 3 of 4 against 1 of 4, one-sided p 17/70.
    expect(rateDropP([stratum([4, 3], [4, 1])], "exact")).toBeCloseTo(17 / 70, 10);
    // Half of the chance of just this, 16/70.
    expect(rateDropP([stratum([4, 3], [4, 1])], "mid")).toBeCloseTo(9 / 70, 10);
  });

  test("adds up over tasks, and a rate that rose is none", () => {
    const one = stratum([3, 3], [3, 0]);
    expect(rateDropP([one], "exact")).toBeCloseTo(1 / 20, 10);
    expect(rateDropP([one, one], "exact")).toBeCloseTo(1 / 400, 10);
    expect(rateDropP([stratum([3, 0], [3, 3])], "exact")).toBeCloseTo(1, 10);
    expect(rateDropP([stratum([3, 3], [3, 3])], "exact")).toBe(1);
  });

  test("is told apart from tasks that are differently hard", () => {
    // Before, more trials of the easy task; each task is as it was (Simpson's paradox).
    const strata = [stratum([90, 81], [10, 9]), stratum([10, 2], [90, 18])];
    expect(rateDropP(strata, "mid")).toBeGreaterThan(0.3);
    expect(rateDropP([stratum([100, 83], [100, 27])], "mid")).toBeLessThan(0.001);
  });
});

describe("values that rose", () => {
  test("are Wilcoxon's rank sum for one task", () => {
    // Ranks 4, 5, 6 of 6: (15 − 10.5) / √5.25 = 1.964, upper tail 0.02477.
    expect(valueRiseP([{ before: [1, 2, 3], after: [4, 5, 6] }])).toBeCloseTo(0.02477, 4);
  });

  test("are compared within each task only", () => {
    const small = { before: [1, 2, 3, 4], after: [1.5, 2.5, 3.5, 0.5] };
    const large = { before: [101, 102, 103, 104], after: [100.5, 101.5, 102.5, 103.5] };
    expect(valueRiseP([small, large])).toBeGreaterThan(0.5);
    expect(valueRiseP([{ before: [1, 1], after: [1, 1] }])).toBe(1);
    expect(valueRiseP([])).toBe(1);
  });
});

describe("trials that disagree", () => {
  test("are counted by pairs", () => {
    expect(disagreement({ trials: 4, passes: 2 })).toBeCloseTo(4 / 6, 10);
    expect(disagreement({ trials: 4, passes: 4 })).toBe(0);
    expect(disagreement({ trials: 1, passes: 1 })).toBe(0);
  });

  test("are found where the rate is the same", () => {
    // Half of the tasks always passed, half never; now all do half of the time.
    const strata = [stratum([10, 10], [10, 5]), stratum([10, 0], [10, 5])];
    expect(flakierP(strata, seededRandom(1))).toBeLessThan(0.01);
    expect(rateDropP(strata, "mid")).toBeCloseTo(0.5, 1);
    expect(flakierP([stratum([10, 5], [10, 10])], seededRandom(1))).toBe(1);
    expect(flakierP([stratum([1, 1], [1, 0])], seededRandom(1))).toBe(1);
  });
});

test("Holm's adjusted values are those of the textbook", () => {
  expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  expect(holm([])).toEqual([]);
});
