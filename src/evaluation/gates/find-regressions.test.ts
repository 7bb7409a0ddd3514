import { describe, expect, test } from "vitest";
import { type Random, seededRandom } from "../../base/random.ts";
import { clopperPearson } from "../statistics/intervals.ts";
import { trialOf } from "../trials/trial.fixture.ts";
import { type Arm, armsOf } from "./arm.ts";
import { findRegressions, type RegressionKind } from "./find-regressions.ts";

/** An arm of tasks with these counts; each trial takes a second and costs 1,000 micro-USD. */
function armOf(counts: readonly (readonly [trials: number, passes: number])[], more = {}): Arm {
  return {
    name: "worker",
    key: "worker",
    tasks: counts.map(([trials, passes], index) => ({
      task: `task-${index}`,
      digest: `d${index}`,
      trials,
      passes,
      errors: 0,
      durationsMs: Array.from({ length: trials }, (_, trial) => 1_000 + trial),
      costsMicroUsd: Array.from({ length: trials }, (_, trial) => 1_000 + trial),
      ...more,
    })),
  };
}
const kindsOf = (before: Arm, after: Arm, options = {}): readonly RegressionKind[] =>
  findRegressions(before, after, options).findings.map(({ kind }) => kind);

describe("what got worse", () => {
  test("is nothing where nothing changed, or all got better", () => {
    const arm = armOf([
      [10, 8],
      [10, 5],
    ]);
    expect(kindsOf(arm, arm)).toEqual([]);
    expect(kindsOf(armOf([[10, 0]]), armOf([[10, 10]]))).toEqual([]);
  });

  test("is a task that passed and does not any more, and with it the rate", () => {
    const before = armOf(Array.from({ length: 4 }, () => [8, 8] as const));
    const after = armOf([
      [8, 8],
      [8, 8],
      [8, 0],
      [8, 8],
    ]);
    const { findings } = findRegressions(before, after);
    expect(findings.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      "rate all tasks",
      "task task-2",
    ]);
  });

  test("is not one draw that failed", () => {
    expect(kindsOf(armOf([[1, 1]]), armOf([[1, 0]]))).toEqual([]);
    expect(kindsOf(armOf([[3, 3]]), armOf([[3, 2]]))).toEqual([]);
  });

  test("is more time or money, where it is more than a little", () => {
    const before = armOf([[10, 10]]);
    const times = (factor: number) =>
      Array.from({ length: 10 }, (_, index) => (1_000 + index) * factor);
    expect(kindsOf(before, armOf([[10, 10]], { durationsMs: times(1.5) }))).toEqual(["slower"]);
    expect(kindsOf(before, armOf([[10, 10]], { costsMicroUsd: times(1.5) }))).toEqual(["dearer"]);
    expect(kindsOf(before, armOf([[10, 10]], { durationsMs: times(1.05) }))).toEqual([]);
    expect(kindsOf(before, armOf([[10, 10]], { costsMicroUsd: null }))).toEqual([]);
  });

  test("is a threshold that was held and is not, beyond chance", () => {
    const thresholds = [
      { metric: "success_rate", at_least: 0.75, holds: "estimate", action: "block" },
      { metric: "success_rate", at_least: 0.95, holds: "estimate", action: "block" },
      { metric: "duration_ms", at_most: 1_200, holds: "estimate", action: "warn" },
    ] as const;
    const before = armOf([[100, 80]]);
    expect(kindsOf(before, armOf([[100, 60]]), { thresholds })).toContain("threshold");
    // Crossed, by what chance does.
    expect(kindsOf(before, armOf([[100, 74]]), { thresholds })).toEqual([]);
    const slow = armOf([[100, 80]], {
      durationsMs: Array.from({ length: 100 }, (_, index) => 1_500 + index),
    });
    expect(kindsOf(before, slow, { thresholds })).toEqual(["slower", "threshold"]);
  });

  test("is a task that passed and has no verdict any more", () => {
    const gone = armOf([[0, 0]], { errors: 3 });
    const { findings } = findRegressions(armOf([[3, 3]]), gone);
    expect(findings).toMatchObject([{ kind: "unjudged", p: null, after: null }]);
  });

  test("is not looked for in another version of a task", () => {
    const after = armOf([[8, 0]], { digest: "other" });
    const { findings, notices, compared } = findRegressions(armOf([[8, 8]]), after);
    expect([findings, compared]).toEqual([[], 0]);
    expect(notices).toEqual(["task-0 is another version now, and is not compared."]);
  });
});

test("an agent's next version is the same condition, and nobody is none", () => {
  const made = (agentVersion: string, attempt: "agent" | "nop") =>
    armsOf([trialOf({ id: "a", attempt, condition: { agent: "w", agentVersion, model: null } })]);
  expect(made("1", "agent")[0]?.key).toBe(made("2", "agent")[0]?.key);
  expect(made("1", "nop")).toEqual([]);
});

/** Ten tasks of 30 trials, of different rates around a mean. */
function drawn(random: Random, rate: number): Arm {
  const spread = [-0.15, -0.1, -0.1, -0.05, 0, 0, 0.05, 0.1, 0.1, 0.15];
  return {
    name: "worker",
    key: "worker",
    tasks: spread.map((offset, index) => {
      const passes = Array.from({ length: 30 }, () => random.next() < rate + offset);
      const skewed = (): number[] => passes.map(() => Math.exp(4 * random.next()) * (index + 1));
      return {
        task: `task-${index}`,
        digest: `d${index}`,
        trials: 30,
        passes: passes.filter(Boolean).length,
        errors: 0,
        durationsMs: skewed(),
        costsMicroUsd: skewed(),
      };
    }),
  };
}

function alarms(rounds: number, seed: number, rates: readonly [before: number, after: number]) {
  const random = seededRandom(seed);
  const found = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    const before = drawn(random, rates[0]);
    const { findings } = findRegressions(before, drawn(random, rates[1]), { seed: round });
    const words = findings.flatMap(({ kind, concern }) => [kind, `of ${concern}`, "any"]);
    for (const word of new Set(words)) found.set(word, (found.get(word) ?? 0) + 1);
  }
  return found;
}

const figuresIn = (found: ReadonlyMap<string, number>): string =>
  [...found].map(([word, times]) => `${word} ${times}`).join(", ");

describe("how often it alarms", () => {
  const rounds = 1_000;

  test("over 1,000 A/A repeats as often as its level says, for each kind", {
    timeout: 120_000,
  }, async ({ annotate }) => {
    const found = alarms(rounds, 2_026, [0.8, 0.8]);
    const level = 0.05;
    // The 95 % interval of the alarms that a test of this level gives.
    const half = 1.96 * Math.sqrt((level * (1 - level)) / rounds);
    for (const word of ["rate", "of success"]) {
      expect((found.get(word) ?? 0) / rounds, word).toBeGreaterThan(level - half);
      expect((found.get(word) ?? 0) / rounds, word).toBeLessThan(level + half);
    }
    // The others are held to a least rise, or to all tasks together: at most their level.
    for (const kind of ["task", "slower", "dearer", "flakier"]) {
      expect((found.get(kind) ?? 0) / rounds, kind).toBeLessThan(level + half);
    }
    await annotate(figuresIn(found));
  });

  test("from .8 to .7 with 300 trials on each side with a power of .8 or more", {
    timeout: 120_000,
  }, async ({ annotate }) => {
    const found = alarms(rounds, 33, [0.8, 0.7]);
    const power = clopperPearson({ trials: rounds, passes: found.get("rate") ?? 0 });
    expect(power.ok && power.value.low).toBeGreaterThan(0.8);
    await annotate(figuresIn(found));
  });
});
