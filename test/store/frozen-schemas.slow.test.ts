import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { manualClock } from "../../src/base/clock.ts";
import type { SyncTenantStore } from "../../src/store/repositories/index.ts";
import { migrations } from "../../src/store/schema/migrations.ts";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { checkVersion, migrate } from "../../src/store/sqlite/migrations.ts";
import { databaseFile, openStore, type Store } from "../../src/store/store.ts";
import { dumpStore } from "../fixtures/store/dump.ts";

/** Stores of earlier schema versions, frozen. Whoever adds one adds two files and nothing here. */
const fixtures = join(import.meta.dirname, "..", "fixtures", "store");
const names = readdirSync(fixtures)
  .filter((name) => /^schema-\d{3}\.sql$/.test(name))
  .map((name) => name.slice(0, -".sql".length))
  .sort();

const expectedSchema = z.strictObject({
  /** The time at which the program of that version read what is expected. */
  at: z.number(),
  tenants: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** What is read for each name that the expectation has. */
const byName = (expected: unknown, read: (name: string) => unknown): unknown =>
  Object.fromEntries(Object.keys(expected as object).map((name) => [name, read(name)]));

/** How each section of the expectation is read today. */
const readers: Readonly<Record<string, (rows: SyncTenantStore, expected: unknown) => unknown>> = {
  runs: (rows) => rows.runs.list({ limit: 1000 }).items,
  runLog: (rows) =>
    Object.fromEntries(
      rows.runs.list({ limit: 1000 }).items.map(({ id }) => [id, rows.runLog.read(id)]),
    ),
  audit: (rows) => rows.audit.list({ limit: 1000 }).items,
  approvals: (rows) => rows.approvals.list(),
  // A key that is known is only read.
  idempotency: (rows, expected) =>
    byName(expected, (key) => rows.idempotency.reserve(key, undefined, 1)),
  budgets: (rows) => rows.budgets.list(),
  signals: (rows) => rows.signals.list({ limit: 1000 }).items,
  signalSummary: (rows) => rows.signalCounts.summary({ days: 30 }),
  learnedRuns: (rows, expected) => byName(expected, (runId) => rows.learnedRuns.mark(runId)),
  intakes: (rows) => rows.intakes.list({ limit: 1000 }).items,
  lessons: (rows) => rows.lessons.list({ limit: 1000 }).items,
  checklists: (rows) => rows.checklists.list({ limit: 1000 }).items,
  metrics: (rows) => rows.metrics.list({ limit: 1000 }).items,
  metricHistory: (rows, expected) =>
    byName(expected, (metricId) => rows.metrics.history(metricId, 1000)),
  refreshes: (rows) => rows.refreshes.list({ limit: 1000 }).items,
  breakers: (rows) => rows.breakers.list(),
  auditChain: (rows) => rows.auditChain.entries({ limit: 1000 }),
  checkpoints: (rows) => rows.auditChain.checkpoints({ limit: 1000 }),
  apiKeys: (rows) => rows.apiKeys.list({ limit: 1000 }).items,
  limitUses: (rows, expected) =>
    byName(expected, (scope) => rows.limitUses.usage("rule-1", scope, 0)),
};

let folder = "";
let store: Store | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-frozen-"));
});

afterEach(() => {
  store?.close();
  store = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const path = (): string => join(folder, databaseFile);
const textOf = (name: string): string => readFileSync(join(fixtures, `${name}.sql`), "utf8");

/** Every row of every table, by table. */
function rowsOf(): Readonly<Record<string, readonly Record<string, unknown>[]>> {
  const file = new DatabaseSync(path(), { readOnly: true });
  const tables = file
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  const found = tables.map(({ name }) => [
    String(name),
    file.prepare(`SELECT * FROM ${String(name)}`).all(),
  ]);
  file.close();
  return Object.fromEntries(found) as ReturnType<typeof rowsOf>;
}

function load(name: string): void {
  const file = new DatabaseSync(path());
  file.exec(textOf(name));
  file.close();
}

function upgrade(at = 0): void {
  const database = openDatabase({ path: path() });
  try {
    migrate(database, manualClock(at));
  } finally {
    database.close();
  }
}

/** A row without what a later version may have added to it. */
const restrictedTo = (
  row: Readonly<Record<string, unknown>>,
  columns: readonly string[],
): Record<string, unknown> => Object.fromEntries(columns.map((column) => [column, row[column]]));

const sorted = (rows: readonly unknown[]): readonly string[] =>
  rows.map((row) => JSON.stringify(row)).sort();

test("there is a frozen store of every schema version before this one", () => {
  expect(names).toEqual(
    expect.arrayContaining(
      migrations.slice(0, -1).map((_, index) => `schema-${String(index + 1).padStart(3, "0")}`),
    ),
  );
});

describe.each(names)("%s", (name) => {
  const version = Number(name.slice("schema-".length));
  const { at, tenants } = expectedSchema.parse(
    JSON.parse(readFileSync(join(fixtures, `${name}.expected.json`), "utf8")),
  );

  test("is a store of its version, with rows in every table", () => {
    load(name);
    const database = openDatabase({ path: path() });
    expect(checkVersion(database)).toBe(version);
    expect(database.sql.all("PRAGMA foreign_key_check")).toEqual([]);
    database.close();
    const { migrations: steps, ...tables } = rowsOf();
    expect(steps).toHaveLength(version);
    for (const [table, rows] of Object.entries(tables)) {
      expect(rows.length, table).toBeGreaterThanOrEqual(30);
    }
    // What was dumped once can be dumped again.
    const withoutHead = textOf(name).replace(/^(--.*\n)+/, "");
    expect(dumpStore(path())).toBe(withoutHead);
  });

  test("is not opened before it is brought up to date", () => {
    if (version === migrations.length) return;
    load(name);
    const open = (): Store => openStore({ dataDir: folder, clock: manualClock(), ids: () => "id" });
    expect(open).toThrowError(expect.objectContaining({ code: "store.older_schema" }));
  });

  test("keeps every row of every table, unchanged", () => {
    load(name);
    const before = rowsOf();
    upgrade();
    const after = rowsOf();
    expect(Object.keys(after)).toEqual(expect.arrayContaining(Object.keys(before)));
    for (const [table, rows] of Object.entries(before)) {
      const columns = Object.keys(rows[0] ?? {});
      const kept = (after[table] ?? []).filter(
        (row) => table !== "migrations" || Number(row["version"]) <= version,
      );
      expect(sorted(kept.map((row) => restrictedTo(row, columns))), table).toEqual(
        sorted(rows.map((row) => ({ ...row }))),
      );
    }
  });

  test("shows each tenant what it had, and nothing else", () => {
    load(name);
    upgrade(at);
    store = openStore({ dataDir: folder, clock: manualClock(at), ids: () => "id" });
    for (const [tenant, sections] of Object.entries(tenants)) {
      for (const [section, expected] of Object.entries(sections)) {
        const reader = readers[section];
        if (reader === undefined) throw new Error(`No reader for ${name}'s section "${section}".`);
        const found = reader(store.tenant(tenant), expected);
        expect(found, `${section} of ${tenant}`).toMatchObject(expected as object);
      }
    }
    expect(store.tenant("nobody").runs.list().items).toEqual([]);
    expect(store.tenant("nobody").audit.list().items).toEqual([]);
    expect(store.tenant("nobody").approvals.list()).toEqual([]);
  });

  test("goes on where its counters were, and has a sound file", () => {
    load(name);
    const last = Math.max(...(rowsOf()["runs"] ?? []).map(({ seq }) => Number(seq)));
    upgrade();
    store = openStore({ dataDir: folder, clock: manualClock(), ids: () => "id" });
    store.transactions.transaction((sql) => {
      expect(sql.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
      expect(sql.all("PRAGMA foreign_key_check")).toEqual([]);
    });
    const run = { task: "t", agent: "a", model: "m", effort: "low", workspace: null, spec: {} };
    store.tenant("acme").runs.create({ id: "new", ...run });
    expect(rowsOf()["runs"]?.find(({ id }) => id === "new")).toMatchObject({ seq: last + 1 });
  });
});
