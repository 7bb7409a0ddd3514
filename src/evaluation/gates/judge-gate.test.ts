import { describe, expect, test } from "vitest";
import type { JobConfig } from "../jobs/job-config.ts";
import type { Trial } from "../trials/trial.ts";
import { trialOf } from "../trials/trial.fixture.ts";
import type { Gate, GateThreshold, GoldenTag } from "./gates-form.ts";
import type { GoldenTask } from "./golden-tasks.ts";
import { judgeGate } from "./judge-gate.ts";
import type { JudgedJob } from "./judged-job.ts";
import type { TrialFigures } from "./trial-figures.ts";
import { ctrfVerdict, markdownVerdict } from "./gate-report.ts";

const golden = (name: string, ...tags: readonly GoldenTag[]): GoldenTask => ({
  name,
  dir: `/tasks/${name}`,
  digest: `digest of ${name}`,
  tags,
  owner: "ada",
  scope: null,
});
const tasks = [golden("safe", "smoke", "critical"), golden("nice", "smoke")];

const trial = (task: string, index: number, reward: number | "error"): Trial =>
  trialOf({
    id: `${task}/${index}`,
    task: { name: task, source: null, digest: `digest of ${task}` },
    verdict:
      reward === "error"
        ? {
            kind: "error",
            error: { phase: "agent", code: "x.y", message: "gone", retryable: false },
          }
        : { kind: "scored", rewards: { reward } },
  });

const rate = (at_least: number, more: Partial<GateThreshold> = {}): GateThreshold => ({
  metric: "success_rate",
  at_least,
  holds: "estimate",
  action: "block",
  ...more,
});

function gateOf(more: Partial<Gate> = {}): Gate {
  return {
    tags: ["smoke"],
    agents: [{ kind: "agent33" }],
    models: [],
    efforts: [],
    skills: ["none"],
    trials: 1,
    level: 0.95,
    thresholds: [rate(0.5)],
    ...more,
  };
}

interface Made {
  readonly excluded?: JudgedJob["excluded"];
  readonly config?: Partial<JobConfig>;
  readonly left?: number;
  readonly pinned?: readonly string[];
  readonly figures?: Partial<TrialFigures>;
}

function jobOf(trials: readonly Trial[], made: Made = {}): JudgedJob {
  const pinned = made.pinned ?? tasks.map(({ name }) => name);
  return {
    dir: "/jobs/one",
    config: {
      ...gateOf(),
      format: "agent33-job/1",
      id: "id",
      name: "one",
      createdAt: 0,
      tasks: ["/tasks"],
      include: [],
      exclude: [],
      environment: "host",
      retries: 2,
      timeoutMultiplier: 1,
      oracleGate: true,
      nopGate: false,
      seed: 33,
      ...made.config,
    } as JobConfig,
    pins: {
      format: "agent33-job-lock/1",
      versions: {},
      seed: 33,
      tasks: Object.fromEntries(
        pinned.map((name) => [name, { dir: "", source: null, digest: `digest of ${name}` }]),
      ),
      agents: {},
      environments: {},
    },
    trials,
    figures: new Map(
      trials.map((one) => [
        one.id,
        {
          success_rate:
            one.verdict.kind === "scored" ? (one.verdict.rewards["reward"] ?? null) : null,
          duration_ms: 2_000,
          cost_micro_usd: 1_000,
          rework: null,
          scope: null,
          ...made.figures,
        },
      ]),
    ),
    excluded: made.excluded ?? [],
    left: made.left ?? 0,
  };
}

const judged = (job: JudgedJob, gate: Gate = gateOf()) =>
  judgeGate({ name: "merge", gate, golden: tasks, job, origin, madeHere: true }, 1_000);
const origin = { checkout: null, whyNoCheckout: "A test." };
const unmetOf = (job: JudgedJob, gate?: Gate) =>
  judged(job, gate)
    .checks.filter(({ outcome }) => outcome !== "met")
    .map(({ kind, outcome, action }) => `${kind} ${outcome} ${action}`);

const good = [trial("safe", 0, 1), trial("nice", 0, 1)];

describe("a gate", () => {
  test("passes where all was tried and all thresholds hold", () => {
    const verdict = judged(jobOf(good));
    expect(verdict.outcome).toBe("passed");
    expect(verdict.checks.map(({ outcome }) => outcome)).toEqual(["met", "met", "met", "met"]);
  });

  test.each([
    ["skipped", jobOf(good.slice(1), { excluded: [{ task: "safe", reason: "no solution" }] })],
    ["missing", jobOf(good.slice(1), { pinned: ["nice"] })],
    ["missing", jobOf(good.slice(1))],
    [
      "missing",
      jobOf(good.map((one) => ({ ...one, task: { ...one.task, digest: "of another version" } }))),
    ],
    ["incomplete", jobOf([trial("safe", 0, "error"), trial("nice", 0, 1)])],
    ["failed", jobOf([trial("safe", 0, 0), trial("nice", 0, 1)])],
  ])("fails where its critical task is %s", (status, job) => {
    const verdict = judged(job);
    expect(verdict.tasks.find(({ task }) => task === "safe")?.status).toBe(status);
    expect(verdict.outcome).toBe("failed");
    expect(
      verdict.checks.find(({ kind, name }) => kind === "task" && name === "safe"),
    ).toMatchObject({ outcome: status === "failed" ? "missed" : "unknown", action: "block" });
  });

  test("fails where all tasks were left out, and where nothing was tried", () => {
    const excluded = tasks.map(({ name }) => ({ task: name, reason: "no solution" }));
    expect(judged(jobOf([], { excluded })).outcome).toBe("failed");
    expect(judged(jobOf([])).outcome).toBe("failed");
    const nobody = good.map((one) => ({ ...one, attempt: "nop" as const }));
    expect(judged(jobOf(nobody)).outcome).toBe("failed");
  });

  test("only warns of another task that was not tried, where its thresholds do not ask for it", () => {
    const job = jobOf(good.slice(0, 1), { excluded: [{ task: "nice", reason: "no solution" }] });
    const gate = gateOf({ thresholds: [rate(0.5, { tags: ["critical"] })] });
    expect(unmetOf(job, gate)).toEqual(["task unknown warn"]);
    expect(judged(job, gate).outcome).toBe("warned");
    // A rate over both tasks is not known then, and blocks.
    expect(unmetOf(job)).toEqual(["task unknown warn", "threshold unknown block"]);
  });

  test("tells warnings from what blocks", () => {
    const job = jobOf([trial("safe", 0, 1), trial("nice", 0, 0)]);
    expect(judged(job, gateOf({ thresholds: [rate(0.9, { action: "warn" })] })).outcome).toBe(
      "warned",
    );
    expect(unmetOf(job, gateOf({ thresholds: [rate(0.9, { action: "warn" })] }))).toEqual([
      "threshold missed warn",
    ]);
    expect(judged(job, gateOf({ thresholds: [rate(0.9)] })).outcome).toBe("failed");
    expect(judged(job).outcome).toBe("passed");
  });

  test("takes what is not known for no figure", () => {
    const thresholds: Gate["thresholds"] = [
      { metric: "rework", at_most: 1, holds: "estimate", action: "block" },
    ];
    expect(unmetOf(jobOf(good), gateOf({ thresholds }))).toEqual(["threshold unknown block"]);
    const figures = { rework: 0.25 };
    expect(judged(jobOf(good, { figures }), gateOf({ thresholds })).outcome).toBe("passed");
  });

  test.each(["duration_ms", "cost_micro_usd", "rework", "scope"] as const)(
    "holds %s to its limit from both sides",
    (metric) => {
      const figures = { [metric]: 0.5 };
      const limit = (given: object): Gate =>
        gateOf({ thresholds: [{ metric, holds: "estimate", action: "block", ...given }] });
      const job = jobOf(good, { figures });
      expect(judged(job, limit({ at_most: 0.5 })).outcome).toBe("passed");
      expect(judged(job, limit({ at_most: 0.4 })).outcome).toBe("failed");
      expect(judged(job, limit({ at_least: 0.6 })).outcome).toBe("failed");
    },
  );

  test("asks for the worse end of the interval, or for the better one, where it is told to", () => {
    const trials = [...Array(4).keys()].flatMap((index) => [
      trial("safe", index, 1),
      trial("nice", index, index === 0 ? 0 : 1),
    ]);
    // 7 of 8: 0.875, by Clopper and Pearson 0.473 to 0.997.
    const gate = (limit: number, holds: GateThreshold["holds"]): Gate =>
      gateOf({ trials: 4, thresholds: [rate(limit, { holds })] });
    const job = jobOf(trials, { config: { trials: 4 } });
    expect(judged(job, gate(0.47, "surely")).outcome).toBe("passed");
    expect(judged(job, gate(0.48, "surely")).outcome).toBe("failed");
    expect(judged(job, gate(0.99, "plausibly")).outcome).toBe("passed");
    expect(judged(job, gate(0.999, "plausibly")).outcome).toBe("failed");
  });

  test("does not take a job for its own that was made otherwise, or is not finished", () => {
    const oracle = jobOf(good, { config: { agents: [{ kind: "oracle" }] } });
    expect(unmetOf(oracle)).toEqual(["job missed block"]);
    expect(unmetOf(jobOf(good, { left: 1 }))).toEqual(["job missed block"]);
    expect(unmetOf(jobOf(good), gateOf({ environment: "bwrap" }))).toEqual(["job missed block"]);
    expect(unmetOf(jobOf(good), gateOf({ trials: 2 }))).toEqual([
      "task unknown block",
      "task unknown warn",
    ]);
  });
});

describe("a verdict", () => {
  const verdict = judged(jobOf([trial("safe", 0, 0), trial("nice", 0, 1)]));

  test("says in Markdown what blocks", () => {
    const text = markdownVerdict(verdict);
    expect(text).toContain("# Gate merge: failed");
    expect(text).toMatch(/\| BLOCKS \| task: safe \|.*owner ada.*0 of 1 trials passed/);
  });

  test("has a failed test in CTRF for what blocks, and none for what warns", () => {
    const results = ctrfVerdict(verdict)["results"];
    expect(results).toMatchObject({ summary: { failed: 2, tests: 6 } });
    const warned = judged(
      jobOf(good),
      gateOf({
        thresholds: [
          rate(0.5),
          { metric: "rework", at_most: 0, holds: "estimate", action: "warn" },
        ],
      }),
    );
    expect(ctrfVerdict(warned)["results"]).toMatchObject({ summary: { failed: 0, other: 1 } });
  });
});
