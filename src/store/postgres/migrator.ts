import type { Clock } from "../../base/clock.ts";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import { driveAsync, first, type Program, rows } from "../program.ts";
import { postgresText } from "../schema/dialect.ts";
import { bookkeeping, checksumOf, type Migration, migrations } from "../schema/migrations.ts";
import type { Database } from "./database.ts";
import { unwalled, wall } from "./isolation.ts";
import type { SqlSession } from "./session.ts";

/** `server_version_num` of the oldest server that the tests run against. */
const oldestServer = 150_000;
const migrationLock = "SELECT pg_advisory_xact_lock(hashtextextended('agent33 migrations', 0))";
/** As long as another process may take to bring the schema up to date. Milliseconds. */
const migrationWaitMs = 300_000;

/**
 * Brings a database's schema up to date, each step with its row-level security and its bookkeeping
 * in one transaction: after a failure or a crash the database is at one version or the next, never
 * between, and no table is ever without its wall. A new database gets all steps in one. Returns how
 * many were applied. Several processes may do it at once: one does the work, the others find it
 * done.
 *
 * @throws Agent33Error `store.newer_schema` for a database of a later AGENT-33,
 * `store.migration_changed` for one whose schema has another history, `store.not_a_store` for one
 * with other programs' tables of the same names, other `store.*`
 */
export async function migrate(
  database: Database,
  clock: Clock,
  list: readonly Migration[] = migrations,
): Promise<number> {
  const found = await checkVersion(database, list);
  const steps = [...list.entries()].slice(found).map(([index]) => index + 1);
  if (found === 0)
    return inTurn(database, (session) => apply(session, database, clock, list, steps));
  let applied = 0;
  for (const version of steps) {
    applied += await inTurn(database, (session) =>
      apply(session, database, clock, list, [version]),
    );
  }
  // A store at the newest version may have walls of an older AGENT-33.
  if ((await database.run("read", "all tenants", () => unwalled(list))).length > 0) {
    await inTurn(database, (session) => wallAll(session, list));
  }
  return applied;
}

/**
 * The version of a database's schema, once it is known that this program can work with it.
 * @throws Agent33Error `store.old_postgres`, `store.bad_encoding`, `store.not_a_store`,
 * `store.newer_schema`, `store.migration_changed`, other `store.*`
 */
export async function checkVersion(
  database: Database,
  list: readonly Migration[] = migrations,
): Promise<number> {
  const { place } = database;
  const server = await database.run("read", "all tenants", describeServer);
  checkPostgresVersion(server.version, server.shown);
  if (server.encoding !== "UTF8") {
    throw new Agent33Error("store.bad_encoding", `${place} has the encoding ${server.encoding}.`, {
      hint: "Make a database that can hold every text: createdb -E UTF8 -T template0 NAME.",
      details: { place, encoding: server.encoding },
    });
  }
  if (server.bookkeeping !== "" && server.bookkeeping !== "version,name,checksum,applied_at") {
    throw notAStore(place, `its table "migrations" has the columns ${server.bookkeeping}`);
  }
  if (server.bookkeeping === "") return 0;
  const history = await database.run("read", "all tenants", readHistory);
  const found = history.length;
  if (found > list.length) {
    throw new Agent33Error(
      "store.newer_schema",
      `The store ${place} has schema version ${found}; this AGENT-33 knows versions up to ${list.length}.`,
      {
        hint: "Use the AGENT-33 that wrote it or a newer one, or choose another database.",
        details: { place, found, known: list.length },
      },
    );
  }
  for (const [index, checksum] of history.entries()) {
    const migration = list[index];
    if (migration === undefined || checksum === checksumOf(migration)) continue;
    throw new Agent33Error(
      "store.migration_changed",
      `Schema step ${index + 1} ("${migration.name}") of ${place} is not the one this AGENT-33 knows.`,
      {
        hint: "The store was made by a modified or unreleased build. Use that build, or choose another database.",
        details: { place, version: index + 1 },
      },
    );
  }
  return found;
}

/** The version of a database's schema; 0 for a new database. */
export function* schemaVersion(): Program<number> {
  const table = yield* first("SELECT to_regclass('migrations') IS NOT NULL AS made");
  return table?.["made"] === 1 ? (yield* readHistory()).length : 0;
}

/**
 * Refuses a server that is older than what this is tested with.
 * @param version its `server_version_num`
 * @throws Agent33Error `store.old_postgres`
 */
export function checkPostgresVersion(version: number, shown = String(version)): void {
  if (version >= oldestServer) return;
  const oldest = Math.trunc(oldestServer / 10_000);
  throw new Agent33Error("store.old_postgres", `The server is PostgreSQL ${shown}.`, {
    hint: `Use PostgreSQL ${oldest} or newer.`,
    details: { version, oldest },
  });
}

function* describeServer(): Program<{
  readonly version: number;
  readonly shown: string;
  readonly encoding: string;
  /** The columns of the table of migrations; empty where there is none. */
  readonly bookkeeping: string;
}> {
  const found = yield* first(
    `SELECT current_setting('server_version_num') AS version,
       current_setting('server_version') AS shown,
       current_setting('server_encoding') AS encoding,
       COALESCE((SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = to_regclass('migrations') AND attnum > 0 AND NOT attisdropped), '')
         AS bookkeeping`,
  );
  return {
    version: Number(found?.["version"]),
    shown: String(found?.["shown"]),
    encoding: String(found?.["encoding"]),
    bookkeeping: String(found?.["bookkeeping"]),
  };
}

/** The checksum of each step that was applied. The place in the list, from 1, is the version. */
function* readHistory(): Program<readonly string[]> {
  const found = yield* rows("SELECT checksum FROM migrations ORDER BY version");
  return found.map((row) => String(row["checksum"]));
}

/** One transaction that only one process is in at a time. */
async function inTurn<T>(
  database: Database,
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  return database.transaction("all tenants", async (session) => {
    // Changes of the schema may take long, and so may the wait for another process that makes them;
    // but where they wait for a table, everybody else queues behind them.
    const waits = `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${migrationWaitMs}`;
    await session.script(`${waits}; ${migrationLock}; SET LOCAL lock_timeout = 10000`, "patient");
    return work(session);
  });
}

async function apply(
  session: SqlSession,
  database: Database,
  clock: Clock,
  list: readonly Migration[],
  versions: readonly number[],
): Promise<number> {
  // Another process may have done it while this one waited for its turn.
  const found = await driveAsync(schemaVersion(), (statement) => session.answer(statement));
  let applied = 0;
  for (const version of versions) {
    const migration = list[version - 1];
    if (migration === undefined || found >= version) continue;
    await build(session, database.place, migration);
    await wallAll(session, list.slice(0, version));
    await session.answer({
      want: "changes",
      text: "INSERT INTO migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
      parameters: [version, migration.name, checksumOf(migration), clock.now()],
    });
    applied += 1;
  }
  return applied;
}

async function build(session: SqlSession, place: string, migration: Migration): Promise<void> {
  try {
    await session.script(
      `${postgresText(`${bookkeeping}${migration.text}`)}${migration.postgres ?? ""}`,
      "patient",
    );
  } catch (error) {
    // A table or an index of that name is there, and no migration of ours made it.
    const exists = isAgent33Error(error) && error.details?.["postgresCode"] === "42P07";
    throw exists ? notAStore(place, error.message, error) : error;
  }
}

async function wallAll(session: SqlSession, list: readonly Migration[]): Promise<void> {
  const missing = await driveAsync(unwalled(list), (statement) => session.answer(statement));
  await wall(session, missing);
}

function notAStore(place: string, why: string, cause?: unknown): Agent33Error {
  return new Agent33Error(
    "store.not_a_store",
    `The database ${place} holds another program's tables: ${why}.`,
    {
      hint: "Choose another database, or a schema of its own (CREATE SCHEMA agent33; ALTER ROLE … SET search_path = agent33).",
      details: { place },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
