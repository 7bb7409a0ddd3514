import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { isAgent33Error } from "../../src/base/errors.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { openDatabase, placeOf } from "../../src/store/postgres/database.ts";
import { checkPostgresVersion, migrate, schemaVersion } from "../../src/store/postgres/migrator.ts";
import { rows } from "../../src/store/program.ts";
import { type Migration, migrations } from "../../src/store/schema/migrations.ts";
import { databaseOf, ordinaryPassword } from "../support/postgres.ts";
import { describePostgres, parts } from "../support/postgres-tests.ts";
import { loopback, testGrant } from "../support/egress.ts";

test("the oldest server that is supported is 15", () => {
  expect(() => checkPostgresVersion(150_000)).not.toThrow();
  expect(() => checkPostgresVersion(140_011, "14.11")).toThrow(
    expect.objectContaining({
      code: "store.old_postgres",
      message: "The server is PostgreSQL 14.11.",
    }),
  );
});

test("a store's place is its address without the password", () => {
  expect(placeOf("postgres://me:se%2Fcret@db.example:6000/store?sslmode=verify-full")).toBe(
    "postgres://me@db.example:6000/store",
  );
  expect(placeOf("postgres://me:secret@/store?host=/run/sockets")).toBe(
    "postgres://me@%2Frun%2Fsockets:5432/store",
  );
});

test.each(["mysql://me:secret@host/db", "postgres://me:secret@ho st:x/db", "me:secret@host"])(
  "a bad address is refused without being repeated: %s",
  (url) => {
    try {
      placeOf(url);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "store.bad_address" });
      expect(inspect(error, { depth: 10 }).includes("secret")).toBe(false);
    }
  },
);

const { socket } = testGrant("looks for a host that does not exist", {
  connect: [...loopback, "nowhere.invalid:*"],
});

describePostgres("opening a store on PostgreSQL", "shared", (server) => {
  test("an empty database becomes a store, and stays one", async () => {
    const url = await server().freshDatabase();
    const made = await openPostgresBackend({ ...parts, url });
    expect(made.kind).toBe("postgres");
    expect(made.place).toBe(`postgres://agent33@127.0.0.1:${server().port}/${databaseOf(url)}`);
    expect(await made.schemaVersion()).toBe(migrations.length);
    await made.close();
    const again = await openPostgresBackend({ ...parts, url });
    expect(await again.schemaVersion()).toBe(migrations.length);
    await again.close();
  });

  test("several that open an empty database at once make one store", async () => {
    const url = await server().freshDatabase();
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => openPostgresBackend({ ...parts, url })),
    );
    const versions = await server().admin("SELECT version FROM migrations", databaseOf(url));
    expect(versions).toHaveLength(migrations.length);
    await Promise.all(opened.map((backend) => backend.close()));
  });

  test("an older store is brought up to date only when that is asked for, and keeps its rows", async () => {
    const url = await server().freshDatabase();
    const database = openDatabase({ ...parts, url });
    expect(await migrate(database, parts.clock, migrations.slice(0, 1))).toBe(1);
    await server().admin(
      `INSERT INTO audit (call_id, at, state, connector, operation, decision, rule_id, outcome, record)
       VALUES ('c', 1, 'open', 'x', 'y', 'allow', 'r', 'ok', '{}')`,
      databaseOf(url),
    );
    await expect(openPostgresBackend({ ...parts, url })).rejects.toMatchObject({
      code: "store.older_schema",
    });
    const backend = await openPostgresBackend({ ...parts, url, upgrade: true });
    expect(await backend.schemaVersion()).toBe(migrations.length);
    expect(await backend.tenant("default").audit.get("c")).toMatchObject({ callId: "c" });
    await backend.close();
    await database.close();
  });

  test("a migration that fails leaves nothing behind", async () => {
    const url = await server().freshDatabase();
    const database = openDatabase({ ...parts, url });
    const broken: readonly Migration[] = [
      { name: "first", text: "CREATE TABLE things (id TEXT, tenant TEXT) STRICT;" },
      {
        name: "second",
        text: "CREATE TABLE more (id TEXT) STRICT; ALTER TABLE nothing RENAME TO x;",
      },
    ];
    await expect(migrate(database, parts.clock, broken)).rejects.toMatchObject({
      code: "store.failed",
    });
    const left = () =>
      database.run("read", "all tenants", () =>
        rows(
          "SELECT relname AS name FROM pg_class WHERE relname IN ('things', 'more', 'migrations')",
        ),
      );
    expect(await left()).toEqual([]);
    expect(await migrate(database, parts.clock, broken.slice(0, 1))).toBe(1);
    await expect(migrate(database, parts.clock, broken)).rejects.toThrow("nothing");
    expect(await database.run("read", "all tenants", schemaVersion)).toBe(1);
    expect(await left()).toHaveLength(2);
    await database.close();
  });

  test("a store of a later version is refused", async () => {
    const url = await server().freshDatabase();
    await (await openPostgresBackend({ ...parts, url })).close();
    await server().admin("INSERT INTO migrations VALUES (99, 'x', 'x', 1)", databaseOf(url));
    await expect(openPostgresBackend({ ...parts, url })).rejects.toMatchObject({
      code: "store.newer_schema",
      details: { found: migrations.length + 1, known: migrations.length },
    });
  });

  test("a store with another history is refused", async () => {
    const url = await server().freshDatabase();
    await (await openPostgresBackend({ ...parts, url })).close();
    await server().admin("UPDATE migrations SET checksum = 'x' WHERE version = 1", databaseOf(url));
    await expect(openPostgresBackend({ ...parts, url })).rejects.toMatchObject({
      code: "store.migration_changed",
    });
  });

  test.each([
    "CREATE TABLE migrations (id serial PRIMARY KEY, timestamp bigint, name text)",
    "CREATE TABLE runs (id int)",
  ])("a database of another program is refused and left as it is: %s", async (text) => {
    const url = await server().freshDatabase();
    await server().admin(text, databaseOf(url));
    await expect(openPostgresBackend({ ...parts, url })).rejects.toMatchObject({
      code: "store.not_a_store",
    });
    const tables =
      "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    expect(await server().admin(tables, databaseOf(url))).toHaveLength(1);
  });

  test("a database that cannot hold every text is refused", async () => {
    const url = await server().freshDatabase();
    const name = `${databaseOf(url)}_latin`;
    await server().admin(
      `CREATE DATABASE ${name} OWNER agent33 TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc`,
    );
    const latin = url.replace(databaseOf(url), name);
    await expect(openPostgresBackend({ ...parts, url: latin })).rejects.toMatchObject({
      code: "store.bad_encoding",
    });
  });

  test("a role that may not make tables is told what it lacks", async () => {
    const url = await server().freshDatabase();
    await server().admin("CREATE ROLE guest LOGIN PASSWORD 'p'");
    await expect(
      openPostgresBackend({ ...parts, url: server().as(url, "guest", "p") }),
    ).rejects.toMatchObject({
      code: "store.access",
      message: expect.stringContaining("permission denied for schema public"),
    });
  });

  test.each([
    [
      "a wrong password",
      (url: string) => url.replace(/:[^:@]+@/, ":wr%40ng-secret@"),
      "store.access",
    ],
    ["an unknown role", (url: string) => url.replace("//agent33:", "//nobody:"), "store.access"],
    ["an unknown database", (url: string) => `${url}x`, "store.access"],
    [
      "an unknown host",
      (url: string) => url.replace("127.0.0.1", "nowhere.invalid"),
      "store.unreachable",
    ],
    ["a closed port", (url: string) => url.replace(/:\d+\//, ":1/"), "store.unreachable"],
    ["no encryption", (url: string) => `${url}?sslmode=verify-full`, "store.access"],
  ])("%s is told without the password", async (_, change, code) => {
    const url = change(await server().freshDatabase());
    const failure = await openPostgresBackend({ ...parts, url, socket }).catch(
      (error: unknown) => error,
    );
    if (!isAgent33Error(failure)) return expect.unreachable();
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(placeOf(url));
    const shown = `${inspect(failure, { depth: 20 })}${JSON.stringify(failure)}`;
    for (const secret of [ordinaryPassword, encodeURIComponent(ordinaryPassword), "ng-secret"]) {
      expect(shown.includes(secret)).toBe(false);
    }
  });

  test("a server that speaks something else is not waited for longer than allowed", async () => {
    const other = createServer((_, response) => response.end("hello"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const url = `postgres://me:secret@127.0.0.1:${port}/db`;
    const opened = openPostgresBackend({ ...parts, url, connectTimeoutMs: 300 });
    await expect(opened).rejects.toMatchObject({ code: expect.stringMatching(/^store\./) });
    other.close();
  });
});
