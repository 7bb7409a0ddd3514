import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAgent33Error } from "../../src/base/errors.ts";
import { type PostgresBackend, openPostgresBackend } from "../../src/store/postgres/backend.ts";
import {
  type Database,
  type DatabaseOptions,
  openDatabase,
} from "../../src/store/postgres/database.ts";
import { change, first, type Program, rows } from "../../src/store/program.ts";
import type { NewRun } from "../../src/store/repositories/runs.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { databaseOf, ordinaryRole } from "../support/postgres.ts";
import { describePostgres, freshStore, parts } from "../support/postgres-tests.ts";

const run = (id: string): NewRun => ({
  id,
  task: "count",
  agent: "coder",
  model: "scripted",
  effort: "medium",
  workspace: null,
  spec: {},
});

/** A row that shows what was kept. */
function* keep(id: string): Program<number> {
  return yield* change(
    `INSERT INTO transfers (id, kind, source, position, state, report, started_at, updated_at)
     VALUES (?, 'k', 's', 'p', 'running', '{}', 1, 1)`,
    id,
  );
}

/** A crash of the server leaves what it has written with the system, so nothing here needs fsync. */
const options = { settings: { deadlock_timeout: "50ms" } };

describePostgres("faults under a store on PostgreSQL", options, (server) => {
  async function bench(options: Partial<DatabaseOptions> = {}): Promise<{
    readonly url: string;
    readonly backend: PostgresBackend;
    readonly database: Database;
    readonly kept: () => Promise<readonly unknown[]>;
    readonly close: () => Promise<void>;
  }> {
    const url = await freshStore(server());
    const backend = await openPostgresBackend({ ...parts, url, poolSize: 12 });
    const database = openDatabase({ ...parts, url, ...options });
    const kept = async () =>
      (await server().admin("SELECT id FROM transfers ORDER BY id", databaseOf(url))).map(
        (row) => row["id"],
      );
    const close = async (): Promise<void> => {
      await Promise.all([backend.close(), database.close()]);
    };
    return { url, backend, database, kept, close };
  }

  test("a session that the server ends in a write is replaced, and the write runs again", async () => {
    const { database, kept, close } = await bench();
    let attempts = 0;
    const answer = await database.run("write", "all tenants", function* () {
      attempts += 1;
      yield* keep(`attempt-${attempts}`);
      if (attempts === 1) yield* rows("SELECT pg_terminate_backend(pg_backend_pid())");
      return "done";
    });
    expect(answer).toBe("done");
    expect(attempts).toBe(2);
    expect(await kept()).toEqual(["attempt-2"]);
    await close();
  });

  test("a session that is ended every time gives up with a typed error", async () => {
    const { database, kept, close } = await bench({
      clock: { ...parts.clock, sleep: async () => undefined },
    });
    let attempts = 0;
    const work = database.run("write", "all tenants", function* () {
      attempts += 1;
      yield* keep(`attempt-${attempts}`);
      yield* rows("SELECT pg_terminate_backend(pg_backend_pid())");
    });
    await expect(work).rejects.toMatchObject({ code: "store.unreachable", retryable: true });
    expect(attempts).toBe(5);
    expect(await kept()).toEqual([]);
    await close();
  });

  test("sessions that were ended while they were idle are replaced unnoticed", async () => {
    const { url, backend, close } = await bench();
    const a = backend.tenant("a");
    await Promise.all(Array.from({ length: 4 }, () => a.runs.list()));
    await server().admin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${databaseOf(url)}'`,
    );
    await a.runs.create(run("after"));
    expect(await a.runs.get("after")).toMatchObject({ id: "after" });
    await close();
  });

  test.each(["fast", "immediate"] as const)(
    "a server that is started again (%s) loses nothing that was acknowledged",
    async (how) => {
      const { backend, close } = await bench();
      const a = backend.tenant("a");
      const acknowledged: string[] = [];
      const failures: unknown[] = [];
      const stop = new AbortController();
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let count = 0; !stop.signal.aborted; count += 1) {
          const id = `${writer}-${count}`;
          try {
            await a.runs.create(run(id));
            acknowledged.push(id);
          } catch (error) {
            failures.push(error);
          }
        }
      });
      const pause = () => parts.clock.sleep(150);
      await pause();
      await server().stop(how);
      await server().start();
      const before = acknowledged.length;
      while (acknowledged.length < before + 20) await pause();
      stop.abort();
      await Promise.all(writers);
      const found = await backend.tables.read(() => rows("SELECT id FROM runs"));
      const kept = new Set(found.map((row) => row["id"]));
      expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
      expect(new Set(acknowledged).size).toBe(acknowledged.length);
      // Nothing is run again that may have been kept: then the run would exist already.
      const codes = failures.map((error) => (isAgent33Error(error) ? error.code : String(error)));
      const expected = ["store.outcome_unknown", "store.unreachable"];
      expect(codes.filter((code) => !expected.includes(code))).toEqual([]);
      await close();
    },
  );

  test("a connection that is cut before the commit is sent costs another attempt only", async () => {
    const { url, kept, close } = await bench();
    const proxy = await startCuttingProxy(server().port);
    const database = openDatabase({ ...parts, url: url.replace(/:\d+\//, `:${proxy.port}/`) });
    let attempts = 0;
    proxy.cutAt("INSERT INTO transfers", "after");
    await database.run("write", "all tenants", () => {
      attempts += 1;
      return keep("x");
    });
    expect(attempts).toBe(2);
    expect(await kept()).toEqual(["x"]);
    await database.close();
    await proxy.close();
    await close();
  });

  test.each([
    ["before", []],
    ["after", ["x"]],
  ] as const)(
    "a connection that is cut %s the server has the commit leaves the outcome open",
    async (when, left) => {
      const { url, kept, close } = await bench();
      const proxy = await startCuttingProxy(server().port);
      const database = openDatabase({ ...parts, url: url.replace(/:\d+\//, `:${proxy.port}/`) });
      let attempts = 0;
      proxy.cutAt("COMMIT\0", when);
      const work = database.run("write", "all tenants", () => {
        attempts += 1;
        return keep("x");
      });
      await expect(work).rejects.toMatchObject({
        code: "store.outcome_unknown",
        retryable: true,
        hint: expect.stringContaining("idempotency key"),
      });
      expect(attempts).toBe(1);
      expect(await kept()).toEqual(left);
      await database.close();
      await proxy.close();
      await close();
    },
  );

  test("what a database sets for transactions by default decides nothing", async () => {
    const { url, kept, close } = await bench();
    const name = databaseOf(url);
    await server().admin(
      `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable';
       ALTER DATABASE ${name} SET default_transaction_read_only = on`,
    );
    const database = openDatabase({ ...parts, url });
    await database.run("write", "all tenants", () => keep("one"));
    let attempts = 0;
    const add = () =>
      database.run("write", "all tenants", function* () {
        attempts += 1;
        yield* rows("SELECT 1 AS one");
        yield* rows("SELECT pg_sleep(0.05)");
        yield* change("UPDATE transfers SET position = position || 'x' WHERE id = 'one'");
      });
    await Promise.all([add(), add(), add()]);
    expect(attempts).toBe(3);
    const found = await database.run("read", "all tenants", () =>
      rows("SELECT position, current_setting('transaction_isolation') AS level FROM transfers"),
    );
    expect(found).toEqual([{ position: "pxxx", level: "repeatable read" }]);
    expect(await kept()).toEqual(["one"]);
    await database.close();
    await close();
  });

  test("of two writes in each other's way one runs again, and both are kept", async () => {
    const { database, close } = await bench();
    await database.run("write", "all tenants", function* () {
      yield* keep("one");
      yield* keep("two");
    });
    let attempts = 0;
    const both = (from: string, to: string) =>
      database.run("write", "all tenants", function* () {
        attempts += 1;
        const add = "UPDATE transfers SET position = position || ? WHERE id = ?";
        yield* change(add, from, from);
        yield* rows("SELECT pg_sleep(0.1)");
        yield* change(add, from, to);
      });
    await Promise.all([both("one", "two"), both("two", "one")]);
    expect(attempts).toBe(3);
    const found = await database.run("read", "all tenants", () =>
      rows("SELECT length(position) AS length FROM transfers"),
    );
    expect(found).toEqual([{ length: 7 }, { length: 7 }]);
    await close();
  });

  test("a write that waits too long for another's lock is told so", async () => {
    const { database, close } = await bench({ lockTimeoutMs: 50 });
    const held = database.run("write", "all tenants", function* () {
      yield* rows("LOCK TABLE transfers");
      yield* rows("SELECT pg_sleep(0.3)");
    });
    await parts.clock.sleep(100);
    const work = database.run("write", "all tenants", () => keep("x"));
    await expect(work).rejects.toMatchObject({ code: "store.busy", retryable: true });
    await held;
    await close();
  });

  test("a statement that takes too long is ended", async () => {
    const { database, close } = await bench({ statementTimeoutMs: 50 });
    const work = database.run("read", "all tenants", () => rows("SELECT pg_sleep(5)"));
    await expect(work).rejects.toMatchObject({ code: "store.busy" });
    await close();
  });

  test("a server that has no connection left is busy", async () => {
    const { database, close } = await bench();
    await server().admin(`ALTER ROLE ${ordinaryRole} CONNECTION LIMIT 0`);
    const work = database.run("read", "all tenants", () => rows("SELECT 1"));
    await expect(work).rejects.toMatchObject({
      code: "store.busy",
      details: { postgresCode: "53300" },
    });
    await server().admin(`ALTER ROLE ${ordinaryRole} CONNECTION LIMIT -1`);
    await close();
  });

  test("a read cannot write, and sees one state through all its statements", async () => {
    const { database, close } = await bench();
    const write = database.run("read", "all tenants", () => keep("x"));
    await expect(write).rejects.toMatchObject({ code: "store.readonly" });
    const count = "SELECT count(*) AS rows FROM transfers";
    const reading = database.run("read", "all tenants", function* () {
      const before = yield* first(count);
      yield* rows("SELECT pg_sleep(0.2)");
      return [before, yield* first(count)];
    });
    await parts.clock.sleep(50);
    await database.run("write", "all tenants", () => keep("y"));
    expect(await reading).toEqual([{ rows: 0 }, { rows: 0 }]);
    await close();
  });

  test("statements that were prepared outlive a change of their table", async () => {
    const { url, backend, close } = await bench();
    const a = backend.tenant("a");
    await a.runs.create(run("x"));
    const many = Array.from({ length: 40 });
    await Promise.all(many.map(() => a.runs.get("x")));
    await server().admin("ALTER TABLE runs ADD COLUMN later TEXT", databaseOf(url));
    // One that meets an outdated connection must not go on to meet all the others.
    expect(await a.runs.get("x")).toMatchObject({ id: "x" });
    for (const found of await Promise.all(many.map(() => a.runs.get("x")))) {
      expect(found).toMatchObject({ id: "x" });
    }
    await close();
  });

  test("a damaged page is called damage", async () => {
    const { url, backend, close } = await bench();
    await backend.tenant("a").runs.create(run("x"));
    const [file] = await server().admin(
      "SELECT pg_relation_filepath('runs') AS path",
      databaseOf(url),
    );
    await server().admin("CHECKPOINT");
    await server().stop("fast");
    const page = openSync(join(server().data, String(file?.["path"])), "r+");
    writeSync(page, Buffer.alloc(64, 0x5a), 0, 64, 8192 - 64);
    closeSync(page);
    await server().start();
    const read = backend.tables.read(() => rows("SELECT * FROM runs"));
    await expect(read).rejects.toMatchObject({ code: "store.corrupt" });
    await close();
  });

  test("closing waits for what is under way and refuses what comes after", async () => {
    const { database, backend, kept, close } = await bench();
    const work = Array.from({ length: 12 }, (_, index) =>
      database.run("write", "all tenants", function* () {
        yield* rows("SELECT pg_sleep(0.02)");
        yield* keep(String(index).padStart(2, "0"));
      }),
    );
    await database.close();
    expect((await Promise.allSettled(work)).map(({ status }) => status)).toEqual(
      work.map(() => "fulfilled"),
    );
    expect(await kept()).toHaveLength(12);
    await expect(database.run("read", "all tenants", () => rows("SELECT 1"))).rejects.toMatchObject(
      {
        code: "store.closed",
      },
    );
    const writes = Array.from({ length: 20 }, (_, index) =>
      backend.tenant("a").runs.create(run(`run-${index}`)),
    );
    await backend.close();
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual(
      writes.map(() => "fulfilled"),
    );
    await close();
  });
});
