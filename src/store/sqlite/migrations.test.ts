import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { checksumOf, type Migration, migrations } from "../schema/migrations.ts";
import { openStore } from "../store.ts";
import { type Database, openDatabase } from "./database.ts";
import { checkVersion, migrate, schemaVersion } from "./migrations.ts";

const clock = manualClock();
let folder = "";
let path = "";
let open: Database[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-migrations-"));
  path = join(folder, "agent33.db");
});

afterEach(() => {
  for (const database of open) database.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

function database(): Database {
  const opened = openDatabase({ path });
  open.push(opened);
  return opened;
}

const names = (opened: Database): unknown[] =>
  opened.sql
    .all("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    .map(({ name }) => name);

const one: Migration = { name: "one", text: "CREATE TABLE a (x INTEGER) STRICT;" };
const two: Migration = {
  name: "two",
  text: "ALTER TABLE a ADD COLUMN y TEXT; CREATE TABLE b (x INTEGER) STRICT;",
};

test("applies what is missing, once, in order", () => {
  expect(migrate(database(), clock, [one])).toBe(1);
  const opened = database();
  expect(migrate(opened, clock, [one, two])).toBe(1);
  expect(migrate(opened, clock, [one, two])).toBe(0);
  expect(names(opened)).toEqual(["a", "b", "migrations"]);
  expect(opened.sql.all("SELECT version, name, applied_at FROM migrations")).toEqual([
    { version: 1, name: "one", applied_at: clock.now() },
    { version: 2, name: "two", applied_at: clock.now() },
  ]);
});

test("runs what a step does to the rows that are there, after its schema", () => {
  const opened = database();
  migrate(opened, clock, [one]);
  opened.sql.run("INSERT INTO a VALUES (?)", 7);
  const filling: Migration = { ...two, rows: "UPDATE a SET y = 'seven' WHERE x = 7;" };
  expect(migrate(opened, clock, [one, filling])).toBe(1);
  expect(opened.sql.all("SELECT x, y FROM a")).toEqual([{ x: 7, y: "seven" }]);
  // Both texts are remembered: with another one it is another step.
  expect(checksumOf(filling)).not.toBe(checksumOf(two));
  expect(() => checkVersion(opened, [one, two])).toThrowError(
    expect.objectContaining({ code: "store.migration_changed", details: { path, version: 2 } }),
  );
});

test("leaves nothing of a migration that fails half-way", () => {
  const opened = database();
  migrate(opened, clock, [one]);
  for (const broken of [
    { name: "two", text: `${two.text} CREATE TABLE a (again INTEGER);` },
    { ...two, rows: "INSERT INTO b VALUES (1); CREATE TABLE a (again INTEGER);" },
  ]) {
    expect(() => migrate(opened, clock, [one, broken])).toThrowError(
      expect.objectContaining({
        code: "store.failed",
        message: expect.stringContaining("already exists"),
      }),
    );
    expect(names(opened)).toEqual(["a", "migrations"]);
    expect(schemaVersion(opened)).toBe(1);
    expect(opened.sql.all("SELECT name FROM pragma_table_info('a')")).toEqual([{ name: "x" }]);
  }
  // Mended, it goes through.
  expect(migrate(opened, clock, [one, two])).toBe(1);
});

test("leaves an empty file when any step of a new file fails", () => {
  const opened = database();
  const broken = { name: "bad", text: "CREATE TABLE b (x INTEGER) STRICT; nonsense;" };
  for (const list of [[broken], [one, broken], [one, two, { ...one, name: "again" }]]) {
    expect(() => migrate(opened, clock, list)).toThrowError(
      expect.objectContaining({ code: "store.failed" }),
    );
    expect(names(opened)).toEqual([]);
    expect(schemaVersion(opened)).toBe(0);
    expect(opened.sql.get("PRAGMA application_id")).toEqual({ application_id: 0 });
  }
});

test("says the version of a file that it can work with, and writes nothing", () => {
  const opened = database();
  expect(checkVersion(opened, [one])).toBe(0);
  migrate(opened, clock, [one]);
  expect([checkVersion(opened, [one]), checkVersion(opened, [one, two])]).toEqual([1, 1]);
  expect(names(opened)).toEqual(["a", "migrations"]);
});

test("refuses a file of a later AGENT-33 and does not touch it", () => {
  migrate(database(), clock, [one, two]);
  const opened = database();
  expect(() => migrate(opened, clock, [one])).toThrowError(
    expect.objectContaining({
      code: "store.newer_schema",
      details: { path, found: 2, known: 1 },
      hint: expect.stringContaining("--data"),
    }),
  );
  opened.script("PRAGMA user_version = 1000");
  expect(() => openStore({ dataDir: folder, clock, ids: () => "id" })).toThrowError(
    expect.objectContaining({ code: "store.newer_schema" }),
  );
});

test("refuses a file whose migrations had another text", () => {
  migrate(database(), clock, [one]);
  const changed = { ...one, text: `${one.text} ` };
  expect(() => migrate(database(), clock, [changed, two])).toThrowError(
    expect.objectContaining({ code: "store.migration_changed" }),
  );
});

test("refuses a file whose history lacks a step", () => {
  const opened = database();
  migrate(opened, clock, [one, two]);
  opened.script("DELETE FROM migrations WHERE version = 2");
  expect(() => checkVersion(opened, [one, two])).toThrowError(
    expect.objectContaining({ code: "store.migration_changed" }),
  );
});

test("lets one of two openings do the work", () => {
  const [first, second] = [database(), database()];
  expect(migrate(first, clock) + migrate(second, clock)).toBe(migrations.length);
});

test("finds the work done by another that looked at the same time", () => {
  const [first, second] = [database(), database()];
  migrate(first, clock, [one]);
  // The other one finishes between the first one's look and its transaction.
  const late: Database = {
    ...first,
    transaction: (work) => {
      migrate(second, clock, [one, two]);
      return first.transaction(work);
    },
  };
  expect(migrate(late, clock, [one, two])).toBe(0);
  expect(schemaVersion(first)).toBe(2);
});

test("makes only STRICT tables", () => {
  const opened = database();
  migrate(opened, clock);
  const tables = opened.sql.all("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'");
  const loose = tables.filter(
    ({ name, strict }) => strict !== 1 && !String(name).startsWith("sqlite_"),
  );
  expect(loose).toEqual([]);
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "runs",
      "run_events",
      "audit",
      "approvals",
      "idempotency",
      "durable_runs",
      "durable_steps",
      "durable_messages",
      "signals",
      "budgets",
      "quarantine",
    ]),
  );
});
