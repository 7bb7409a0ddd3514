import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import type { Backend } from "../backend.ts";
import { rows } from "../program.ts";
import { bytesSource } from "./byte-source.ts";
import {
  type LegacyReport,
  type MigrateStateOptions,
  migrateLegacy,
  migrateState,
} from "./legacy.ts";
import {
  legacyBench,
  pythonIntake,
  pythonSignal,
  type PythonState,
  pythonState,
} from "./legacy.fixture.ts";
import { contentBytes } from "./quarantine.ts";
import { digestsOf, dyingAfter, memoryBackend } from "./transfer.fixture.ts";

const clock = manualClock();
const { store, folder, cleanUp } = legacyBench();

afterEach(cleanUp);

function migrate(
  backend: Backend,
  state: unknown,
  more: Partial<MigrateStateOptions> = {},
): Promise<LegacyReport> {
  const bytes =
    state instanceof Uint8Array
      ? state
      : Buffer.from(typeof state === "string" ? state : JSON.stringify(state, null, 2));
  const source = bytesSource("state.json", bytes);
  const options = { backend, source, kind: "legacy-json", clock, tenant: "local" } as const;
  return migrateState({ ...options, batchRecords: 50, ...more });
}

const all = (backend: Backend, text: string) => backend.tables.read(() => rows(text));

/** Whether the counts say what the signals' rows say. */
async function expectCountsAgree(backend: Backend): Promise<void> {
  for (const grain of ["hour", "day"]) {
    const counted = `SELECT tenant, type, severity, sum(signals) AS n, sum(quality_total) AS q
      FROM signal_class_counts WHERE grain = '${grain}' GROUP BY tenant, type, severity ORDER BY 1, 2, 3`;
    const there = `SELECT tenant, type, severity, count(*) AS n, sum(quality_score) AS q
      FROM signals GROUP BY tenant, type, severity ORDER BY 1, 2, 3`;
    expect(await all(backend, counted)).toEqual(await all(backend, there));
  }
}

test("takes every signal and intake over, linked, with their times, quality and tenants", async () => {
  const backend = store();
  const report = await migrate(backend, pythonState(120));
  expect(report).toMatchObject({
    signals: { read: 120, kept: 120, thereAlready: 0, repeated: 0 },
    intakes: { read: 12, kept: 12 },
    quarantined: { count: 0 },
    dangling: { count: 0 },
    truncated: false,
    resumed: false,
  });
  const signal = await backend.tenant("local").signals.get("LS-000000000003");
  expect(signal).toMatchObject({
    type: "bug",
    severity: "critical",
    source: "worker",
    provenance: "migrated",
    summary: "Retrieval timed out for topic 3 — größer als 30 s",
    context: { run: "run-3", host: "h{1}" },
    quality: { score: 0.021, label: "medium", reasons: ["context_missing"] },
    recordedAt: Date.UTC(2026, 2, 1, 0, 3, 3),
    intakeId: "RI-000000000003",
    occurrences: 1,
    state: "open",
  });
  const intake = await backend.tenant("local").intakes.get("RI-000000000003");
  expect(intake).toMatchObject({
    automatic: true,
    submittedBy: "learning-signals",
    signalIds: ["LS-000000000003"],
    relevance: { priority: 8, affectedPhases: ["31"] },
    disposition: { state: "submitted", decidedBy: null },
  });
  // The engine's one tenant is ours; a tenant that it knew by name stays.
  const tenants = await all(backend, "SELECT tenant, count(*) AS n FROM signals GROUP BY tenant");
  expect(tenants).toEqual([
    { tenant: "acme", n: 24 },
    { tenant: "local", n: 96 },
  ]);
  await expectCountsAgree(backend);
});

test("one bad record among 10,000 costs that record, which is set aside with reason and place", async () => {
  const backend = store();
  const state = pythonState(10_000);
  const bad = state.signals[5000];
  if (bad === undefined) throw new TypeError("no signal");
  bad["severity"] = "hihg";
  const text = JSON.stringify(state);
  const report = await migrate(backend, text, { batchRecords: 500 });
  expect(report.signals).toEqual({ read: 9999, kept: 9999, thereAlready: 0, repeated: 0 });
  const offset = Buffer.from(text).indexOf(JSON.stringify(bad));
  const reason = 'severity: "hihg" is not one of low, medium, high, critical. Did you mean "high"?';
  expect(report.quarantined).toEqual({ count: 1, first: [{ place: `byte ${offset}`, reason }] });
  const [kept] = await all(backend, "SELECT source, place, reason, content FROM quarantine");
  expect(kept).toMatchObject({ source: report.transfer, place: `byte ${offset}`, reason });
  expect(JSON.parse(Buffer.from(contentBytes(String(kept?.["content"]))).toString())).toEqual(bad);
  await expectCountsAgree(backend);
});

describe("what can be wrong with a record", () => {
  const bad = (more: object) => pythonSignal(1, more);
  const proto = '{"context":{"__proto__":"kept","constructor":"too"}}';
  test.each<readonly [string, Record<string, unknown> | string | null, RegExp]>([
    ["no object", "text", /expected object/i],
    ["null", null, /expected object/i],
    ["an unknown type", bad({ signal_type: "bugg" }), /signal_type: "bugg" is not one of/],
    ["no id", bad({ signal_id: undefined }), /signal_id/],
    ["no summary", bad({ summary: "" }), /summary/],
    [
      "a time that is none",
      bad({ recorded_at: "2026-02-30T00:00:00" }),
      /"2026-02-30T00:00:00" is no time/,
    ],
    ["a score out of range", bad({ quality_score: 1.5 }), /quality_score/],
    ["text that databases cannot hold", bad({ details: "a\u0000b" }), /U\+0000/],
    ["half of a character", bad({ source: "\ud800" }), /surrogate/],
    ["such text deep within", bad({ context: { k: "a\u0000b" } }), /context/],
    ["a source longer than ours may be", bad({ source: "x".repeat(201) }), /source.*at most 200/],
    ["a name in the context that would be lost", bad(JSON.parse(proto) as object), /"__proto__"/],
    ["such a name deep within", bad({ extra: [JSON.parse(proto) as object] }), /"__proto__"/],
    ["a context that is no map", bad({ context: ["x"] }), /context/],
  ])("%s", async (_, record, reason) => {
    const backend = store();
    const state = { signals: [pythonSignal(0), record, pythonSignal(2)] };
    const report = await migrate(backend, state);
    expect(report.signals.kept).toBe(2);
    expect(report.quarantined.count).toBe(1);
    expect(report.quarantined.first[0]?.reason).toMatch(reason);
    expect(await all(backend, "SELECT 1 FROM quarantine")).toHaveLength(1);
  });

  test("an intake too, and then its signal comes without it", async () => {
    const backend = store();
    const state = pythonState(10);
    Object.assign(state.generated_intakes[0] ?? {}, { disposition: { status: "lost" } });
    const report = await migrate(backend, state);
    expect(report).toMatchObject({
      signals: { kept: 10 },
      intakes: { read: 0, kept: 0 },
      quarantined: { count: 1 },
      dangling: {
        count: 1,
        first: [{ place: "signal LS-000000000003", reason: "there is no intake RI-000000000003" }],
      },
    });
    const signal = await backend.tenant("local").signals.get("LS-000000000003");
    expect(signal?.intakeId).toBeNull();
    // Once the intake is mended, the signal that is there gets its link.
    const mended = await migrate(backend, pythonState(10));
    expect(mended.intakes.kept).toBe(1);
    const linked = await backend.tenant("local").signals.get("LS-000000000003");
    expect(linked?.intakeId).toBe("RI-000000000003");
  });
});

test("reads times with and without a zone, old records without quality, and keeps unknown fields", async () => {
  const backend = store();
  const old = {
    signal_id: "LS-old",
    recorded_at: "2025-12-31 23:59:58.123456",
    signal_type: "process",
    severity: "high",
    summary: "An old signal with a summary of more than twenty characters",
    context: { count: 3 },
    team: "blue",
  };
  const zone = pythonSignal(7, { recorded_at: "2026-01-01T01:00:00+02:00", occurrence_count: 4 });
  const report = await migrate(backend, { signals: [old, zone] });
  expect(report).toMatchObject({ withoutZone: 1, signals: { kept: 2 }, quarantined: { count: 0 } });
  const first = await backend.tenant("local").signals.get("LS-old");
  expect(first).toMatchObject({
    recordedAt: Date.UTC(2025, 11, 31, 23, 59, 58, 123),
    details: "",
    source: "",
    context: { count: "3", "legacy.team": "blue" },
    quality: { label: "medium", reasons: ["details_missing", "source_missing"] },
  });
  const second = await backend.tenant("local").signals.get(String(zone["signal_id"]));
  expect(second).toMatchObject({ recordedAt: Date.UTC(2025, 11, 31, 23), occurrences: 4 });
  await expectCountsAgree(backend);
});

test("keeps the first of two records with one id; another is set aside unless it is the same", async () => {
  const backend = store();
  const first = pythonSignal(1);
  const state = { signals: [first, pythonSignal(2), first, { ...first, summary: "Other words" }] };
  const report = await migrate(backend, state);
  expect(report.signals).toEqual({ read: 3, kept: 2, thereAlready: 0, repeated: 1 });
  expect(report.quarantined.count).toBe(1);
  expect(report.quarantined.first[0]?.reason).toBe(
    "LS-000000000001 is there before with other content",
  );
  const kept = await backend.tenant("local").signals.get("LS-000000000001");
  expect(kept?.summary).toBe(first["summary"]);
});

test("reports links of which one end is missing", async () => {
  const backend = store();
  const state: PythonState = {
    signals: [pythonSignal(1)],
    generated_intakes: [pythonIntake(1)],
    signal_intake_map: {
      "LS-000000000001": "RI-gone",
      "LS-gone": "RI-000000000001",
      "LS-odd": 5,
    },
  };
  const report = await migrate(backend, state);
  expect(report.dangling).toEqual({
    count: 2,
    first: [
      { place: "signal LS-000000000001", reason: "there is no intake RI-gone" },
      {
        place: "signal_intake_map LS-gone",
        reason: "RI-000000000001 is of a signal that is not there",
      },
    ],
  });
  expect(report.quarantined.first[0]?.reason).toBe("not the id of an intake in signal_intake_map");
});

test("changes nothing of what is there, however often it is run", async () => {
  const backend = store();
  const state = pythonState(60);
  await migrate(backend, state);
  await backend.tenant("local").signals.transition("LS-000000000001", "resolved", "ann", "done");
  const before = await digestsOf(backend);
  const again = await migrate(backend, state);
  expect(again).toMatchObject({
    signals: { read: 60, kept: 0, thereAlready: 60 },
    intakes: { kept: 0, thereAlready: 6 },
  });
  expect(await digestsOf(backend)).toEqual(before);
});

test("goes on after being killed at any write, with nothing lost or doubled", async () => {
  const state = pythonState(90);
  Object.assign(state.signals[20] ?? {}, { severity: "none" });
  const source = JSON.stringify(state);
  const whole = store();
  await migrate(whole, source, { batchRecords: 10 });
  const expected = await digestsOf(whole);
  let alive = 0;
  for (; ; alive += 1) {
    const backend = store();
    const dying = migrate(dyingAfter(backend, alive), source, { batchRecords: 10 });
    if (
      await dying.then(
        () => true,
        () => false,
      )
    )
      break;
    const report = await migrate(backend, source, { batchRecords: 10 });
    expect(report).toMatchObject({
      resumed: alive > 0,
      quarantined: { count: 1 },
      signals: { read: 89, kept: 89, thereAlready: 0 },
      intakes: { read: 9, kept: 9 },
    });
    expect(await digestsOf(backend)).toEqual(expected);
    await expectCountsAgree(backend);
  }
  expect(alive).toBeGreaterThan(10);
});

test("foresees in a dry run what it does then, and writes nothing", async () => {
  const backend = store();
  const state = pythonState(50);
  await migrate(backend, { signals: state.signals.slice(0, 10) });
  state.signals.push(pythonSignal(1), pythonSignal(2, { summary: "Other words here" }), {});
  Object.assign(state.generated_intakes[1] ?? {}, { content: null });
  const before = await digestsOf(backend);
  const dry = await migrate(backend, state, { dryRun: true });
  expect(await digestsOf(backend)).toEqual(before);
  expect(await all(backend, "SELECT 1 FROM transfers")).toHaveLength(1);
  const real = await migrate(backend, state);
  expect({ ...dry, dryRun: false }).toEqual(real);
  expect(dry.signals).toEqual({ read: 51, kept: 40, thereAlready: 10, repeated: 1 });
  expect(dry.quarantined.count).toBe(3);
  expect(dry.dangling.count).toBe(1);
});

test("takes all that is left of a damaged file, whatever was damaged", async () => {
  const state = pythonState(30);
  const bytes = Buffer.from(JSON.stringify(state, null, 1));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), async (flips) => {
      const damaged = Buffer.from(bytes);
      for (const [place, code] of flips) damaged[place % damaged.length] = code;
      const backend = memoryBackend();
      try {
        const report = await migrate(backend, damaged);
        const { kept } = report.signals;
        expect(kept).toBeGreaterThanOrEqual(30 - 2 * flips.length);
        expect(kept === 30 || report.quarantined.count > 0).toBe(true);
        await expectCountsAgree(backend);
      } finally {
        await backend.close();
      }
    }),
    { numRuns: 40 },
  );
});

test("says of a file that is cut off that it is, and has what stands before the cut", async () => {
  const backend = store();
  const bytes = Buffer.from(JSON.stringify(pythonState(100)));
  const report = await migrate(backend, bytes.subarray(0, Math.floor(bytes.length / 3)));
  expect(report.truncated).toBe(true);
  expect(report.signals.kept).toBeGreaterThan(30);
  expect(report.quarantined).toMatchObject({
    count: 1,
    first: [{ reason: "the source ends within it" }],
  });
});

test("reads a JSON file by its path, and says how far it is", async () => {
  const path = join(folder(), "state.json");
  writeFileSync(path, JSON.stringify(pythonState(30)));
  const told: string[] = [];
  const backend = store();
  const report = await migrateLegacy({
    backend,
    path,
    kind: "legacy-json",
    clock,
    tenant: "local",
    onProgress: ({ phase, done, total }) => told.push(`${phase} ${done === total}`),
  });
  expect(report.signals.kept).toBe(30);
  expect(told).toEqual(["intakes false", "intakes true", "signals false", "signals true"]);
});
