import { describe, expect, test } from "vitest";
import { trialOf, trialsOf } from "../trials/trial.fixture.ts";
import type { Figure } from "./absence.ts";
import { compareTrials } from "./comparison.ts";
import { reference } from "./reference.fixture.ts";
import { suiteResults, type SuiteResult } from "./suite.ts";
import { clopperPearson, wilson } from "./intervals.ts";

const a = trialsOf(reference.a.counts, { id: "a" });
const b = trialsOf(reference.b.counts, {
  id: "b",
  condition: { agent: "worker", model: "scripted", skills: "task" },
});

function value<T>(figure: Figure<T>): T {
  if (!figure.ok) throw new Error(figure.error.message);
  return figure.value;
}

const near = (figure: Figure, expected: number): void =>
  expect(Math.abs(value(figure) - expected)).toBeLessThan(1e-9);

describe.each([
  ["the first", a, reference.a],
  ["the second", b, reference.b],
] as const)("a suite is what SciPy says of %s", (_name, trials, expected) => {
  const [suite] = suiteResults(trials) as [SuiteResult];

  test("in its rate, its error clustered by task and the interval of that", () => {
    near(suite.rate, expected.mean);
    near(suite.standardError, expected.se);
    const { low, high } = value(suite.interval);
    expect(Math.abs(low - expected.t95[0])).toBeLessThan(1e-9);
    expect(Math.abs(high - expected.t95[1])).toBeLessThan(1e-9);
  });

  test("in pass@k and pass^k, over the tasks with enough trials", () => {
    for (const k of ["1", "2", "3", "5"] as const) {
      const figures = suite.passes.find((some) => some.k === Number(k));
      const [at, hat] = [value(figures!.at), value(figures!.hat)];
      expect([at.tasks, hat.tasks]).toEqual([expected.passAt[k][1], expected.passHat[k][1]]);
      expect(Math.abs(at.value - expected.passAt[k][0])).toBeLessThan(1e-9);
      expect(Math.abs(hat.value - expected.passHat[k][0])).toBeLessThan(1e-9);
    }
  });

  test("in the intervals of a rate", () => {
    const [trials, passes] = expected.pooled;
    for (const [interval, bounds] of [
      [wilson, expected.wilson],
      [clopperPearson, expected.cp],
    ] as const) {
      const { low, high } = value(interval({ trials, passes }));
      expect(Math.abs(low - bounds[0])).toBeLessThan(1e-9);
      expect(Math.abs(high - bounds[1])).toBeLessThan(1e-9);
    }
  });
});

describe("a comparison", () => {
  const comparison = compareTrials(a, b);
  const { pair } = reference;

  test("is what SciPy says", () => {
    near(comparison.difference, pair.delta);
    near(comparison.standardError, pair.se);
    near(comparison.unpairedStandardError, pair.unpaired);
    near(comparison.wilcoxonP, pair.wilcoxon);
    near(comparison.normalizedGain, pair.gain);
    const [gained, lost, p] = pair.mcnemar;
    expect(comparison.mcnemar).toMatchObject({ gained, lost, p: expect.closeTo(p, 12) });
    expect(value(comparison.signFlip)).toEqual({ p: pair.signflip, method: "exact" });
  });

  test("draws an interval near that of many more draws", () => {
    const { low, high } = value(comparison.bootstrap);
    // Of 10,000 draws; the ends of ten seeds lay within 0.004 of these.
    expect(Math.abs(low - pair.boot[0])).toBeLessThan(0.008);
    expect(Math.abs(high - pair.boot[1])).toBeLessThan(0.008);
  });

  test("turned around has the other sign, and the same chances", () => {
    const turned = compareTrials(b, a);
    near(turned.difference, -pair.delta);
    expect(turned.helped).toEqual(comparison.hurt);
    expect(turned.hurt).toEqual(comparison.helped);
    expect(turned.mcnemar.p).toBe(comparison.mcnemar.p);
    expect(value(turned.signFlip).p).toBe(value(comparison.signFlip).p);
  });

  test("names the tasks that were hurt, that have no pair and that have no verdict", () => {
    const failed = trialOf({
      id: "x",
      task: { name: "task-00", source: null, digest: "d0" },
      verdict: {
        kind: "error",
        error: { phase: "agent", code: "boundary.timeout", message: "Late.", retryable: true },
      },
    });
    const extra = trialOf({ id: "y", task: { name: "extra", source: null, digest: null } });
    const one = compareTrials(
      [
        failed,
        ...a.filter(({ task }) => task.name !== "task-00" && task.name !== "task-01"),
        extra,
      ],
      b,
    );
    expect(one.withoutVerdict).toEqual(["task-00"]);
    expect(one.onlyB).toEqual(["task-01"]);
    expect(one.onlyA).toEqual(["extra"]);
    expect(one.pairs).toHaveLength(14);
    expect(one.notices.join(" ")).toContain("Only the second side has 1 tasks: task-01.");
    expect(one.notices.join(" ")).toContain("more trials on one side");
    expect(comparison.hurt).toEqual(
      reference.a.counts.flatMap(([n, c], task) => {
        const [m, d] = reference.b.counts[task]!;
        return d / m < c / n ? [`task-${String(task).padStart(2, "0")}`] : [];
      }),
    );
  });

  test("of a condition with itself says that it is noise", () => {
    const again = trialsOf(reference.a.counts, { id: "again" });
    const same = compareTrials(a, again);
    expect(same.sameCondition).toBe(true);
    expect(value(same.difference)).toBe(0);
    expect(value(same.signFlip).p).toBe(1);
    expect(same.notices).toContain("Both sides are the same condition: the difference is noise.");
  });

  test("has no gain where there was nothing to gain", () => {
    const perfect = trialsOf(
      [
        [2, 2],
        [2, 2],
      ],
      { id: "p" },
    );
    const less = trialsOf(
      [
        [2, 1],
        [2, 2],
      ],
      { id: "q" },
    );
    expect(compareTrials(perfect, less).normalizedGain).toMatchObject({
      ok: false,
      error: { reason: "perfect_baseline" },
    });
  });

  test.each([
    [
      "several conditions on one side",
      [...a, ...b],
      [trialOf({ id: "z" })],
      "evaluation.several_conditions",
    ],
    ["no trials on one side", [], b, "evaluation.several_conditions"],
    ["no task in common", [trialOf({ id: "z" })], b, "evaluation.no_common_task"],
    ["a trial twice", a, a, "evaluation.duplicate_trial"],
    [
      "two versions of a task",
      a,
      [trialOf({ id: "z", task: { name: "task-00", source: null, digest: "other" } })],
      "evaluation.task_digests_differ",
    ],
  ])("refuses %s", (_name, first, second, code) => {
    expect(() => compareTrials(first, second)).toThrow(expect.objectContaining({ code }));
  });
});
