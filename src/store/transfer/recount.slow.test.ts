import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { describePostgres, lentStore, parts } from "../../../test/support/postgres-tests.ts";
import type { Backend } from "../backend.ts";
import { openPostgresBackend } from "../postgres/backend.ts";
import { change, rows } from "../program.ts";
import { importStore } from "./import.ts";
import { miscounted, recountSignals } from "./recount.ts";
import { digestsOf, exportText, memoryBackend, textSource } from "./transfer.fixture.ts";

const clock = manualClock();
const hourMs = 3_600_000;
const start = 1_700_000_000_000;
let from: Backend;
let to: Backend;

beforeEach(async () => {
  [from, to] = [memoryBackend(), memoryBackend()];
  await fill(from);
});
afterEach(async () => {
  await from.close();
  await to.close();
});

/** Signals of two tenants, each of which is seen again hours and days later. */
async function fill(backend: Backend): Promise<void> {
  for (const tenant of ["a", "b"]) {
    for (const again of [0, 5, 30]) {
      const signals = Array.from({ length: 12 }, (_, index) => ({
        type: index % 2 === 0 ? ("bug" as const) : ("incident" as const),
        severity: "high" as const,
        summary: `Part ${"x".repeat(index + 1)} stops half-way`,
        details: "",
        source: `source ${"y".repeat(index % 3)}`,
        context: {},
        at: start + (index + again) * hourMs,
      }));
      await backend.tenant(tenant).signals.recordMany(signals, { dedupeWindowMs: 90 * hourMs });
    }
  }
}

const importText = (backend: Backend, text: string, batchLines = 500) =>
  importStore({ backend, source: textSource(text), clock, batchLines });
const countsOf = async (backend: Backend) => {
  const { signal_class_counts: classes, signal_source_counts: sources } = await digestsOf(backend);
  return { classes, sources };
};
const write = (backend: Backend, text: string) => backend.tables.write(() => change(text));
const lineOf = (text: string, table: string): RegExp =>
  new RegExp(`^\\{"table":"${table}".*\\n`, text.includes("\n") ? "m" : "");

describe("an import takes the file's counts, which know the hour of each repeat,", () => {
  test.each([3, 7, 500])("where all of the file came, in batches of %d lines", async (batch) => {
    const report = await importText(to, await exportText(from), batch);
    expect(report.whole).toBe(true);
    expect(await digestsOf(to)).toEqual(await digestsOf(from));
    expect(report.tables.filter(({ countedHere }) => countedHere > 0)).toEqual([]);
  });

  test.each<readonly [string, (text: string) => string]>([
    ["a signal is damaged", (text) => text.replace('"occurrences":3', '"occurrences":4')],
    ["a signal is missing", (text) => text.replace(lineOf(text, "signals"), "")],
    ["a signal stands in it twice", (text) => text.replace(lineOf(text, "signals"), "$&$&")],
    ["a count is damaged", (text) => text.replace('"grain":"day"', '"grain":"dai"')],
    ["a count is missing", (text) => text.replace(lineOf(text, "signal_class_counts"), "")],
    ["a line behind the counts is damaged", (text) => text.replace('{"end":', '{"table":"x"}\n$&')],
    ["it ends within the counts", (text) => text.slice(0, text.lastIndexOf('"signal_class') + 60)],
    ["it ends before its end", (text) => text.slice(0, text.lastIndexOf('{"end"'))],
  ])("but not where %s: then they are made of the signals here", async (_, damage) => {
    const text = await exportText(from);
    for (const batch of [4, 500]) {
      const backend = memoryBackend();
      const report = await importText(backend, damage(text), batch);
      expect(report.whole).toBe(false);
      expect(await backend.tables.read(miscounted)).toEqual([]);
      await backend.close();
    }
  });

  test("and once the rest of a file that was cut off is there", async () => {
    const text = await exportText(from);
    const cut = text.slice(0, text.lastIndexOf('"signal_class') + 60);
    expect(await importText(to, cut, 5)).toMatchObject({ whole: false, truncated: true });
    expect(await importText(to, text, 5)).toMatchObject({ whole: true, truncated: false });
    expect(await digestsOf(to)).toEqual(await digestsOf(from));
  });

  test("which a dry run foresees, and writes nothing", async () => {
    const before = await digestsOf(to);
    const source = textSource(await exportText(from));
    const report = await importStore({ backend: to, source, clock, dryRun: true });
    expect(report.whole).toBe(true);
    expect(report.tables.filter(({ countedHere }) => countedHere > 0)).toEqual([]);
    expect(await digestsOf(to)).toEqual(before);
  });

  test("but not where they do not agree with the file's own signals", async () => {
    await write(from, "UPDATE signal_source_counts SET signals = signals + 1 WHERE tenant = 'b'");
    const report = await importText(to, await exportText(from), 5);
    expect(report.whole).toBe(true);
    expect(await to.tables.read(miscounted)).toEqual([]);
    expect(report.tables.filter(({ countedHere }) => countedHere > 0)).toHaveLength(2);
  });
});

async function expectRecounts(backend: Backend): Promise<void> {
  const options = { dryRun: false };
  const sound = await countsOf(backend);
  expect(await recountSignals(backend, options)).toMatchObject({ dryRun: false, tenants: [] });
  expect(await countsOf(backend)).toEqual(sound);
  const counts = (tenant: string) =>
    backend.tables.read(() =>
      rows("SELECT * FROM signal_class_counts WHERE tenant = ? ORDER BY 2, 3, 4, 5", tenant),
    );
  const other = await counts("a");
  for (const text of [
    "DELETE FROM signal_class_counts WHERE tenant = 'b' AND type = 'bug'",
    "UPDATE signal_class_counts SET bucket = bucket + 3600000 WHERE tenant = 'b' AND grain = 'hour'",
    "UPDATE signal_class_counts SET high_quality = high_quality + 1 WHERE tenant = 'b'",
    "UPDATE signal_source_counts SET occurrences = occurrences + 1 WHERE tenant = 'b' AND grain = 'day'",
    `INSERT INTO signal_source_counts (tenant, grain, bucket, source, signals, occurrences)
     VALUES ('b', 'day', 0, 'nobody', 1, 1)`,
  ]) {
    await write(backend, text);
    const wrong = [expect.objectContaining({ tenant: "b", signals: 12 })];
    const damaged = await countsOf(backend);
    expect(await recountSignals(backend, { dryRun: true })).toMatchObject({ tenants: wrong });
    expect(await countsOf(backend)).toEqual(damaged);
    expect(await recountSignals(backend, options)).toMatchObject({ tenants: wrong });
    expect(await backend.tables.read(miscounted)).toEqual([]);
    expect(await counts("a")).toEqual(other);
  }
  const summary = await backend
    .tenant("b")
    .signalCounts.summary({ days: 30, now: start + 90 * hourMs });
  expect(summary).toMatchObject({ total: 12, occurrences: 36 });
}

test("counts anew where the counts are wrong, and leaves the other tenants' as they are", () =>
  expectRecounts(from));

describePostgres("in PostgreSQL", "shared", (server) => {
  test("counts anew where the counts are wrong, and leaves the other tenants' as they are", async () => {
    const backend = await openPostgresBackend({ ...parts, url: await lentStore(server()) });
    try {
      await fill(backend);
      await expectRecounts(backend);
    } finally {
      await backend.close();
    }
  });
});
