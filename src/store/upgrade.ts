import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { migrations } from "./schema/migrations.ts";
import { type Database, openDatabase } from "./sqlite/database.ts";
import { checkVersion, migrate } from "./sqlite/migrations.ts";
import type { SnapshotReport } from "./sqlite/snapshot.ts";
import { databaseFile } from "./store.ts";

/** Takes a checked snapshot of a store's file, in a process of its own. */
export type Snapshot = (source: string, target: string) => Promise<SnapshotReport>;

export interface UpgradeOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly snapshot: Snapshot;
  /** Tries it on a copy and leaves the store as it is. */
  readonly dryRun?: boolean;
}

/** What bringing a store's schema up to date did, or on a dry run would do. */
export interface UpgradeReport {
  readonly path: string;
  /** Schema versions; equal where there was nothing to do. */
  readonly from: number;
  readonly to: number;
  readonly steps: readonly { readonly version: number; readonly name: string }[];
  readonly dryRun: boolean;
  /** The copy of the old store that was read back before anything was changed. */
  readonly backup: SnapshotReport | null;
  /** Rows by table afterwards. */
  readonly rows: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

/** The schema version of the store in a folder; undefined where there is none. */
export function storeVersion(dataDir: string): number | undefined {
  const path = join(dataDir, databaseFile);
  if (!existsSync(path)) return undefined;
  const database = openDatabase({ path });
  try {
    return checkVersion(database);
  } finally {
    database.close();
  }
}

/** The version that this program works with. */
export const currentSchemaVersion = migrations.length;

/**
 * Brings the store in a folder up to date. A verified backup comes first, then each step in one
 * transaction: a process that is killed leaves the old version or a later one, never one between,
 * and running it again goes on. A new or current store is left as it is.
 * @throws Agent33Error `store.newer_schema`, `store.migration_changed`, other `store.*`
 */
export async function upgradeStore(options: UpgradeOptions): Promise<UpgradeReport> {
  const { dataDir, clock, snapshot, dryRun = false } = options;
  const path = join(dataDir, databaseFile);
  const began = clock.monotonic();
  const from = storeVersion(dataDir) ?? currentSchemaVersion;
  const steps = migrations
    .map(({ name }, index) => ({ version: index + 1, name }))
    .slice(from === 0 ? currentSchemaVersion : from);
  const report = (backup: SnapshotReport | null, rows: UpgradeReport["rows"]): UpgradeReport => ({
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
      return report(null, { ...backup.rows, ...migrateFile(copy, clock) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const stamp = new Date(clock.now()).toISOString().replaceAll(":", "-");
  const backup = await snapshot(path, join(dataDir, "backups", `schema-${from}-${stamp}.db`));
  if (backup.schemaVersion !== from) {
    // Another process brought the store up meanwhile and has the backup of the old one; this copy
    // would only pass for it.
    rmSync(backup.path, { force: true });
    return upgradeStore(options);
  }
  return report(backup, migrateFile(path, clock));
}

function migrateFile(path: string, clock: Clock): UpgradeReport["rows"] {
  const database = openDatabase({ path });
  try {
    migrate(database, clock);
    return rowCounts(database);
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
