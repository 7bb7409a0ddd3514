import { type DatabaseOptions, openDatabase } from "./database.ts";
import { checkVersion } from "./migrator.ts";

/**
 * The schema version of a database's store, once it is known that this program can work with it; 0
 * where there is none. Nothing is made or changed.
 * @throws Agent33Error `store.newer_schema`, `store.unreachable`, other `store.*`
 */
export async function postgresVersion(options: DatabaseOptions): Promise<number> {
  const database = openDatabase(options);
  try {
    return await checkVersion(database);
  } finally {
    await database.close();
  }
}
