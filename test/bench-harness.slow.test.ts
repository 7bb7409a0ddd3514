import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grantTests } from "./support/egress.ts";
import { reportRows, reportText } from "../bench/report.ts";
import type { Timing } from "../bench/results.ts";
import { best, median, pairedRatio, percentile } from "../bench/statistics.ts";
import { signalAt } from "../bench/store/signals.ts";
import { openWholeBlob } from "../bench/store/whole-blob.ts";
import { isReached, type SurveyReport, surveyText } from "../bench/survey-report.ts";
import { fingerprintOf } from "../src/learning/fingerprint.ts";
import { postgresMissing } from "./support/postgres.ts";

grantTests("starts the benchmark", { spawn: true });

const figures = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1 });

describe("the arithmetic of the benchmarks", () => {
  test("the median is the middle value, or lies between the two middle ones", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test("percentiles are interpolated between their neighbours", () => {
    const tenToForty = [40, 10, 30, 20];
    expect(percentile(tenToForty, 0)).toBe(10);
    expect(percentile(tenToForty, 1)).toBe(40);
    expect(percentile(tenToForty, 0.25)).toBe(17.5);
    expect(percentile(tenToForty, 0.9)).toBeCloseTo(37);
  });

  test("percentiles lie within the values and rise with the share, whatever their order", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(figures, share, share, (values, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        const [below, above] = [percentile(values, low), percentile(values, high)];
        expect(below).toBeGreaterThanOrEqual(Math.min(...values));
        expect(above).toBeLessThanOrEqual(Math.max(...values));
        expect(below).toBeLessThanOrEqual(above);
        expect(percentile(values.toReversed(), one)).toBe(percentile(values, one));
      }),
    );
  });

  test("values keep their order: they are shared with other figures", () => {
    const values = [3, 1, 2];
    expect(best(values)).toBe(1);
    expect(values).toEqual([3, 1, 2]);
  });

  test("a ratio does not move when the machine slows down for a whole round", () => {
    expect(pairedRatio([20, 20, 20], [10, 10, 10])).toBe(2);
    expect(pairedRatio([20, 200, 20], [10, 100, 10])).toBe(2);
  });

  test("nothing has no percentile, and rounds pair only one to one", () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => percentile([1], 1.5)).toThrow(RangeError);
    expect(() => percentile([1], Number.NaN)).toThrow(RangeError);
    expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  });
});

describe("the report", () => {
  const timing = (name: string, cpu: number, leavesOut: string[]): Timing => ({
    name,
    leavesOut,
    cpuMicros: [cpu, cpu * 2, cpu * 3],
    cpuInFlightMicros: [cpu, cpu, cpu],
    wallMicros: { p50: cpu, p99: cpu * 10 },
  });
  const timings = [timing("bare", 0.1, ["policy", "audit"]), timing("whole", 0.5, ["audit"])];

  test("compares every candidate with the first", () => {
    const [bare, whole] = reportRows(timings, [200, 1_000]);
    expect(bare).toMatchObject({ cpuMicros: { best: 0.1, median: 0.2, ratio: 1 }, bytesRatio: 1 });
    expect(whole?.cpuMicros.ratio).toBeCloseTo(5);
    expect(whole).toMatchObject({
      cpuMicros: { best: 0.5, median: 1 },
      bytes: 1_000,
      bytesRatio: 5,
    });
  });

  test("figures that do not belong together are refused", () => {
    expect(() => reportRows(timings, [200])).toThrow(RangeError);
    expect(() => reportRows([], [])).toThrow(RangeError);
  });

  test("each thing left out is one footnote, however many rows leave it out", () => {
    const text = reportText({
      benchmark: "sample",
      date: "2026-11-22T00:00:00.000Z",
      node: "24.15.0",
      cpu: "a processor",
      cores: 2,
      loadBefore: 0.5,
      loadAfter: 1,
      rounds: 3,
      callsInFlight: 64,
      rows: reportRows(timings, [200, 1_000]),
      notes: ["A remark."],
    });
    const lines = text.split("\n");
    expect(lines.filter((line) => line.startsWith("a: "))).toEqual(["a: policy"]);
    expect(lines.filter((line) => line.startsWith("b: "))).toEqual(["b: audit"]);
    expect(lines.find((line) => line.startsWith("| bare"))).toMatch(/\| a b\s*\|$/);
    expect(lines.find((line) => line.startsWith("| whole"))).toMatch(/\| b\s*\|$/);
    const widths = new Set(lines.filter((line) => line.startsWith("|")).map((line) => line.length));
    expect(widths.size).toBe(1);
  });
});

describe("the report of a survey", () => {
  const report: SurveyReport = {
    benchmark: "sample",
    date: "2026-11-22T00:00:00.000Z",
    node: "24.15.0",
    cpu: "a processor",
    cores: 2,
    loadBefore: 0.5,
    loadAfter: 1,
    rounds: 3,
    quick: false,
    facts: ["A database, version 1."],
    tables: [
      {
        title: "Writes",
        of: "load",
        columns: [
          { key: "rowsASecond", title: "rows/s" },
          { key: "ackMs", title: "ms" },
        ],
        rows: [
          { name: "one writer", figures: { rowsASecond: 1234.5, ackMs: 0.333 } },
          { name: "none", figures: { ackMs: 12.345 } },
        ],
      },
    ],
    goals: [
      { what: "rows", better: "more", goal: 4_000, reached: 3_999 },
      { what: "wait", better: "less", goal: 25, reached: 25 },
    ],
    notes: ["A remark."],
  };
  const lines = surveyText(report).split("\n");

  test("has a table with the figures under their titles, and a gap where one is missing", () => {
    const cells = lines
      .filter((line) => line.startsWith("|"))
      .map((line) => line.split("|").map((cell) => cell.trim()));
    expect(cells).toContainEqual(["", "load", "rows/s", "ms", ""]);
    expect(cells).toContainEqual(["", "one writer", "1235", "0.33", ""]);
    expect(cells).toContainEqual(["", "none", "", "12.3", ""]);
  });

  test("says of each goal whether it was kept; the same figure is enough", () => {
    expect(report.goals.map(isReached)).toEqual([false, true]);
    expect(lines.find((line) => line.startsWith("| rows"))).toMatch(/at least 4000 .* 3999 \| no/);
    expect(lines.find((line) => line.startsWith("| wait"))).toMatch(/at most 25 .* 25\.0 \| yes/);
  });

  test("says when the amounts were too small to mean much", () => {
    expect(lines[0]).not.toContain("quick");
    expect(surveyText({ ...report, quick: true }).split("\n")[0]).toContain("quick");
  });
});

/** Undefined where there is no such process, or it has ended. */
function parentOf(pid: number): number | undefined {
  try {
    const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return state === "Z" ? undefined : Number(parent);
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

function descendantsOf(root: number): readonly number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const children = all.map(Number).filter((pid) => parentOf(pid) === root);
  return children.flatMap((pid) => [pid, ...descendantsOf(pid)]);
}

describe("the benchmark of the store", () => {
  test("its signals are no repeats of each other", () => {
    const seen = new Set(
      Array.from({ length: 5_000 }, (_, index) => fingerprintOf(signalAt(index))),
    );
    expect(seen.size).toBe(5_000);
  });

  test("the whole-blob design finds all that it wrote again", () => {
    const folder = mkdtempSync(join(tmpdir(), "agent33-bench-test-"));
    try {
      const path = join(folder, "learning.sqlite3");
      const first = openWholeBlob(path);
      const ids = ["LS-1", "LS-2"].values();
      first.recordAll([signalAt(0), signalAt(1)], () => ids.next().value ?? "", 0);
      first.record(signalAt(2), "LS-3", 0);
      expect(openWholeBlob(path).ids()).toEqual(["LS-1", "LS-2", "LS-3"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("runs to its end and reports every load, question and goal", {
    timeout: 90_000,
  }, async () => {
    const main = join(import.meta.dirname, "..", "bench", "main.ts");
    const words = [main, "store", "--quick", "--rounds", "1", "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    const { quick, tables, goals, facts } = JSON.parse(stdout) as SurveyReport;
    expect(quick).toBe(true);
    const [growth, writing, reading] = tables.map(({ rows }) => rows.map(({ name }) => name));
    expect(growth).toEqual(["10 signals", "100 signals"]);
    const places = postgresMissing() === undefined ? ["SQLite", "PostgreSQL"] : ["SQLite"];
    for (const place of places) {
      expect(writing).toContain(`${place}, 64 writers`);
      expect(reading).toContain(`summary of 30 days, ${place}`);
    }
    expect(facts.join(" ").includes("No PostgreSQL")).toBe(places.length === 1);
    for (const { columns, rows } of tables) {
      for (const { figures } of rows) {
        for (const { key } of columns) expect(figures[key]).toBeGreaterThan(0);
      }
    }
    expect(goals.map(({ goal }) => goal)).toEqual([1.5, 1.5, 4_000, 25, 50]);
    for (const { reached } of goals) expect(reached).toBeGreaterThan(0);
  });

  test("leaves no process behind when it is killed", { timeout: 60_000 }, async () => {
    const main = join(import.meta.dirname, "..", "bench", "main.ts");
    const bench = spawn(process.execPath, [main, "boundary", "--rounds", "1"], { stdio: "ignore" });
    const started = () => descendantsOf(bench.pid ?? 0);
    // The one that measures, and the first of those that it races.
    await expect.poll(() => started().length, { timeout: 30_000 }).toBeGreaterThan(1);
    const pids = started();
    bench.kill("SIGKILL");
    const left = () => pids.filter((pid) => parentOf(pid) !== undefined);
    await expect.poll(left, { timeout: 20_000 }).toEqual([]);
  });

  test("what has no quick form says so", async () => {
    const main = join(import.meta.dirname, "..", "bench", "main.ts");
    const run = promisify(execFile)(process.execPath, [main, "boundary", "--quick"]);
    await expect(run).rejects.toMatchObject({ code: 64, stderr: expect.stringContaining("quick") });
  });
});
