import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applicationId, checkSqliteVersion, type Database, openDatabase } from "./database.ts";
import { createQueries } from "./queries.ts";
import type { SqlValue } from "./session.ts";

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

  test("refuses them in the query builder too", async () => {
    const queries = createQueries(withTable().sql);
    const bad = queries
      .selectFrom("runs")
      .selectAll()
      .where("id", "=", { a: 1 } as never);
    await expect(bad.execute()).rejects.toMatchObject({ code: "store.bad_parameter" });
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

describe("transaction", () => {
  const insert = "INSERT INTO t (a) VALUES (?)";

  test("commits when the function returns and rolls back when it throws", () => {
    const opened = withTable();
    expect(opened.transaction((sql) => sql.run(insert, 1).changes)).toBe(1);
    expect(() =>
      opened.transaction((sql) => {
        sql.run(insert, 2);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(rows(opened)).toEqual([1]);
  });

  test("joins a call inside a call", () => {
    const opened = withTable();
    const outer = (): void => {
      opened.transaction((sql) => {
        opened.transaction((inner) => inner.run(insert, 1));
        sql.run(insert, 2);
        throw new Error("no");
      });
    };
    expect(outer).toThrow("no");
    expect(rows(opened)).toEqual([]);
  });

  test("commits nothing when a joined call failed, even if its caller looks away", () => {
    const opened = withTable();
    expect(() =>
      opened.transaction((sql) => {
        sql.run(insert, 1);
        try {
          opened.transaction(() => {
            throw new Error("inner");
          });
        } catch {
          sql.run(insert, 2);
        }
      }),
    ).toThrow("inner");
    expect(rows(opened)).toEqual([]);
    // The next one is not affected.
    opened.transaction((sql) => sql.run(insert, 3));
    expect(rows(opened)).toEqual([3]);
  });

  test("refuses a function that goes on after it returns", () => {
    const opened = withTable();
    const later = async (): Promise<void> => {
      opened.sql.run(insert, 1);
    };
    expect(() => opened.transaction(later)).toThrowError(
      expect.objectContaining({ code: "store.async_transaction" }),
    );
    expect(rows(opened)).toEqual([]);
  });

  test("calls back after the commit, in order, and never after a rollback", () => {
    const opened = withTable();
    const seen: unknown[] = [];
    opened.transaction((sql) => {
      opened.afterCommit(() => seen.push(["first", rows(opened)]));
      opened.transaction(() => opened.afterCommit(() => seen.push("second")));
      sql.run(insert, 1);
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual([["first", [1]], "second"]);
    expect(() =>
      opened.transaction(() => {
        opened.afterCommit(() => seen.push("never"));
        throw new Error("no");
      }),
    ).toThrow("no");
    opened.transaction((sql) => sql.run(insert, 2));
    expect(seen).toHaveLength(2);
  });

  test("keeps a fault of a listener from the writer", () => {
    const faults: unknown[] = [];
    const opened = database({ onListenerError: (error) => faults.push(error) });
    opened.script("CREATE TABLE t (a ANY) STRICT");
    opened.transaction((sql) => {
      opened.afterCommit(() => {
        throw new Error("listener");
      });
      sql.run(insert, 1);
    });
    expect(rows(opened)).toEqual([1]);
    expect(faults).toMatchObject([{ message: "listener" }]);
  });

  test("gives up with store.busy after a bounded wait while another holds the lock", () => {
    const holder = withTable();
    const other = database({ busyTimeoutMs: 50 });
    holder.transaction(() => {
      const began = performance.now();
      expect(() => other.transaction((sql) => sql.run(insert, 1))).toThrowError(
        expect.objectContaining({ code: "store.busy", retryable: true }),
      );
      expect(performance.now() - began).toBeGreaterThan(90);
    });
    other.transaction((sql) => sql.run(insert, 2));
    expect(rows(holder)).toEqual([2]);
  });
});
