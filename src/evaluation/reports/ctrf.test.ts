import { isTestFlaky, type Test, validateStrict } from "ctrf";
import { describe, expect, test } from "vitest";
import { ctrfReport } from "../../base/ctrf.ts";
import { compareTrials } from "../statistics/comparison.ts";
import { trialOf, trialsOf } from "../trials/trial.fixture.ts";
import type { Trial } from "../trials/trial.ts";
import { evaluationCtrf } from "./ctrf.ts";
import { importCtrf } from "./ctrf-import.ts";
import { comparisonReport, folderReport } from "./report.ts";
import { strictReport } from "./import-report.ts";

interface Report {
  readonly results: {
    readonly summary: Readonly<Record<string, number>>;
    readonly tests: readonly Test[];
  };
}

/** What the format's own library accepts; it throws where the schema does not hold. */
function strict(report: object): Report {
  validateStrict(report);
  return report as unknown as Report;
}

const folder = (trials: readonly Trial[]) => ({
  trials,
  places: new Map<string, string>(),
  notices: [],
});
const broken = {
  kind: "error",
  error: { phase: "agent", code: "sandbox.lost", message: "Gone.", retryable: true },
} as const;

describe("an evaluation in CTRF", () => {
  test("has a test for each task, with its trials as steps and its files attached", () => {
    const trials = [
      ...trialsOf(
        [
          [3, 2],
          [3, 1],
        ],
        { id: "a" },
      ),
      trialOf({
        id: "z",
        artefacts: [{ name: "log", path: "agent/log.txt", contentType: "text/plain" }],
        verdict: broken,
      }),
    ];
    const report = folderReport("x", { ...folder(trials), places: new Map([["z", "jobs/z"]]) });
    const { summary, tests } = strict(evaluationCtrf(report)).results;
    expect(tests.map(({ name, status }) => [name, status])).toEqual([
      ["sum", "other"],
      ["task-00", "passed"],
      ["task-01", "failed"],
    ]);
    expect(summary).toMatchObject({ tests: 3, passed: 1, failed: 1, other: 1, skipped: 0 });
    expect(tests[1]?.steps?.map(({ status }) => status)).toEqual(["passed", "passed", "failed"]);
    expect(tests[0]?.attachments).toEqual([
      { name: "z: log", contentType: "text/plain", path: "jobs/z/agent/log.txt" },
    ]);
    expect(tests[1]?.message).toBe("2 of 3 trials passed");
  });

  test("takes no further trial for a retry, but what the infrastructure made again", () => {
    const trials = [
      ...trialsOf([[3, 2]], { id: "a" }),
      trialOf({ id: "z", retries: [broken.error, broken.error] }),
    ];
    const { tests } = strict(evaluationCtrf(folderReport("x", folder(trials)))).results;
    const [sum, first] = tests as [Test, Test];
    expect([first.retries, first.flaky, isTestFlaky(first)]).toEqual([undefined, undefined, false]);
    expect([sum.retries, sum.retryAttempts?.length, isTestFlaky(sum)]).toEqual([2, 2, true]);
  });

  test("never counts the control arm, or trials in which nobody works, as failed", () => {
    const without = trialsOf(
      [
        [2, 0],
        [2, 0],
      ],
      { id: "a" },
    );
    const skilled = trialsOf(
      [
        [2, 2],
        [2, 0],
      ],
      {
        id: "b",
        condition: { agent: "worker", model: "scripted", skills: "task" },
      },
    );
    const compared = comparisonReport(
      "x",
      compareTrials(without, skilled),
      folder(without),
      folder(skilled),
    );
    const { summary, tests } = strict(evaluationCtrf(compared)).results;
    expect(summary).toMatchObject({ tests: 4, passed: 1, failed: 1, other: 2 });
    expect(tests[0]).toMatchObject({ status: "other", rawStatus: "control: failed" });
    const idle = trialsOf([[2, 0]], { id: "c", attempt: "nop" });
    expect(strict(evaluationCtrf(folderReport("x", folder(idle)))).results.summary).toMatchObject({
      failed: 0,
      other: 1,
    });
  });
});

test("the writer rounds times and leaves out what is not there", () => {
  const tests = [{ name: "a", status: "pending", durationMs: 1.6, suite: [] }] as const;
  const report = ctrfReport({ tool: { name: "x", version: "1" }, tests, start: 0.4, stop: 2.2 });
  expect(strict(report).results.tests).toEqual([{ name: "a", status: "pending", duration: 2 }]);
});

describe("a report of pytest-json-ctrf", () => {
  const written = {
    results: {
      tool: { name: "pytest", version: "8.4.1" },
      summary: {
        tests: 3,
        passed: 1,
        failed: 1,
        skipped: 1,
        pending: 0,
        other: 0,
        start: 1_757_000_000.5,
        stop: 1_757_000_002,
      },
      tests: [
        {
          name: "a",
          status: "passed",
          duration: 0.0123,
          start: 1_757_000_000.5,
          stop: 1_757_000_000.6,
          retries: 0,
          file_path: "test_outputs.py",
        },
        {
          name: "b",
          status: "failed",
          duration: 1.5,
          start: 1_757_000_001,
          stop: 1_757_000_002,
          retries: 0,
          file_path: "test_outputs.py",
          message: "no",
        },
      ],
    },
  };

  test("is read in its own units, and said to be out of form", () => {
    expect(() => validateStrict(written)).toThrow();
    const report = importCtrf(written, "ctrf.json");
    expect(report.tests[0]).toMatchObject({ durationMs: 12.3, file: "test_outputs.py" });
    expect(report.start).toBe(1_757_000_000_500);
    expect(report.notices).toEqual([
      'reportFormat is not "CTRF"',
      "specVersion is missing",
      "times are in seconds; they were taken as such",
      "file_path was read as filePath (2 times)",
      "the summary says 3 tests, the report has 2",
    ]);
    const { summary, tests } = strict(strictReport(report)).results;
    expect(summary).toMatchObject({ tests: 2, passed: 1, failed: 1, start: 1_757_000_000_500 });
    expect(tests[1]).toMatchObject({ duration: 1_500, message: "no" });
  });

  test("of milliseconds is left as it is", () => {
    const report = {
      reportFormat: "CTRF",
      specVersion: "0.0.0",
      results: {
        tool: { name: "x" },
        summary: {
          tests: 1,
          passed: 1,
          failed: 0,
          skipped: 0,
          pending: 0,
          other: 0,
          start: 1_757_000_000_000,
          stop: 1_757_000_001_000,
        },
        tests: [
          { name: "a", status: "passed", duration: 12, suite: ["s", "t"], flaky: true, retries: 1 },
        ],
      },
    };
    const read = importCtrf(report, "r.json");
    expect(read.notices).toEqual([]);
    expect(strict(strictReport(read)).results.tests).toEqual([
      { name: "a", status: "passed", duration: 12, suite: ["s", "t"], retries: 1, flaky: true },
    ]);
  });

  test("with words of its own says how they were read", () => {
    const test = (status: string) => ({ name: status, status, duration: 1 });
    const report = importCtrf(
      { results: { tests: ["error", "toString", "xfailed"].map(test) } },
      "r",
    );
    expect(report.tests.map(({ status, rawStatus }) => [status, rawStatus])).toEqual([
      ["failed", "error"],
      ["other", "toString"],
      ["other", "xfailed"],
    ]);
    expect(report.notices).toContain('status "error" was read as failed');
  });

  test.each([[null], [[]], [{}], [{ results: {} }], [{ results: { tests: [{}] } }]])(
    "that is %j is none",
    (value) => {
      expect(() => importCtrf(value, "r")).toThrow(
        expect.objectContaining({ code: "evaluation.import_malformed" }),
      );
    },
  );
});
