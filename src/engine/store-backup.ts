import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { packageVersion } from "../base/version.ts";
import type { Config } from "../config/config.ts";
import { createProcesses, type Processes } from "../sandbox/process.ts";
import { type BackupEntry, findBackup, listBackups } from "../store/backup/catalogue.ts";
import { type Manifest, readManifest } from "../store/backup/manifest.ts";
import { type RestoreReport, restoreStore } from "../store/backup/restore.ts";
import type { BackupOrder } from "../store/backup/take.ts";
import { type Verified, verifyAll } from "../store/backup/verify.ts";
import { journalFolder } from "../store/journal/segments.ts";
import { isStoreThere } from "../store/sqlite/swap.ts";
import type { ReplayTarget } from "../store/journal/replay.ts";
import { databaseFile } from "../store/store.ts";
import type { OnProgress } from "../store/transfer/report.ts";
import type { KeptBackup } from "../store/upgrade.ts";
import type { Host } from "./host.ts";
import { runStoreChild } from "./store-child.ts";

/** Where a store and its backups are. */
export interface BackupPlaces {
  readonly dataDir: string;
  readonly backups: string;
}

/** The places that the settings name. */
export function backupPlaces({ settings }: Config, host: Host): BackupPlaces {
  const dataDir = resolve(host.cwd, settings.data);
  const { folder } = settings.backup;
  return {
    dataDir,
    backups: folder === undefined ? join(dataDir, "backups") : resolve(host.cwd, folder),
  };
}

/** A backup that was made and read back. */
export interface MadeBackup {
  readonly id: string;
  readonly path: string;
  readonly manifest: Manifest;
  /** Kept contents of workspaces that are damaged in the data folder and are not in the backup. */
  readonly damaged: readonly string[];
  /** What went wrong in tidying up once it was made. */
  readonly trouble?: string;
}

const madeSchema = z.object({
  path: z.string(),
  damaged: z.array(z.string()),
  trouble: z.string().exactOptional(),
});

/** Makes a backup in a process of its own. @throws Agent33Error `store.*` */
export async function makeBackup(
  places: BackupPlaces,
  { kind, ...kept }: Pick<BackupOrder, "kind" | "keep" | "keepJournalDays" | "waitMs">,
  host: Host,
  processes: Processes,
  signal?: AbortSignal,
): Promise<MadeBackup> {
  const order: BackupOrder = {
    dataDir: places.dataDir,
    folder: places.backups,
    kind,
    at: host.clock.now(),
    engine: packageVersion(),
    ...kept,
  };
  const made = await runStoreChild(
    {
      program: "backup",
      args: [JSON.stringify(order)],
      source: join(places.dataDir, databaseFile),
      report: madeSchema,
      ...(signal === undefined ? {} : { signal }),
    },
    host,
    processes,
  );
  return { id: basename(made.path), manifest: readManifest(made.path), ...made };
}

/** A backup that another process is making is of a moment before; it is waited for. */
const othersMs = 600_000;

/**
 * Makes a backup of a folder's store before it is changed: of the settings' store among its others,
 * of another one in its own folder.
 * @throws Agent33Error `store.*`
 */
export async function backUpBefore(
  kind: "upgrade" | "migrate",
  dataDir: string,
  config: Config,
  host: Host,
  processes: Processes,
): Promise<KeptBackup> {
  const own = backupPlaces(config, host);
  const isOwn = own.dataDir === dataDir;
  const places = isOwn ? own : { dataDir, backups: join(dataDir, "backups") };
  const keep = isOwn ? { keep: config.settings.backup.keep } : {};
  const order = { kind, waitMs: othersMs, ...keep } as const;
  const { id, path, manifest, damaged, trouble } = await makeBackup(places, order, host, processes);
  for (const file of damaged) host.warn(`backup: ${file} is damaged and not in the backup.`);
  if (trouble !== undefined) host.warn(`backup: tidying up failed: ${trouble}`);
  const { bytes, sha256 } = manifest.database;
  return { id, path, bytes, sha256, schemaVersion: manifest.schema, rows: manifest.rows };
}

/** Makes a backup of the settings' store. @throws Agent33Error `store.missing`, other `store.*` */
export async function backUpStore(
  config: Config,
  host: Host,
  options: { readonly to?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<MadeBackup> {
  const places = backupPlaces(config, host);
  if (!isStoreThere(join(places.dataDir, databaseFile))) {
    throw new Agent33Error("store.missing", `There is no store in ${places.dataDir}.`, {
      hint: `Give a folder that has a file ${databaseFile} with --data.`,
    });
  }
  const backups = options.to === undefined ? places.backups : resolve(host.cwd, options.to);
  const processes = createProcesses(host.clock);
  try {
    const order = { kind: "manual", keepJournalDays: config.settings.journal.keepDays } as const;
    return await makeBackup({ ...places, backups }, order, host, processes, options.signal);
  } finally {
    await processes.killAll();
  }
}

export interface BackupList {
  readonly folder: string;
  readonly backups: readonly BackupEntry[];
}

/** The backups of the settings' store, newest first. @throws Agent33Error `store.backup_folder` */
export function listStoreBackups(config: Config, host: Host, from: string | undefined): BackupList {
  const folder = from === undefined ? backupPlaces(config, host).backups : resolve(host.cwd, from);
  return { folder, backups: listBackups(folder) };
}

export interface VerifyRequest {
  /** One backup by its id or path; all of them by default. */
  readonly name?: string | undefined;
  readonly from?: string | undefined;
  readonly onProgress: OnProgress;
}

/** Reads backups and the journal from end to end. @throws Agent33Error `store.no_backup` */
export async function verifyBackups(
  config: Config,
  host: Host,
  { name, from, onProgress }: VerifyRequest,
): Promise<Verified> {
  const { folder, backups } = listStoreBackups(config, host, from);
  const chosen = name === undefined ? backups : [findBackup(folder, name, host.cwd)];
  const { dataDir } = backupPlaces(config, host);
  return verifyAll(
    chosen,
    name === undefined ? join(dataDir, journalFolder) : undefined,
    onProgress,
  );
}

export interface RestoreRequest {
  /** A backup by its id or path; by default the newest, with what the journal has since. */
  readonly name?: string | undefined;
  /** How far to go in the journal. */
  readonly target?: ReplayTarget | undefined;
  readonly from?: string | undefined;
  readonly migrate: boolean;
  readonly dryRun: boolean;
  /** Told once where others use the store and are waited for; without it that is refused. */
  readonly onWaiting?: (() => void) | undefined;
  readonly onProgress: OnProgress;
}

/** Puts a backup in the place of the settings' store. @throws Agent33Error `store.*` */
export function restoreFromBackup(
  config: Config,
  host: Host,
  request: RestoreRequest,
): Promise<RestoreReport> {
  const { name, target, migrate, dryRun, onWaiting, onProgress } = request;
  const { dataDir } = backupPlaces(config, host);
  const { folder, backups } = listStoreBackups(config, host, request.from);
  return restoreStore({
    dataDir,
    backup: name === undefined ? undefined : findBackup(folder, name, host.cwd),
    backups,
    ...(target === undefined ? {} : { target }),
    clock: host.clock,
    ids: host.ids,
    mayUpgrade: migrate,
    dryRun,
    onProgress,
    ...(onWaiting === undefined ? {} : { onWaiting }),
  });
}

export type { RestoreReport } from "../store/backup/restore.ts";
export type { Verified } from "../store/backup/verify.ts";
