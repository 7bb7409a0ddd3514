import { closeSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sha256OfFile } from "../../base/digest.ts";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error } from "../../base/errors.ts";
import { applicationId } from "./database.ts";
import { mapSqliteError } from "./errors.ts";
import { useStore } from "./use-lock.ts";

/** A copy of a store's file that was read back and found whole. */
export interface SnapshotReport {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly schemaVersion: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

const busyTimeoutMs = 30_000;
/** An unfinished copy that was not written to for so long has no writer any more. */
const abandonedAfterMs = 3_600_000;

/**
 * Copies a store's file as of one moment, while others may write to it, and checks the copy before
 * it gets its name: a file of that name is always whole. It blocks the thread for as long as it
 * takes (about half a minute a gigabyte), so it belongs into a process of its own.
 * @throws Agent33Error `store.snapshot_damaged` where the copy does not check, other `store.*`
 */
export function takeSnapshot(source: string, target: string): SnapshotReport {
  // Two processes may take one of the same name at once; the last one to end gives it its name.
  const partial = `${target}.${process.pid}.partial`;
  makeFolder(dirname(target));
  rmSync(partial, { force: true });
  try {
    copyDatabase(source, partial);
    const checked = checkSnapshot(partial);
    removeAbandoned(partial);
    syncToDisk(partial);
    renameSync(partial, target);
    syncToDisk(dirname(target));
    return { path: target, ...checked };
  } catch (error) {
    rmSync(partial, { force: true });
    throw mapSqliteError(error, source);
  }
}

/**
 * Copies a store's file as of one moment into a new file, while others may write to it.
 * @throws Agent33Error `store.*`, and what node:fs throws
 */
export function copyDatabase(source: string, target: string): void {
  // SQLite fills an empty file, and so the copy is as private as the store.
  closeSync(openSync(target, "wx", 0o600));
  const use = useStore(source, busyTimeoutMs);
  try {
    const native = new DatabaseSync(source, { timeout: busyTimeoutMs });
    try {
      native.prepare("VACUUM INTO ?").run(target);
    } finally {
      native.close();
    }
  } catch (error) {
    throw mapSqliteError(error, source);
  } finally {
    use.release();
  }
}

/**
 * Reads a snapshot from end to end.
 * @throws Agent33Error `store.snapshot_damaged`, `store.not_a_store`, other `store.*`
 */
export function checkSnapshot(path: string): Omit<SnapshotReport, "path"> {
  const checked = readSnapshot(path, "every page");
  return { ...sha256OfFile(path), ...checked };
}

/**
 * Reads what is in a snapshot.
 * @param look `every page` lets SQLite check all of it; `its rows` only counts them, for a file
 * whose bytes are known to be those that were checked
 * @throws Agent33Error `store.snapshot_damaged`, `store.not_a_store`, other `store.*`
 */
export function readSnapshot(
  path: string,
  look: "every page" | "its rows",
): Pick<SnapshotReport, "schemaVersion" | "rows"> {
  try {
    const native = new DatabaseSync(path, { readOnly: true });
    try {
      const one = (sql: string): unknown => Object.values(native.prepare(sql).get() ?? {})[0];
      if (one("PRAGMA application_id") !== applicationId) {
        throw new Agent33Error("store.not_a_store", `The file ${path} is not an AGENT-33 store.`, {
          hint: "Choose a file that AGENT-33 wrote.",
        });
      }
      if (look === "every page") checkPages(native, path);
      const tables = native
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .all()
        .map(({ name }) => String(name));
      const rows = tables.map((table) => [table, Number(one(`SELECT count(*) FROM "${table}"`))]);
      return {
        schemaVersion: Number(one("PRAGMA user_version")),
        rows: Object.fromEntries(rows) as Record<string, number>,
      };
    } finally {
      native.close();
    }
  } catch (error) {
    throw mapSqliteError(error, path);
  }
}

/**
 * For each row its entries in all indexes are looked up, in no order: with SQLite's usual 2 MB a large
 * file is read many times over. On one of 825 MB the check took 125 s with those and 18 s with these.
 */
const checkCacheKiB = 262_144;

function checkPages(native: DatabaseSync, path: string): void {
  native.exec(`PRAGMA cache_size = -${checkCacheKiB}`);
  const verdict = native.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
  const dangling = native.prepare("PRAGMA foreign_key_check").all().length;
  if (verdict === "ok" && dangling === 0) return;
  throw new Agent33Error(
    "store.snapshot_damaged",
    `The snapshot ${path} is damaged: ${verdict === "ok" ? `${dangling} dangling references` : String(verdict)}.`,
    { hint: "Keep the store's files as they are and take another snapshot on another disk." },
  );
}

/** Removes what killed processes left behind long before this copy was written. */
function removeAbandoned(partial: string): void {
  const folder = dirname(partial);
  const { mtimeMs } = statSync(partial);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.endsWith(".partial") || path === partial) continue;
    // Another process may have ended its own copy meanwhile.
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && mtimeMs - found.mtimeMs > abandonedAfterMs) {
      rmSync(path, { force: true });
    }
  }
}
