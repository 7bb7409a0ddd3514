import * as fc from "fast-check";
import { expect } from "vitest";
import { type NewSnapshot, parseNewSnapshot } from "../../learning/metric-snapshot.ts";
import { trendOf } from "../../learning/trend.ts";
import type { Backend } from "../backend.ts";
import { change } from "../program.ts";
import { type Case, code } from "./suite.cases.ts";

/** A snapshot of these values. */
export function newSnapshot(period: string, values: Readonly<Record<string, number>>): NewSnapshot {
  const metrics = Object.entries(values).map(([id, value]) => ({ id, value }));
  return parseNewSnapshot({ period, metrics });
}

const flaky = { id: "flaky", value: 3, unit: "tasks", polarity: "lower" } as const;

async function withCycleTimes(backend: Backend, ...values: readonly number[]) {
  const { metrics } = backend.tenant("a");
  for (const [index, value] of values.entries()) {
    await metrics.snapshot(newSnapshot(`month ${index + 1}`, { "IM-01": value }));
  }
  return metrics;
}

/** What the metrics of improvement stood at, time after time. */
export const metricsCases: readonly Case[] = [
  {
    name: "keeps a snapshot with what is known of its metrics",
    run: async ({ backend, clock }) => {
      const { metrics } = backend.tenant("a");
      expect(await metrics.latest()).toBeUndefined();
      const taken = await metrics.snapshot(
        parseNewSnapshot({ period: "2026-07", metrics: [{ id: "IM-02", value: 12.5 }, flaky] }),
      );
      expect(taken).toEqual({
        id: expect.stringMatching(/^MSN-[0-9a-f-]{36}$/),
        tenant: "a",
        period: "2026-07",
        takenAt: clock.now(),
        metrics: [
          {
            id: "IM-02",
            value: 12.5,
            name: "Rework rate",
            unit: "percent",
            polarity: "lower",
            target: 15,
            baseline: null,
          },
          { ...flaky, name: "flaky", target: null, baseline: null },
        ],
      });
      expect(await metrics.get(taken.id)).toEqual(taken);
      expect(await metrics.find(taken.id)).toEqual(taken);
      const next = await metrics.snapshot(newSnapshot("2026-08", { "IM-02": 11 }));
      expect(await metrics.latest()).toEqual(next);
      expect((await metrics.list()).items).toEqual([next, taken]);
      expect((await metrics.list({ period: "2026-07" })).items).toEqual([taken]);
      const first = await metrics.list({ limit: 1 });
      expect((await metrics.list({ cursor: first.nextCursor ?? "" })).items).toEqual([taken]);
      expect(await metrics.get("MSN-0")).toBeUndefined();
      await expect(metrics.find("MSN-zz")).rejects.toEqual(code("learning.unknown_snapshot"));
    },
  },
  {
    name: "remembers what a metric of its own is, and lets nobody turn it around",
    run: async ({ backend }) => {
      const { metrics } = backend.tenant("a");
      await expect(metrics.snapshot(newSnapshot("1", { flaky: 3 }))).rejects.toEqual(
        code("learning.bad_snapshot"),
      );
      await metrics.snapshot(parseNewSnapshot({ period: "1", metrics: [{ ...flaky, target: 1 }] }));
      await metrics.snapshot(newSnapshot("2", { "IM-01": 7 }));
      const later = await metrics.snapshot(newSnapshot("3", { flaky: 2 }));
      expect(later.metrics).toEqual([
        { ...flaky, value: 2, name: "flaky", target: 1, baseline: null },
      ]);
      const turned = parseNewSnapshot({ period: "4", metrics: [{ ...flaky, polarity: "higher" }] });
      await expect(metrics.snapshot(turned)).rejects.toEqual(code("learning.bad_snapshot"));
      expect((await metrics.list()).items).toHaveLength(3);
      await backend.tenant("b").metrics.snapshot(turned);
    },
  },
  {
    name: "tells the history of a metric, newest first",
    run: async ({ backend, clock }) => {
      const { metrics } = backend.tenant("a");
      const first = await metrics.snapshot(newSnapshot("1", { "IM-01": 10, "IM-03": 80 }));
      clock.advance(1000);
      await metrics.snapshot(newSnapshot("2", { "IM-03": 81 }));
      const third = await metrics.snapshot(newSnapshot("3", { "IM-01": 0.1 + 0.2 }));
      expect(await metrics.history("IM-01")).toEqual([
        { snapshotId: third.id, period: "3", takenAt: clock.now(), value: 0.1 + 0.2 },
        { snapshotId: first.id, period: "1", takenAt: clock.now() - 1000, value: 10 },
      ]);
      expect(await metrics.history("IM-01", 1)).toHaveLength(1);
      expect(await metrics.history("IM-05")).toEqual([]);
      await expect(metrics.history("flaki")).rejects.toMatchObject({
        code: "learning.unknown_metric",
        hint: "Known: IM-01, IM-02, IM-03, IM-04, IM-05.",
      });
    },
  },
  {
    name: "calls a cycle time that doubles declining",
    run: async ({ backend }) => {
      const metrics = await withCycleTimes(backend, 10, 20);
      expect(await metrics.trend("IM-01")).toEqual({
        metric: {
          id: "IM-01",
          name: "Cycle time",
          unit: "hours",
          polarity: "lower",
          target: null,
        },
        periods: 6,
        values: [10, 20],
        direction: "declining",
        firstMean: 10,
        secondMean: 20,
        change: 1,
      });
    },
  },
  {
    name: "looks at the last periods only, and says where there are too few",
    run: async ({ backend }) => {
      const metrics = await withCycleTimes(backend, 100, 10, 20, 40);
      expect(await metrics.trend("IM-01", 3)).toMatchObject({
        periods: 3,
        values: [10, 20, 40],
        firstMean: 10,
        secondMean: 30,
        direction: "declining",
      });
      expect(await metrics.trend("IM-01", 4)).toMatchObject({ direction: "improving" });
      expect(await metrics.trend("IM-01", 1)).toMatchObject({ direction: "insufficient" });
      expect(await metrics.trend("IM-02")).toMatchObject({
        values: [],
        direction: "insufficient",
        change: null,
      });
      await expect(metrics.trend("IM-1")).rejects.toMatchObject({
        code: "learning.unknown_metric",
        hint: 'Did you mean "IM-01"?',
      });
    },
  },
  {
    name: "lets one of many declare a metric, and the others follow or are refused",
    run: async ({ backend }) => {
      const { metrics } = backend.tenant("a");
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          metrics.snapshot(
            parseNewSnapshot({
              period: String(index),
              metrics: [{ ...flaky, polarity: index % 2 === 0 ? "lower" : "higher" }],
            }),
          ),
        ),
      );
      const taken = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      expect(taken).toHaveLength(10);
      expect(new Set(taken.map((one) => one.metrics[0]?.polarity)).size).toBe(1);
      expect(await metrics.history("flaky")).toHaveLength(10);
    },
  },
  {
    name: "refuses text that no backend can hold, and writes nothing",
    run: async ({ backend }) => {
      const { metrics } = backend.tenant("a");
      const bad = code("learning.bad_snapshot");
      for (const text of ["x\u0000", "\ud800"]) {
        const snapshot = { ...newSnapshot("1", { "IM-01": 1 }), period: text };
        await expect(metrics.snapshot(snapshot)).rejects.toEqual(bad);
        const named = { period: "1", metrics: [{ ...flaky, unit: text }] };
        await expect(metrics.snapshot(named)).rejects.toEqual(bad);
        const called = { period: "1", metrics: [{ ...flaky, id: text }] };
        await expect(metrics.snapshot(called)).rejects.toEqual(bad);
      }
      expect((await metrics.list()).items).toEqual([]);
      expect(await metrics.history("IM-01")).toEqual([]);
    },
  },
  {
    name: "names a damaged row",
    run: async ({ backend }) => {
      const metrics = await withCycleTimes(backend, 1);
      await backend.tables.write(function* () {
        yield* change("UPDATE metric_snapshots SET body = '{\"metrics\":[]}'");
      });
      await expect(metrics.latest()).rejects.toMatchObject({
        code: "store.bad_row",
        details: { table: "metric_snapshots" },
      });
    },
  },
  {
    name: "agrees with a plain list of values, to the last bit",
    run: async ({ backend }) => {
      let run = 0;
      const value = fc.oneof(
        fc.integer({ min: -100, max: 100 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      );
      const snapshot = fc.dictionary(fc.constantFrom("IM-01", "IM-02", "IM-03"), value, {
        minKeys: 1,
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(snapshot, { maxLength: 12 }),
          fc.integer({ min: 1, max: 8 }),
          async (snapshots, periods) => {
            run += 1;
            const { metrics } = backend.tenant(`model-${run}`);
            for (const [index, values] of snapshots.entries()) {
              await metrics.snapshot(newSnapshot(String(index), values));
            }
            for (const [id, polarity] of [
              ["IM-01", "lower"],
              ["IM-03", "higher"],
            ] as const) {
              const all = snapshots.flatMap((values) =>
                values[id] === undefined ? [] : [values[id] + 0],
              );
              const last = all.slice(-periods);
              const history = await metrics.history(id, periods);
              expect(history.map(({ value }) => value)).toEqual(last.toReversed());
              expect(await metrics.trend(id, periods)).toMatchObject({
                values: last,
                ...trendOf(last, polarity),
              });
            }
          },
        ),
        { numRuns: 30 },
      );
    },
  },
];
