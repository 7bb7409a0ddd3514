import { migrations } from "../schema/migrations.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import { type Isolation, isolation } from "./isolation.ts";
import { checkVersion } from "./migrator.ts";

/** What is found at a PostgreSQL address. */
export interface PostgresReport {
  /** The address without the password. */
  readonly place: string;
  /** 0 where there is no store yet. */
  readonly schemaVersion: number;
  /** The version that this program works with. */
  readonly knownVersion: number;
  readonly isolation: Isolation;
}

/**
 * Looks at a store without making or changing anything.
 * @throws Agent33Error `store.bad_address`, `store.unreachable`, `store.access`,
 * `store.newer_schema`, `store.not_a_store`, other `store.*`
 */
export async function inspectPostgres(options: DatabaseOptions): Promise<PostgresReport> {
  const database = openDatabase(options);
  try {
    return {
      place: database.place,
      schemaVersion: await checkVersion(database),
      knownVersion: migrations.length,
      isolation: await database.run("read", "all tenants", isolation),
    };
  } finally {
    await database.close();
  }
}
