import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reportRows, reportText } from "../bench/report.ts";
import type { Timing } from "../bench/results.ts";
import { best, median, pairedRatio, percentile } from "../bench/statistics.ts";

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
