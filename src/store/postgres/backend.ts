import { Agent33Error } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";
import type { Backend, BusyNotice } from "../backend.ts";
import { driveAsync } from "../program.ts";
import { asyncRepositories, type TenantStore } from "../repositories/index.ts";
import { migrations } from "../schema/migrations.ts";
import { type BusyWatch, createBusyWatch } from "./busy-watch.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./database.ts";
import { createGroupCommit } from "./group-commit.ts";
import { type Isolation, isolation } from "./isolation.ts";
import { checkVersion, migrate, schemaVersion } from "./migrator.ts";

export interface PostgresBackendOptions extends DatabaseOptions {
  readonly ids: IdSource;
  /** Whether a store of an older version is brought up to date. Default false: it is refused. */
  readonly upgrade?: boolean;
  /** Told when a tenant's writes wait long, as for a lock of another session. */
  readonly onBusy?: (notice: BusyNotice) => void;
}

/** A store in a PostgreSQL database, which processes of several machines may share. */
export interface PostgresBackend extends Backend {
  /** Whether the database keeps the tenants apart by itself. */
  isolation(): Promise<Isolation>;
}

/**
 * Opens the store of a database, and makes it in one that is empty.
 * @throws Agent33Error `store.bad_address`, `store.unreachable`, `store.access`,
 * `store.older_schema`, `store.newer_schema`, `store.not_a_store`, `store.old_postgres`, other
 * `store.*`
 */
export async function openPostgresBackend(
  options: PostgresBackendOptions,
): Promise<PostgresBackend> {
  const { clock, upgrade } = options;
  const database = openDatabase(options);
  try {
    const found = await checkVersion(database);
    if (found > 0 && found < migrations.length && upgrade !== true) {
      throw olderSchema(database.place, found);
    }
    await migrate(database, clock);
  } catch (error) {
    await database.close();
    throw error;
  }
  return createPostgresBackend(database, options);
}

function createPostgresBackend(
  database: Database,
  { clock, ids, onBusy }: PostgresBackendOptions,
): PostgresBackend {
  const tenants = new Map<string, TenantStore>();
  const writer = createGroupCommit(database, clock);
  const watched: BusyWatch =
    onBusy === undefined ? (_, write) => write() : createBusyWatch(clock, onBusy);
  return {
    kind: "postgres",
    place: database.place,
    tenant: (tenant) => {
      const known = tenants.get(tenant);
      if (known !== undefined) return known;
      const made = asyncRepositories({ tenant, clock, ids }, (kind, make) =>
        kind === "read"
          ? database.run(kind, { tenant }, make)
          : watched(tenant, () => writer.submit(tenant, make)),
      );
      tenants.set(tenant, made);
      return made;
    },
    tables: {
      read: (make) => database.run("read", "all tenants", make),
      inOneState: (work) =>
        database.reading("all tenants", (session) =>
          work((make) => driveAsync(make(), (statement) => session.answer(statement))),
        ),
      write: (make) => database.run("write", "all tenants", make),
    },
    schemaVersion: () => database.run("read", "all tenants", schemaVersion),
    isolation: () => database.run("read", "all tenants", isolation),
    close: async () => {
      await writer.idle();
      await database.close();
    },
  };
}

function olderSchema(place: string, found: number): Agent33Error {
  return new Agent33Error(
    "store.older_schema",
    `The store ${place} has schema version ${found}; this AGENT-33 works with version ${migrations.length}.`,
    {
      hint: `Make a backup (pg_dump), then bring it up to date: agent33 store migrate ${place}`,
      details: { place, found, known: migrations.length },
    },
  );
}
