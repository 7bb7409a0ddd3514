import { afterAll, beforeAll, describe, onTestFinished } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { systemRandom } from "../../src/base/random.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { loopback, testGrant } from "./egress.ts";
import {
  databaseOf,
  type PostgresServer,
  type PostgresServerOptions,
  postgresMissing,
  startPostgres,
} from "./postgres.ts";

/** What a PostgreSQL store is opened with besides its address. */
export const parts = {
  clock: systemClock,
  random: systemRandom,
  ids: uuidv7Source(systemClock, systemRandom),
  socket: testGrant("opens a store in PostgreSQL", { connect: loopback }).socket,
};

/** Each test has a database, and each database some 300 files: a busy disk takes minutes over them. */
const removalMs = 600_000;

const templates = new WeakMap<PostgresServer, Promise<string>>();

/** The address of a new, empty store. The schema is made once and copied. */
export async function freshStore(server: PostgresServer): Promise<string> {
  const known = templates.get(server);
  const template =
    known ??
    server.template(async (url) => {
      await (await openPostgresBackend({ ...parts, url })).close();
    });
  templates.set(server, template);
  return server.freshDatabase({ template: await template });
}

const free = new WeakMap<PostgresServer, string[]>();

/**
 * An empty store for one test, emptied again for another: ten times cheaper than a new one. For
 * tests that leave the schema and the connections as they were.
 */
export async function lentStore(server: PostgresServer): Promise<string> {
  const stores = free.get(server) ?? [];
  free.set(server, stores);
  const known = stores.pop();
  if (known !== undefined) await empty(server, databaseOf(known));
  const url = known ?? (await freshStore(server));
  onTestFinished(() => void stores.push(url));
  return url;
}

async function empty(server: PostgresServer, database: string): Promise<void> {
  const tables = await server.admin(
    `SELECT format('DELETE FROM %s', oid::regclass) AS text FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'migrations'`,
    database,
  );
  // Foreign keys are not looked at, whatever the order.
  const unchecked = "SET session_replication_role = replica";
  const sequences = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'";
  await server.admin(
    [unchecked, ...tables.map(({ text }) => text), sequences].join("; "),
    database,
  );
}

/** A server for file after file of one process, with which it ends; its folder goes with the run's. */
let common: Promise<PostgresServer> | undefined;

/**
 * Tests on a server; skipped, with the reason in their name, where there is none.
 * @param options "shared" for a server that other files have used and will use; with options of a
 * server, also none, the tests have their own, and may stop it
 */
export function describePostgres(
  name: string,
  options: PostgresServerOptions | "shared",
  tests: (server: () => PostgresServer) => void,
): void {
  const missing = postgresMissing();
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name}: ${missing}`,
    () => {
      let server: PostgresServer | undefined;
      const ofRun = process.env["POSTGRES_TESTS"];
      const isCommon = options === "shared" && ofRun !== undefined;
      beforeAll(async () => {
        if (isCommon) common ??= startPostgres({}, ofRun);
        server = await (isCommon ? common : startPostgres(options === "shared" ? {} : options));
      });
      afterAll(async () => {
        if (!isCommon) await server?.remove();
      }, removalMs);
      tests(() => server as PostgresServer);
    },
  );
}
