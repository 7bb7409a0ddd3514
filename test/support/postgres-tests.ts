import { afterAll, beforeAll, describe } from "vitest";
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

/** Empties a store that tests share: a new one costs ten times as much. */
export async function emptyStore(server: PostgresServer, url: string): Promise<void> {
  const database = databaseOf(url);
  const tables = await server.admin(
    `SELECT format('DELETE FROM %s', oid::regclass) AS text FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'migrations'`,
    database,
  );
  const sequences = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'";
  await server.admin([...tables.map(({ text }) => text), sequences].join("; "), database);
}

/** Tests that share one server; skipped, with the reason in their name, where there is none. */
export function describePostgres(
  name: string,
  options: PostgresServerOptions,
  tests: (server: () => PostgresServer) => void,
): void {
  const missing = postgresMissing();
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name}: ${missing}`,
    () => {
      let server: PostgresServer | undefined;
      beforeAll(async () => {
        server = await startPostgres(options);
      });
      afterAll(async () => {
        await server?.remove();
      }, removalMs);
      tests(() => server as PostgresServer);
    },
  );
}
