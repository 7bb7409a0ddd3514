import { Client } from "pg";
import { expect, test } from "vitest";
import { type PostgresBackend, openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { type Database, openDatabase } from "../../src/store/postgres/database.ts";
import { change, rows } from "../../src/store/program.ts";
import type { NewRun } from "../../src/store/repositories/runs.ts";
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

const insertRun = `INSERT INTO runs (id, tenant, task, agent, model, effort, state, started_at,
  cost_micro_usd, unpriced_calls, spec) VALUES (?, ?, 't', 'a', 'm', 'e', 'running', 1, 0, 0, '{}')`;
const insertEvent =
  "INSERT INTO run_events (run_id, seq, at, type, event) VALUES (?, 1, 1, 't', '{}')";

describePostgres("tenants on PostgreSQL", "shared", (server) => {
  /** A store with one run and one event of the tenant "a", and a way to write statements by hand. */
  async function bench(): Promise<{
    readonly url: string;
    readonly backend: PostgresBackend;
    readonly database: Database;
    readonly close: () => Promise<void>;
  }> {
    const url = await freshStore(server());
    const backend = await openPostgresBackend({ ...parts, url });
    await backend.tenant("a").runs.create(run("run-a"));
    const database = openDatabase({ ...parts, url });
    await database.run("write", { tenant: "a" }, () => change(insertEvent, "run-a"));
    const close = async (): Promise<void> => {
      await Promise.all([backend.close(), database.close()]);
    };
    return { url, backend, database, close };
  }

  test("a statement that forgets its tenant sees no row of another", async () => {
    const { database, close } = await bench();
    for (const text of ["SELECT id FROM runs", "SELECT run_id AS id FROM run_events"]) {
      const seenBy = (tenant: string) => database.run("read", { tenant }, () => rows(text));
      expect(await seenBy("a")).toEqual([{ id: "run-a" }]);
      expect(await seenBy("b")).toEqual([]);
    }
    await close();
  });

  test("a run's journal is its tenant's, and what moves whole stores is nobody's", async () => {
    const { database, backend, close } = await bench();
    const inserts = [
      `INSERT INTO durable_runs (run_id, workflow, version, input, state, created_at, updated_at)
       VALUES ('run-a', 'w', 1, '{}', 'pending', 1, 1)`,
      `INSERT INTO durable_steps (run_id, position, kind, name, state, started_at)
       VALUES ('run-a', 1, 'call', 'n', 'started', 1)`,
      `INSERT INTO durable_messages (run_id, topic, key, payload, sent_at)
       VALUES ('run-a', 't', 'k', '{}', 1)`,
      `INSERT INTO transfers (id, kind, source, position, state, report, started_at, updated_at)
       VALUES ('x', 'k', 's', 'p', 'running', '{}', 1, 1)`,
    ];
    const refused = { code: "store.wrong_tenant" };
    for (const text of inserts) {
      const byB = database.run("write", { tenant: "b" }, () => change(text));
      await expect(byB).rejects.toMatchObject(refused);
      await backend.tables.write(() => change(text));
    }
    const tables = ["durable_runs", "durable_steps", "durable_messages", "transfers"];
    const seenBy = (tenant: string) =>
      Promise.all(
        tables.map(async (table) => {
          const text = `SELECT 1 AS one FROM ${table}`;
          const found = await database.run("read", { tenant }, () => rows(text));
          const changed = await database.run("write", { tenant }, () =>
            change(
              `UPDATE ${table} SET ${table === "transfers" ? "kind = 'y'" : "run_id = run_id"}`,
            ),
          );
          return [found.length, changed];
        }),
      );
    const [all, none] = [
      [1, 1],
      [0, 0],
    ];
    expect(await seenBy("a")).toEqual([all, all, all, none]);
    expect(await seenBy("b")).toEqual([none, none, none, none]);
    await close();
  });

  test("a statement that forgets its tenant changes no row of another", async () => {
    const { database, backend, close } = await bench();
    for (const text of ["UPDATE runs SET task = 'x'", "DELETE FROM run_events"]) {
      expect(await database.run("write", { tenant: "b" }, () => change(text))).toBe(0);
    }
    expect(await backend.tenant("a").runs.get("run-a")).toMatchObject({ task: "count" });
    await close();
  });

  test("a write in another tenant's name is refused", async () => {
    const { database, close } = await bench();
    const refused = { code: "store.wrong_tenant" };
    const asB = (text: string, ...values: readonly string[]) =>
      database.run("write", { tenant: "b" }, () => change(text, ...values));
    await expect(asB(insertRun, "run-x", "a")).rejects.toMatchObject(refused);
    await expect(asB(insertEvent, "run-a")).rejects.toMatchObject(refused);
    expect(await asB(insertRun, "run-b", "b")).toBe(1);
    await expect(asB("UPDATE runs SET tenant = ?", "a")).rejects.toMatchObject(refused);
    await close();
  });

  test("a connection carries no tenant from one transaction to the next", async () => {
    const { url, close } = await bench();
    const client = new Client({ connectionString: url, stream: parts.socket });
    await client.connect();
    await client.query("BEGIN; SELECT set_config('agent33.tenant', 'a', true)");
    expect((await client.query("SELECT id FROM runs")).rowCount).toBe(1);
    await client.query("COMMIT");
    expect((await client.query("SELECT id FROM runs")).rowCount).toBe(0);
    await client.end();
    await close();
  });

  test("whole tables are seen by what moves and checks a store", async () => {
    const { backend, close } = await bench();
    await backend.tenant("b").runs.create(run("run-b"));
    const all = await backend.tables.read(() => rows("SELECT id FROM runs ORDER BY seq"));
    expect(all).toEqual([{ id: "run-a" }, { id: "run-b" }]);
    expect(await backend.tables.write(() => change("UPDATE runs SET task = 'x'"))).toBe(2);
    await close();
  });

  test("every table with a tenant is walled, and those without are known by name", async () => {
    const { url, close } = await bench();
    const found = await server().admin(
      `SELECT relname AS name, relrowsecurity AND relforcerowsecurity AS walled,
         (SELECT count(*)::int FROM pg_policy WHERE polrelid = pg_class.oid) AS policies
       FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
      databaseOf(url),
    );
    const open = found.filter(({ walled }) => walled !== true).map(({ name }) => name);
    expect(open).toEqual(["migrations"]);
    const walled = found.filter((table) => table["walled"] === true);
    expect(walled.length).toBeGreaterThan(10);
    expect(walled.every((table) => table["policies"] === 1)).toBe(true);
    await close();
  });

  test("a tenant's name is data, whatever it is", async () => {
    const { backend, close } = await bench();
    const odd = `o'); DROP TABLE runs; -- \\ "`;
    await backend.tenant(odd).runs.create(run("run-odd"));
    expect((await backend.tenant(odd).runs.list()).items).toMatchObject([{ id: "run-odd" }]);
    expect((await backend.tenant("a").runs.list()).items).toMatchObject([{ id: "run-a" }]);
    for (const bad of ["a\0b", "\ud800"]) {
      expect(() => backend.tenant(bad)).toThrow(
        expect.objectContaining({ code: "store.bad_tenant" }),
      );
    }
    await close();
  });

  test("a changed or missing wall is built again when the store is opened", async () => {
    const { url, database, close } = await bench();
    const names = "SELECT polname AS name FROM pg_policy WHERE polrelid = 'runs'::regclass";
    const [policy] = await server().admin(names, databaseOf(url));
    await server().admin(
      `ALTER TABLE signals DISABLE ROW LEVEL SECURITY;
       ALTER POLICY ${String(policy?.["name"])} ON runs RENAME TO agent33_tenant_old`,
      databaseOf(url),
    );
    const again = await openPostgresBackend({ ...parts, url });
    expect(await server().admin(names, databaseOf(url))).toEqual([policy]);
    const [signals] = await database.run("read", "all tenants", () =>
      rows("SELECT relrowsecurity AS walled FROM pg_class WHERE relname = 'signals'"),
    );
    expect(signals).toEqual({ walled: 1 });
    await again.close();
    await close();
  });

  test("another program's table with a tenant column is left alone", async () => {
    const url = await server().freshDatabase();
    await server().admin("CREATE TABLE customers (tenant text)", databaseOf(url));
    const backend = await openPostgresBackend({ ...parts, url });
    const [table] = await server().admin(
      "SELECT relrowsecurity AS walled FROM pg_class WHERE relname = 'customers'",
      databaseOf(url),
    );
    expect(table).toEqual({ walled: false });
    await backend.close();
  });

  test("says whether the wall holds for the role", async () => {
    const { url, backend, close } = await bench();
    expect(await backend.isolation()).toEqual({ kind: "row-level" });
    await server().admin(`CREATE ROLE passer LOGIN BYPASSRLS PASSWORD 'p' IN ROLE ${ordinaryRole}`);
    const free = await openPostgresBackend({ ...parts, url: server().as(url, "passer", "p") });
    expect(await free.isolation()).toEqual({ kind: "bypassed", role: "passer" });
    await free.close();
    await close();
  });
});
