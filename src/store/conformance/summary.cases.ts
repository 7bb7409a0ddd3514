import { expect } from "vitest";
import { newSignal } from "./signals.cases.ts";
import { type Bench, type Case, code } from "./suite.cases.ts";
import { change } from "../program.ts";
import { dayMs, hourMs, summaryRows } from "../../learning/summary.ts";

const options = { dedupeWindowMs: dayMs };
/** A Saturday, in the middle of an hour. */
const now = Date.parse("2026-08-01T10:20:30Z");

function parts({ backend }: Bench, tenant = "a") {
  const { signals, signalCounts } = backend.tenant(tenant);
  const record = async (fields: Parameters<typeof newSignal>[0]) =>
    (await signals.record(newSignal({ at: now, ...fields }), options)).outcome;
  return { signals, signalCounts, record };
}

/** Sums of signals over time. */
export const summaryCases: readonly Case[] = [
  {
    name: "sums up by type, severity and source, with the mean quality",
    run: async (bench) => {
      const { signalCounts, record } = parts(bench);
      await record({ summary: "s".repeat(80), source: "ci" });
      await record({ summary: "s".repeat(80), source: "ci" });
      await record({ type: "security", summary: "x", severity: "low", source: "scan" });
      const details = { details: "d".repeat(160), context: { a: "", b: "", c: "", d: "", e: "" } };
      await record({ summary: "t".repeat(80), source: "ci", ...details, severity: "critical" });
      const none = { signals: 0, occurrences: 0 };
      expect(await signalCounts.summary({ days: 7, now })).toMatchObject({
        from: Date.parse("2026-07-25T11:00:00Z"),
        to: Date.parse("2026-08-01T11:00:00Z"),
        total: 3,
        occurrences: 4,
        // Of 0.630, 0.208 and 1.
        averageQuality: 0.613,
        highQuality: 1,
        byType: {
          bug: { signals: 2, occurrences: 3 },
          incident: none,
          feedback: none,
          performance: none,
          security: { signals: 1, occurrences: 1 },
          process: none,
        },
        bySeverity: {
          low: { signals: 1, occurrences: 1 },
          medium: none,
          high: { signals: 1, occurrences: 2 },
          critical: { signals: 1, occurrences: 1 },
        },
        bySource: {
          top: [
            { source: "ci", signals: 2, occurrences: 3 },
            { source: "scan", signals: 1, occurrences: 1 },
          ],
          other: none,
        },
        previous: { total: 0, occurrences: 0 },
        trend: { delta: 3, direction: "up" },
      });
    },
  },
  {
    name: "says of a store without signals that there are none",
    run: async (bench) => {
      const summary = await parts(bench).signalCounts.summary({ days: 2, now });
      expect(summary).toMatchObject({
        total: 0,
        occurrences: 0,
        averageQuality: null,
        highQuality: 0,
        bySource: { top: [], other: { signals: 0, occurrences: 0 } },
        trend: { delta: 0, direction: "stable" },
      });
      expect(summary.series).toHaveLength(3);
    },
  },
  {
    name: "counts every signal, however many there are",
    run: async (bench) => {
      const { signals, signalCounts } = parts(bench);
      const letters = "abcdefghijkl".split("");
      const inputs = letters.flatMap((one) =>
        letters.map((other) => newSignal({ at: now, summary: `${one}${other}`, source: one })),
      );
      await signals.recordMany(inputs, options);
      expect((await signals.list()).items).toHaveLength(50);
      const { total, trend } = await signalCounts.summary({ days: 7, now });
      expect(total).toBe(144);
      expect(trend).toEqual({ delta: 144, direction: "up" });
    },
  },
  {
    name: "compares with the window before: one now and one then is stable",
    run: async (bench) => {
      const { signalCounts, record } = parts(bench);
      await record({ summary: "now" });
      await record({ summary: "then", at: now - 10 * dayMs });
      await record({ summary: "long ago", at: now - 20 * dayMs });
      await parts(bench, "b").record({ summary: "of somebody else" });
      const summary = await signalCounts.summary({ days: 7, now });
      expect(summary).toMatchObject({ total: 1, trend: { delta: 0, direction: "stable" } });
      expect(summary.previous).toEqual({
        from: Date.parse("2026-07-18T11:00:00Z"),
        to: Date.parse("2026-07-25T11:00:00Z"),
        total: 1,
        occurrences: 1,
      });
      const earlier = await signalCounts.summary({ days: 14, now });
      expect(earlier).toMatchObject({ total: 2, trend: { delta: 1, direction: "up" } });
      const down = await signalCounts.summary({ hours: 1, now: now + hourMs });
      expect(down).toMatchObject({ total: 0, trend: { delta: -1, direction: "down" } });
    },
  },
  {
    name: "begins and ends with the hour, where days are not whole",
    run: async (bench) => {
      const { signalCounts, record } = parts(bench);
      const from = Date.parse("2026-07-30T11:00:00Z");
      const to = Date.parse("2026-08-01T11:00:00Z");
      const letters = "abcd".split("");
      for (const [index, at] of [from - 1, from, to - 1, to].entries()) {
        await record({ summary: `at ${letters[index]}`, at });
      }
      const summary = await signalCounts.summary({ days: 2, now });
      expect([summary.from, summary.to, summary.total]).toEqual([from, to, 2]);
      expect(summary.previous.total).toBe(1);
    },
  },
  {
    name: "shows every day or week, and counts a repeat when it happened",
    run: async (bench) => {
      const { signalCounts, record } = parts(bench);
      expect(await record({ summary: "a", at: Date.parse("2026-07-31T23:59:59.999Z") })).toBe(
        "recorded",
      );
      expect(await record({ summary: "a", at: Date.parse("2026-08-01T00:00:00Z") })).toBe(
        "repeated",
      );
      await record({ summary: "b", at: Date.parse("2026-07-26T23:00:00Z") });
      const rows = async (by: "day" | "week") =>
        summaryRows(await signalCounts.summary({ days: 6, hours: 12, now, by }), by).map(
          ({ key, signals, occurrences }) => `${key}: ${signals}, ${occurrences}`,
        );
      expect(await rows("day")).toEqual([
        "2026-07-25: 0, 0",
        "2026-07-26: 1, 1",
        "2026-07-27: 0, 0",
        "2026-07-28: 0, 0",
        "2026-07-29: 0, 0",
        "2026-07-30: 0, 0",
        "2026-07-31: 1, 1",
        "2026-08-01: 0, 1",
      ]);
      expect(await rows("week")).toEqual(["2026-W30: 1, 1", "2026-W31: 1, 2"]);
    },
  },
  {
    name: "names the twenty sources with the most signals and adds up the others",
    run: async (bench) => {
      const { signals, signalCounts } = parts(bench);
      const sources = Array.from(
        { length: 23 },
        (_, index) => `s${String(index).padStart(2, "0")}`,
      );
      const inputs = sources.flatMap((source, index) =>
        "abc"
          .split("")
          .slice(0, index === 22 ? 3 : 1)
          .map((summary) => newSignal({ at: now, source, summary })),
      );
      await signals.recordMany([...inputs, ...inputs.slice(21, 22)], options);
      const summary = await signalCounts.summary({ days: 1, now });
      // Of sources with as many signals, the one that was seen more often comes first.
      expect(summary.bySource.top.map(({ source }) => source)).toEqual([
        "s22",
        "s21",
        ...sources.slice(0, 18),
      ]);
      expect(summary.bySource.other).toEqual({ signals: 3, occurrences: 3 });
      expect(summaryRows(summary, "source").at(-1)).toEqual({
        key: "(other)",
        signals: 3,
        occurrences: 3,
      });
      expect(summaryRows(summary, "type")[0]).toEqual({
        key: "bug",
        signals: 25,
        occurrences: 26,
      });
    },
  },
  {
    name: "refuses a window that is none, and takes the clock's time where none is given",
    run: async (bench) => {
      const { signalCounts } = parts(bench);
      await expect(signalCounts.summary({ days: 0 })).rejects.toEqual(code("learning.bad_window"));
      const { to } = await signalCounts.summary();
      expect(to - bench.clock.now()).toBeLessThanOrEqual(hourMs);
      expect(to).toBeGreaterThan(bench.clock.now());
    },
  },
  {
    name: "notices where counts and signals differ",
    run: async (bench) => {
      const { signalCounts, record } = parts(bench);
      await record({ summary: "s".repeat(80) });
      expect(await signalCounts.checkCounts()).toEqual([]);
      await bench.backend.tables.write(function* () {
        yield* change("UPDATE signal_class_counts SET quality_total = 1 WHERE grain = 'day'");
        yield* change("DELETE FROM signal_source_counts WHERE grain = 'hour'");
      });
      expect(await signalCounts.checkCounts()).toEqual([
        { counts: "sources by hour", measure: "signals", kept: 0, expected: 1 },
        { counts: "sources by hour", measure: "occurrences", kept: 0, expected: 1 },
        { counts: "classes by day", measure: "quality", kept: 1, expected: 530 },
      ]);
    },
  },
];
