import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { packageVersion } from "../base/version.ts";
import type { Config } from "../config/config.ts";
import { createProcesses, type Processes } from "../sandbox/process.ts";
import { type BackupEntry, findBackup, listBackups } from "../store/backup/catalogue.ts";
import { unpackChecked } from "../store/backup/check.ts";
import { type BackupKind, type Manifest, readManifest } from "../store/backup/manifest.ts";
import { type RestoreReport, restoreStore } from "../store/backup/restore.ts";
import type { BackupOrder } from "../store/backup/take.ts";
import { isStoreThere } from "../store/sqlite/swap.ts";
import { databaseFile } from "../store/store.ts";
import type { OnProgress } from "../store/transfer/report.ts";
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
}

const madeSchema = z.object({ path: z.string(), damaged: z.array(z.string()) });

/** Makes a backup in a process of its own. @throws Agent33Error `store.*` */
export async function makeBackup(
  places: BackupPlaces,
  kind: BackupKind,
  host: Host,
  processes: Processes,
): Promise<MadeBackup> {
  const order: BackupOrder = {
    dataDir: places.dataDir,
    folder: places.backups,
    kind,
    at: host.clock.now(),
    engine: packageVersion(),
  };
  const { path, damaged } = await runStoreChild(
    {
      program: "backup",
      args: [JSON.stringify(order)],
      source: join(places.dataDir, databaseFile),
      report: madeSchema,
    },
    host,
    processes,
  );
  return { id: basename(path), path, manifest: readManifest(path), damaged };
}

/** Makes a backup of the settings' store. @throws Agent33Error `store.missing`, other `store.*` */
export async function backUpStore(
  config: Config,
  host: Host,
  options: { readonly to?: string | undefined } = {},
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
    return await makeBackup({ ...places, backups }, "manual", host, processes);
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

/** A backup that was read from end to end. */
export interface VerifiedBackup {
  readonly id: string;
  readonly path: string;
  readonly manifest?: Manifest;
  /** What is wrong with it; undefined where nothing is. */
  readonly fault?: Agent33Error;
}

export interface VerifyRequest {
  /** One backup by its id or path; all of them by default. */
  readonly name?: string | undefined;
  readonly from?: string | undefined;
  readonly onProgress: OnProgress;
}

/** Reads backups from end to end. @throws Agent33Error `store.no_backup` and what has no manifest */
export async function verifyBackups(
  config: Config,
  host: Host,
  { name, from, onProgress }: VerifyRequest,
): Promise<readonly VerifiedBackup[]> {
  const { folder, backups } = listStoreBackups(config, host, from);
  const chosen = name === undefined ? backups : [findBackup(folder, name, host.cwd)];
  const verified: VerifiedBackup[] = [];
  for (const entry of chosen) verified.push(await verifiedOne(entry, onProgress));
  return verified;
}

async function verifiedOne(entry: BackupEntry, onProgress: OnProgress): Promise<VerifiedBackup> {
  const { path, manifest } = entry;
  if (manifest === undefined) return entry;
  const into = mkdtempSync(join(tmpdir(), "agent33-verify-"));
  try {
    const total = manifest.database.unpackedBytes;
    const onBytes = (done: number) => onProgress({ phase: `verifying ${entry.id}`, done, total });
    await unpackChecked({ path, manifest, into, onBytes });
    return entry;
  } catch (error) {
    return { ...entry, fault: toAgent33Error(error) };
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

export interface RestoreRequest {
  /** A backup by its id or path; the newest by default. */
  readonly name?: string | undefined;
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
  const { name, migrate, dryRun, onWaiting, onProgress } = request;
  const { dataDir } = backupPlaces(config, host);
  const { folder, backups } = listStoreBackups(config, host, request.from);
  const backup = name === undefined ? backups[0] : findBackup(folder, name, host.cwd);
  if (backup === undefined) {
    throw new Agent33Error("store.no_backup", `There is no backup in ${folder}.`, {
      hint: "Name the folder of the backups with --from or the setting backup.folder. The store is as it was.",
    });
  }
  return restoreStore({
    dataDir,
    backup,
    clock: host.clock,
    ids: host.ids,
    mayUpgrade: migrate,
    dryRun,
    onProgress,
    ...(onWaiting === undefined ? {} : { onWaiting }),
  });
}

export type { RestoreReport } from "../store/backup/restore.ts";
