import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import { bookkeeping, checksumOf, type Migration, migrations } from "../schema/migrations.ts";
import { applicationId, type Database } from "./database.ts";

/**
 * Brings a file's schema up to date, each step with its bookkeeping in one transaction: after a
 * failure or a crash the file is at one version or the next, never between. A new file gets all
 * steps in one. Returns how many were applied. Several processes may do it at once: one does the
 * work, the others find it done.
 *
 * @throws Agent33Error `store.newer_schema` for a file of a later AGENT-33,
 * `store.migration_changed` for a file whose schema has another history, other `store.*`
 */
export function migrate(
  database: Database,
  clock: Clock,
  list: readonly Migration[] = migrations,
): number {
  const found = checkVersion(database, list);
  const applyAll = (): number => {
    let applied = 0;
    for (const [index, migration] of list.entries()) {
      if (index >= found && apply(database, clock, index + 1, migration)) applied += 1;
    }
    return applied;
  };
  const applied = found === 0 ? database.transaction(applyAll) : applyAll();
  if (list === migrations) database.seal();
  return applied;
}

/**
 * The version of a file's schema, once it is known that this program can work with it.
 * @throws Agent33Error `store.newer_schema`, `store.migration_changed`
 */
export function checkVersion(database: Database, list: readonly Migration[] = migrations): number {
  const found = schemaVersion(database);
  if (found > list.length) {
    throw new Agent33Error("store.newer_schema", newerMessage(database.path, found, list.length), {
      hint: "Use the AGENT-33 that wrote it or a newer one, or choose another data folder with --data.",
      details: { path: database.path, found, known: list.length },
    });
  }
  if (found > 0) checkHistory(database, list.slice(0, found));
  return found;
}

/** The version of a file's schema; 0 for a new file. */
export function schemaVersion(database: Database): number {
  return Number(database.sql.get("PRAGMA user_version")?.["user_version"] ?? 0);
}

function apply(database: Database, clock: Clock, version: number, migration: Migration): boolean {
  return database.transaction((sql) => {
    // Another process may have done it while this one waited for the lock.
    if (schemaVersion(database) >= version) return false;
    database.script(bookkeeping);
    database.script(migration.text);
    if (migration.rows !== undefined) database.script(migration.rows);
    sql.run(
      "INSERT INTO migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
      version,
      migration.name,
      checksumOf(migration),
      clock.now(),
    );
    // Pragmas take no parameters; both values are numbers of ours. Both are transactional.
    database.script(`PRAGMA user_version = ${version}; PRAGMA application_id = ${applicationId};`);
    return true;
  });
}

function checkHistory(database: Database, list: readonly Migration[]): void {
  const rows = database.sql.all("SELECT version, checksum FROM migrations ORDER BY version");
  for (const [index, migration] of list.entries()) {
    if (rows[index]?.["checksum"] === checksumOf(migration)) continue;
    throw new Agent33Error(
      "store.migration_changed",
      `Schema step ${index + 1} ("${migration.name}") of ${database.path} is not the one this AGENT-33 knows.`,
      {
        hint: "The file was made by a modified or unreleased build. Use that build, or choose another data folder with --data.",
        details: { path: database.path, version: index + 1 },
      },
    );
  }
}

function newerMessage(path: string, found: number, known: number): string {
  return `The store ${path} has schema version ${found}; this AGENT-33 knows versions up to ${known}.`;
}
