import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { overFixedTasks } from "./fixed-tasks.ts";

const bits = (trials: number, passes: number): readonly number[] =>
  Array.from({ length: trials }, (_, index) => (index < passes ? 1 : 0));

describe("a rate over golden tasks", () => {
  test("has an interval also where every trial passes", () => {
    const { estimate, interval } = overFixedTasks([bits(5, 5), bits(5, 5)], 0.95, "rate");
    expect(estimate).toMatchObject({ value: 1 });
    // Clopper and Pearson, 10 of 10: (0.05 / 2)^(1 / 10).
    expect(interval.ok && interval.value.low).toBeCloseTo(0.025 ** 0.1, 6);
    expect(interval.ok && interval.value.high).toBe(1);
  });

  test("weighs all tasks the same, and is as sure as the task with the fewest trials lets it be", () => {
    const { estimate, interval } = overFixedTasks([bits(2, 1), bits(100, 100)], 0.95, "rate");
    expect(estimate).toMatchObject({ value: 0.75 });
    expect(interval).toEqual(overFixedTasks([bits(4, 3)], 0.95, "rate").interval);
  });

  test("is not known where a task has no verdict", () => {
    const { estimate, interval } = overFixedTasks([bits(3, 3), []], 0.95, "rate");
    expect([estimate.ok, interval.ok]).toEqual([false, false]);
    expect(overFixedTasks([], 0.95, "rate").estimate.ok).toBe(false);
  });

  test("lies in its interval at least as often as it says, for tasks of different rates", () => {
    const random = seededRandom(7);
    const rates = [0.95, 0.6, 0.85];
    const rounds = 400;
    let held = 0;
    for (let round = 0; round < rounds; round += 1) {
      const drawn = rates.map((rate) =>
        Array.from({ length: 10 }, () => (random.next() < rate ? 1 : 0)),
      );
      const { interval } = overFixedTasks(drawn, 0.9, "rate");
      if (interval.ok && interval.value.low <= 0.8 && interval.value.high >= 0.8) held += 1;
    }
    expect(held / rounds).toBeGreaterThanOrEqual(0.9);
  });
});

describe("a mean over golden tasks", () => {
  test("is Student's where there is one task", () => {
    // 11, 12, 13: mean 12, standard error 0.57735, t(0.975, 2) = 4.302653.
    const { interval } = overFixedTasks([[11, 12, 13]], 0.95, "mean");
    expect(interval.ok && interval.value.low).toBeCloseTo(12 - 4.302653 * 0.57735, 4);
    expect(interval.ok && interval.value.high).toBeCloseTo(12 + 4.302653 * 0.57735, 4);
  });

  test("is never below 0, however little is known", () => {
    expect(overFixedTasks([[1, 2, 3]], 0.95, "mean").interval).toMatchObject({ value: { low: 0 } });
  });

  test("says nothing of chance from one trial, or from trials that are all the same", () => {
    expect(overFixedTasks([[1], [2, 3]], 0.95, "mean").interval).toMatchObject({
      error: { reason: "too_few_trials" },
    });
    expect(overFixedTasks([[1, 1]], 0.95, "mean").interval).toMatchObject({
      error: { reason: "no_variation" },
    });
  });

  test("lies in its interval as often as it says", () => {
    const random = seededRandom(8);
    const rounds = 400;
    let held = 0;
    for (let round = 0; round < rounds; round += 1) {
      const drawn = [10, 20].map((middle) =>
        Array.from({ length: 8 }, () => middle + random.next() * 4 - 2),
      );
      const { interval } = overFixedTasks(drawn, 0.9, "mean");
      if (interval.ok && interval.value.low <= 15 && interval.value.high >= 15) held += 1;
    }
    // 0.9 ± 3 standard errors of 400 rounds.
    expect(Math.abs(held / rounds - 0.9)).toBeLessThan(0.045);
  });
});
