import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { drive, type SqlValue, select } from "../program.ts";
import { queries } from "../queries.ts";
import { answerOf } from "./answer.ts";
import { applicationId, checkSqliteVersion, type Database, openDatabase } from "./database.ts";

let folder = "";
let path = "";
let open: Database[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-database-"));
  path = join(folder, "test.db");
});

afterEach(() => {
  for (const database of open) database.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

function database(options: Partial<Parameters<typeof openDatabase>[0]> = {}): Database {
  const opened = openDatabase({ path, busyTimeoutMs: 100, ...options });
  open.push(opened);
  return opened;
}

function withTable(): Database {
  const opened = database();
  opened.script(`PRAGMA application_id = ${applicationId}; CREATE TABLE t (a ANY, b ANY) STRICT`);
  return opened;
}

const pragma = (opened: Database, name: string): unknown =>
  opened.sql.get(`PRAGMA ${name}`)?.[name];
const rows = (opened: Database): unknown => opened.sql.all("SELECT a FROM t").map(({ a }) => a);

describe("openDatabase", () => {
  test("sets what keeps data safe", () => {
    const opened = database();
    expect(pragma(opened, "journal_mode")).toBe("wal");
    expect(pragma(opened, "synchronous")).toBe(2);
    expect(pragma(opened, "foreign_keys")).toBe(1);
    expect(pragma(opened, "trusted_schema")).toBe(0);
    expect(pragma(database({ synchronous: "normal" }), "synchronous")).toBe(1);
  });

  test("refuses a SQLite that can lose committed data", () => {
    for (const version of ["3.40.1", "3.51.2", "2.99.99"]) {
      expect(() => checkSqliteVersion(version)).toThrowError(
        expect.objectContaining({
          code: "store.old_sqlite",
          hint: expect.stringContaining("3.51.3"),
        }),
      );
    }
    for (const version of ["3.51.3", "3.51.10", "3.52.0", "4.0.0"]) checkSqliteVersion(version);
  });

  test("refuses a database of another program, and one that says whose it is", () => {
    const foreign = new DatabaseSync(path);
    foreign.exec("CREATE TABLE theirs (x)");
    foreign.close();
    expect(() => database()).toThrowError(expect.objectContaining({ code: "store.not_a_store" }));
    const named = new DatabaseSync(path);
    named.exec("DROP TABLE theirs; PRAGMA application_id = 7");
    named.close();
    expect(() => database()).toThrowError(expect.objectContaining({ code: "store.not_a_store" }));
    // It was looked at and not changed.
    const after = new DatabaseSync(path);
    expect(after.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "delete" });
    after.close();
  });
});

describe("parameters", () => {
  const bad: readonly unknown[] = [
    { a: 1 },
    new Date(0),
    [1],
    true,
    undefined,
    Number.NaN,
    () => 1,
  ];

  test.each(bad.map((value) => [String(value), value]))(
    "refuses %s instead of storing something else",
    (_, value) => {
      const opened = withTable();
      for (const parameters of [
        [value, "second"],
        ["first", value],
      ]) {
        expect(() =>
          opened.sql.run("INSERT INTO t VALUES (?, ?)", ...(parameters as SqlValue[])),
        ).toThrowError(expect.objectContaining({ code: "store.bad_parameter" }));
      }
      expect(rows(opened)).toEqual([]);
    },
  );

  test("refuses them in the query builder too", () => {
    const { script, sql } = withTable();
    script("CREATE TABLE runs (id TEXT) STRICT");
    const bad = queries
      .selectFrom("runs")
      .selectAll()
      .where("id", "=", { a: 1 } as never);
    expect(() => drive(select(bad), (statement) => answerOf(sql, statement))).toThrowError(
      expect.objectContaining({ code: "store.bad_parameter" }),
    );
  });

  test("stores text, numbers, big integers, null and bytes as they are", () => {
    const opened = withTable();
    const bytes = new Uint8Array([1, 2, 3]);
    for (const value of ["text", 1.5, 7n, null, bytes]) {
      opened.sql.run("INSERT INTO t VALUES (?, ?)", value, "second");
    }
    expect(opened.sql.all("SELECT a, b FROM t")).toEqual(
      ["text", 1.5, 7, null, bytes].map((a) => ({ a, b: "second" })),
    );
  });
});
