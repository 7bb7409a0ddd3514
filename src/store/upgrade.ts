import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { migrations } from "./schema/migrations.ts";
import { type Database, openDatabase } from "./sqlite/database.ts";
import { checkVersion, migrate, schemaVersion } from "./sqlite/migrations.ts";
import type { SnapshotReport } from "./sqlite/snapshot.ts";
import { isStoreThere } from "./sqlite/swap.ts";
import { databaseFile } from "./store.ts";

/** Takes a checked snapshot of a store's file, in a process of its own. */
export type Snapshot = (source: string, target: string) => Promise<SnapshotReport>;

/** A backup that was made before a store was changed, and read back. */
export interface KeptBackup {
  /** What the commands know it by. */
  readonly id: string;
  /** Its folder. */
  readonly path: string;
  /** Size and digest of its database as it is kept. */
  readonly bytes: number;
  readonly sha256: string;
  readonly schemaVersion: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

export interface UpgradeOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly snapshot: Snapshot;
  /** Makes a backup of the store that its other commands know. */
  readonly backUp: () => Promise<KeptBackup>;
  /** Tries it on a copy and leaves the store as it is. */
  readonly dryRun?: boolean;
  /** Whether a process has surely ended, by its name as owner of a run. Default: none has. */
  readonly ownerGone?: (owner: string) => boolean;
}

/** What bringing a store's schema up to date did, or on a dry run would do. */
export interface UpgradeReport {
  /** Its file, or its address without the password. */
  readonly path: string;
  /** Schema versions; equal where there was nothing to do. */
  readonly from: number;
  readonly to: number;
  readonly steps: readonly { readonly version: number; readonly name: string }[];
  readonly dryRun: boolean;
  /**
   * The backup of the old store that was read back before anything was changed; null on a dry run,
   * and for PostgreSQL, of which its own programs make backups.
   */
  readonly backup: KeptBackup | null;
  /** Rows by table afterwards; none where that was not looked at. */
  readonly rows: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

/** The schema version of the store in a folder; undefined where there is none. */
export function storeVersion(dataDir: string): number | undefined {
  const path = join(dataDir, databaseFile);
  return isStoreThere(path) ? withDatabase(path, checkVersion) : undefined;
}

/** The version that this program works with. */
export const currentSchemaVersion = migrations.length;

/** The steps from a version to the newest; none for a new store, which is made at the newest. */
export function stepsFrom(version: number): UpgradeReport["steps"] {
  const steps = migrations.map(({ name }, index) => ({ version: index + 1, name }));
  return version === 0 ? [] : steps.slice(version);
}

/**
 * Brings the store in a folder up to date. A verified backup comes first, then all steps in one
 * transaction: a process that is killed leaves the old version or the new one, never one between,
 * and running it again goes on. A new or current store is left as it is.
 * @throws Agent33Error `store.in_use` while an older program works on a run, `store.newer_schema`,
 * `store.migration_changed`, other `store.*`
 */
export async function upgradeStore(options: UpgradeOptions): Promise<UpgradeReport> {
  const { dataDir, clock, snapshot, backUp, dryRun = false } = options;
  const path = join(dataDir, databaseFile);
  const began = clock.monotonic();
  const from = storeVersion(dataDir) ?? currentSchemaVersion;
  const steps = stepsFrom(from);
  const report = (backup: KeptBackup | null, rows: UpgradeReport["rows"]): UpgradeReport => ({
    path,
    from,
    to: currentSchemaVersion,
    steps,
    dryRun,
    backup,
    rows,
    durationMs: Math.round(clock.monotonic() - began),
  });
  if (steps.length === 0) return report(null, {});
  if (dryRun) {
    const folder = mkdtempSync(join(tmpdir(), "agent33-upgrade-"));
    try {
      const copy = join(folder, databaseFile);
      const backup = await snapshot(path, copy);
      return report(null, { ...backup.rows, ...migrateFile(copy, clock, () => undefined) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const check = (database: Database): void => refuseInUse(database, options);
  withDatabase(path, check);
  const backup = await backUp();
  if (backup.schemaVersion !== from) {
    // Another process brought the store up meanwhile and has the backup of the old one; this one
    // would only pass for it.
    rmSync(backup.path, { recursive: true, force: true });
    return upgradeStore(options);
  }
  try {
    return report(backup, migrateFile(path, clock, check));
  } catch (error) {
    // The store is as it was and goes on changing; the next try makes a backup of its own.
    if (isAgent33Error(error) && error.code === "store.in_use") {
      rmSync(backup.path, { recursive: true, force: true });
    }
    throw error;
  }
}

/** @param check looks at the store once nobody else can write to it any more */
function migrateFile(
  path: string,
  clock: Clock,
  check: (database: Database) => void,
): UpgradeReport["rows"] {
  return withDatabase(path, (database) => {
    database.transaction(() => {
      if (schemaVersion(database) < currentSchemaVersion) check(database);
      migrate(database, clock);
    });
    return rowCounts(database);
  });
}

/**
 * An older program does not know the new schema, and the calls of a run that it works on would
 * begin to fail. Its lease on the run tells that it is there.
 */
function refuseInUse({ sql, path }: Database, { clock, ownerGone }: UpgradeOptions): void {
  const now = clock.now();
  const held = sql
    .all(
      `SELECT run_id, owner, lease_until FROM durable_runs
       WHERE state = 'running' AND lease_until > ? ORDER BY lease_until DESC`,
      now,
    )
    .filter(({ owner }) => owner === null || ownerGone?.(String(owner)) !== true);
  const [last] = held;
  if (last === undefined) return;
  const runs = held.map((row) => String(row["run_id"]));
  const leftMs = Number(last["lease_until"]) - now;
  throw new Agent33Error(
    "store.in_use",
    `The store ${path} is in use by an older AGENT-33, which works on ${runs.length === 1 ? "run" : "runs"} ${runs.join(", ")}.`,
    {
      hint: "End that program, or wait until its runs have ended; a run whose process died is free again within seconds. `agent33 store migrate --dry-run` may be used meanwhile.",
      retryable: true,
      details: { path, runs, leaseLeftMs: leftMs },
    },
  );
}

function withDatabase<T>(path: string, work: (database: Database) => T): T {
  const database = openDatabase({ path });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function rowCounts({ sql }: Database): UpgradeReport["rows"] {
  const tables = sql
    .all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .map(({ name }) => String(name));
  const counts = tables.map((table) => {
    const row = sql.get(`SELECT count(*) AS rows FROM "${table}"`);
    return [table, Number(row?.["rows"] ?? 0)] as const;
  });
  return Object.fromEntries(counts);
}
