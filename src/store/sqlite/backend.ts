import type { Clock } from "../../base/clock.ts";
import type { IdSource } from "../../base/ids.ts";
import type { Backend, BusyNotice } from "../backend.ts";
import { drive, type Program } from "../program.ts";
import { asyncRepositories, type TenantStore } from "../repositories/index.ts";
import { answerOf } from "./answer.ts";
import { type Database, inMemory } from "./database.ts";
import { createGroupCommit } from "./group-commit.ts";
import type { KnownLogEnds } from "./log-ends.ts";
import { schemaVersion } from "./migrations.ts";
import { readOneState } from "./one-state.ts";

export interface SqliteBackendOptions {
  /** Open and migrated. The backend closes it. */
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** What the database's other users know of the ends of logs as well. */
  readonly logEnds: KnownLogEnds;
  readonly onBusy?: (notice: BusyNotice) => void;
}

/** A store in one SQLite file, or in memory: one writer with group commit, readers not blocked. */
export function createSqliteBackend(options: SqliteBackendOptions): Backend {
  const { database, clock, ids, logEnds, onBusy } = options;
  const writer = createGroupCommit({
    database,
    clock,
    ...(onBusy === undefined ? {} : { onBusy }),
  });
  const readNow = async <T>(make: () => Program<T>): Promise<T> =>
    database.snapshot((sql) => drive(make(), (statement) => answerOf(sql, statement)));
  const tenants = new Map<string, TenantStore>();
  const run = (kind: "read" | "write", make: () => Program<unknown>): Promise<unknown> =>
    kind === "read" ? readNow(make) : writer.submit(make);
  return {
    kind: database.path === inMemory ? "memory" : "sqlite",
    place: database.path,
    tenant: (tenant) => {
      const known = tenants.get(tenant);
      if (known !== undefined) return known;
      const made = asyncRepositories({ tenant, clock, ids, logEnds }, run);
      tenants.set(tenant, made);
      return made;
    },
    tables: {
      read: readNow,
      inOneState: (work) => readOneState(database, work),
      write: (make) =>
        writer.submit(() => {
          logEnds.forget();
          return make();
        }),
    },
    schemaVersion: async () => schemaVersion(database),
    close: async () => {
      await writer.idle();
      database.close();
    },
  };
}
