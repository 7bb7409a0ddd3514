import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { trialOf, trialsOf } from "../trials/trial.fixture.ts";
import type { Trial } from "../trials/trial.ts";
import { reference } from "./reference.fixture.ts";
import { noiseFloor } from "./noise-floor.ts";
import { suiteResults, type SuiteOptions, type SuiteResult } from "./suite.ts";

const error = {
  phase: "environment",
  code: "sandbox.lost",
  message: "Gone.",
  retryable: true,
} as const;

function suiteOf(trials: readonly Trial[], options?: SuiteOptions): SuiteResult {
  const [suite, ...others] = suiteResults(trials, options);
  expect(others).toEqual([]);
  return suite!;
}

describe("a suite", () => {
  test("counts errors apart, and never as a zero", () => {
    const judged = trialsOf(
      [
        [4, 4],
        [4, 2],
      ],
      { id: "a" },
    );
    const broken = ["x", "y"].map((id) => trialOf({ id, verdict: { kind: "error", error } }));
    const without = suiteOf(judged);
    const suite = suiteOf([...judged, ...broken]);
    expect(suite.rate).toEqual(without.rate);
    expect(suite.counts).toMatchObject({ tasks: 3, trials: 10, judged: 8, passed: 6, errors: 2 });
    expect(suite.errors).toEqual([{ code: "sandbox.lost", trials: 2, message: "Gone." }]);
    expect(suite.tasks.find(({ task }) => task === "sum")?.rate).toMatchObject({
      ok: false,
      error: { reason: "no_trials" },
    });
    expect(suite.notices.join(" ")).toContain("No trial of 1 of 3 tasks has a verdict");
  });

  test("takes a missing reward for an error of the infrastructure", () => {
    const odd = trialOf({ id: "x", verdict: { kind: "scored", rewards: { other: 1 } } });
    expect(suiteOf([odd])).toMatchObject({
      counts: { judged: 0, errors: 1 },
      errors: [{ code: "evaluation.reward_missing" }],
      rate: { ok: false },
    });
  });

  test("names flaky tasks, and only these", () => {
    expect(
      suiteOf(
        trialsOf(
          [
            [3, 0],
            [3, 1],
            [3, 3],
            [1, 1],
          ],
          { id: "a" },
        ),
      ).flaky,
    ).toEqual(["task-01"]);
  });

  test("judges by each trial's rule, or by another that is given", () => {
    const half = (id: string): Trial =>
      trialOf({ id, verdict: { kind: "scored", rewards: { reward: 0.5 } } });
    expect(suiteOf([half("x")]).rate).toEqual({ ok: true, value: 0 });
    const passRule = { reward: "reward", atLeast: 0.5 };
    expect(suiteOf([half("x")], { passRule }).rate).toEqual({ ok: true, value: 1 });
    expect(suiteOf([half("x"), { ...half("y"), passRule }]).passRule).toBeNull();
  });

  test("weighs tasks the same however often they were tried, and says so", () => {
    const suite = suiteOf(
      trialsOf(
        [
          [10, 10],
          [2, 0],
        ],
        { id: "a" },
      ),
    );
    expect(suite.rate).toEqual({ ok: true, value: 0.5 });
    expect(suite.notices[0]).toBe(
      "Tasks have 2 to 10 trials with a verdict; all tasks weigh the same.",
    );
    expect(suite.passes.find(({ k }) => k === 5)).toMatchObject({
      at: { value: { tasks: 1, leftOut: 1 } },
    });
  });

  test("gives cost and time for each success, of all trials", () => {
    const suite = suiteOf(trialsOf([[4, 2]], { id: "a" }));
    expect(suite.costPerSuccess).toEqual({ ok: true, value: 2_000 });
    expect(suite.durationPerSuccess).toEqual({ ok: true, value: 4_000 });
    const unpriced = suiteOf([
      ...trialsOf([[4, 2]], { id: "a" }),
      trialOf({ id: "x", costMicroUsd: null }),
    ]);
    expect(unpriced.costPerSuccess).toMatchObject({ error: { reason: "unknown_cost" } });
    expect(suiteOf(trialsOf([[4, 0]], { id: "a" })).costPerSuccess).toMatchObject({
      error: { reason: "no_success" },
    });
  });

  test("is the same for the same seed, and in whatever order the trials come", () => {
    const trials = trialsOf(reference.a.counts, { id: "a" });
    const shuffled = fc.shuffledSubarray([...trials], { minLength: trials.length });
    const { startedAt: _, ...expected } = suiteOf(trials);
    fc.assert(
      fc.property(shuffled, (some) => {
        const { rate, bootstrap, passes } = suiteOf(some);
        expect({ rate, bootstrap, passes }).toEqual({
          rate: expected.rate,
          bootstrap: expected.bootstrap,
          passes: expected.passes,
        });
      }),
      { numRuns: 10 },
    );
    expect(suiteOf(trials, { seed: 5 }).bootstrap).not.toEqual(expected.bootstrap);
  });

  test("is made for each condition, and for each who worked", () => {
    const suites = suiteResults([
      trialOf({ id: "1" }),
      trialOf({ id: "2", attempt: "oracle" }),
      trialOf({ id: "3", condition: { agent: "worker", model: "other" } }),
      trialOf({ id: "4" }),
    ]);
    expect(suites.map(({ name, attempt, counts }) => [name, attempt, counts.trials])).toEqual([
      ["worker · scripted", "agent", 2],
      ["worker · scripted", "oracle", 1],
      ["worker · other", "agent", 1],
    ]);
  });
});

test("the noise floor is what two runs of the same are apart", () => {
  const random = seededRandom(11);
  const rates = [0.1, 0.3, 0.5, 0.7, 0.9, 0.5, 0.2, 0.8];
  const trials = 6;
  const run = () =>
    rates.map((rate) => ({
      trials,
      passes: Array.from({ length: trials }, () => random.next() < rate).filter(Boolean).length,
    }));
  const rounds = 2_000;
  let squares = 0;
  let floors = 0;
  let beyond = 0;
  for (let round = 0; round < rounds; round += 1) {
    const [a, b] = [run(), run()];
    const apart =
      a.reduce((sum, one, task) => sum + one.passes - b[task]!.passes, 0) / trials / rates.length;
    squares += apart * apart;
    const floor = noiseFloor(a, 0.95);
    if (!floor.ok) throw new Error(floor.error.message);
    floors += floor.value.standardDeviation ** 2;
    if (Math.abs(apart) > floor.value.floor) beyond += 1;
  }
  // The variance that is said is, on average, the one that is seen; both have some per cent of chance.
  expect(floors / squares).toBeGreaterThan(0.9);
  expect(floors / squares).toBeLessThan(1.1);
  expect(beyond / rounds).toBeLessThan(0.09);
  expect(noiseFloor([{ trials: 1, passes: 1 }], 0.95)).toMatchObject({ ok: false });
});
