import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { examineMachine } from "../../src/engine.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { openDatabase, placeOf } from "../../src/store/postgres/database.ts";
import { migrate } from "../../src/store/postgres/migrator.ts";
import { migrations } from "../../src/store/schema/migrations.ts";
import { testHost } from "../support/engine.ts";
import { databaseOf, ordinaryPassword } from "../support/postgres.ts";
import { describePostgres, parts } from "../support/postgres-tests.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** What the doctor says of the team's store, where the engine itself cannot be opened. */
async function teamStore(url: string | undefined): Promise<readonly unknown[]> {
  const cwd = temporaryFolder("doctor");
  const value = url ?? "";
  const flags =
    url === undefined ? [] : [{ setting: "learning.store", flag: "--learning-store", value }];
  const findings = await examineMachine(loadConfig({ cwd, env: {}, flags }), testHost(cwd), () => {
    throw new Error("not needed here");
  });
  expect(JSON.stringify(findings)).not.toContain("s3cret");
  return findings.filter(({ what }) => what === "team store");
}

test("the doctor says nothing of a team's store that is not set", async () => {
  expect(await teamStore(undefined)).toEqual([]);
});

test.each([
  ["postgres://me:s3cret-word@127.0.0.1:1/x", "store.unreachable"],
  ["postgres://me:s3cret-word@127.0.0.1:port/x", "store.bad_address"],
])("the doctor names what is wrong with the address of a team's store: %s", async (url, code) => {
  expect(await teamStore(url)).toEqual([
    {
      what: "team store",
      state: "warn",
      detail: expect.stringContaining(`${code}: `),
      fix: expect.any(String),
    },
  ]);
});

describePostgres("the doctor and a team's store", "shared", (server) => {
  test("that is empty is left so, and that is there is told with its version", async () => {
    const url = await server().freshDatabase();
    expect(ordinaryPassword).toContain("s3cret");
    expect(await teamStore(url)).toMatchObject([
      { state: "ok", detail: expect.stringMatching(/is empty/) },
    ]);
    const tables = "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    expect(await server().admin(tables, databaseOf(url))).toEqual([]);
    await (await openPostgresBackend({ ...parts, url })).close();
    const detail = `${placeOf(url)}, schema version ${migrations.length}`;
    expect(await teamStore(url)).toEqual([{ what: "team store", state: "ok", detail }]);
  });

  test("that is older is not brought up to date", async () => {
    const url = await server().freshDatabase();
    const database = openDatabase({ ...parts, url });
    await migrate(database, parts.clock, migrations.slice(0, 1));
    const older = { state: "warn", detail: expect.stringContaining("schema version 1; this") };
    expect(await teamStore(url)).toMatchObject([older]);
    expect(await teamStore(url)).toMatchObject([older]);
    await database.close();
  });

  test("whose role passes the walls between tenants is warned of", async () => {
    const url = await server().freshDatabase();
    await (await openPostgresBackend({ ...parts, url })).close();
    await server().admin("CREATE ROLE free LOGIN BYPASSRLS PASSWORD 's3cret' IN ROLE agent33");
    expect(await teamStore(server().as(url, "free", "s3cret"))).toMatchObject([
      { state: "warn", detail: expect.stringContaining("role free") },
    ]);
  });
});
