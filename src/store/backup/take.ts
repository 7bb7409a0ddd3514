import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import { type Position, readPosition } from "../journal/position.ts";
import { sealJournal } from "../journal/seal.ts";
import { journalFolder } from "../journal/segments.ts";
import { createSession } from "../sqlite/session.ts";
import { copyDatabase, readSnapshot } from "../sqlite/snapshot.ts";
import { type FileLock, takeLock } from "../sqlite/use-lock.ts";
import { databaseFile } from "../store.ts";
import { keepContents } from "./contents.ts";
import { damagedBackup, mapFileError } from "./errors.ts";
import { writeParity } from "../parity/parity.ts";
import { pruneBackups } from "./prune.ts";
import type { Keep } from "./retention.ts";
import { type BackupKind, type Manifest, manifestName, manifestText } from "./manifest.ts";
import { pack, unpack } from "../pack.ts";

/** A backup to make. */
export interface BackupOrder {
  readonly dataDir: string;
  /** The folder of all backups of this store. */
  readonly folder: string;
  readonly kind: BackupKind;
  /** When it is made, milliseconds since the Unix epoch. */
  readonly at: number;
  /** The version of this program. */
  readonly engine: string;
  /** How long to wait for another backup into this folder. Milliseconds; not at all by default. */
  readonly waitMs?: number;
  /** How many backups of each kind are kept; without it none is removed. */
  readonly keep?: Keep;
  /** Days that the journal is kept for once a backup has what is in it. */
  readonly keepJournalDays?: number;
}

/** A backup that was made and read back. */
export interface BackupReport {
  readonly id: string;
  /** Its folder. */
  readonly path: string;
  readonly manifest: Manifest;
  /** Kept contents that were found damaged, by their path below the data folder. */
  readonly damaged: readonly string[];
  /** What went wrong once the backup was made, in tidying up. */
  readonly trouble?: string;
}

const packedName = "store.db.zst";

/**
 * Holds back other backups of a folder, and whoever else changes what is in it.
 * @throws Agent33Error `store.backup_running`, `store.backup_folder`
 */
export function lockBackups(folder: string, waitMs = 0): FileLock {
  try {
    makeFolder(folder);
  } catch (error) {
    throw mapFileError(error, folder);
  }
  const lock = takeLock(join(folder, "lock"), "alone", waitMs);
  if (lock !== undefined) return lock;
  throw new Agent33Error(
    "store.backup_running",
    `Another process is making a backup in ${folder}.`,
    { hint: "Wait until it has ended, and try again.", retryable: true, details: { folder } },
  );
}

/**
 * Makes a backup of a store while others write to it: one state of the database, then the files
 * that rows of that state may name. It has its name once it was read back and is on the disk. It
 * blocks the thread for long, so it belongs into a process of its own.
 * @throws Agent33Error `store.backup_running`, `store.snapshot_damaged`, `store.full`,
 * `store.backup_folder`, other `store.*`
 */
export async function takeBackup(order: BackupOrder): Promise<BackupReport> {
  const { folder, kind, at } = order;
  const lock = lockBackups(folder, order.waitMs);
  try {
    removePartials(folder);
    const id = `${new Date(at).toISOString().replaceAll(":", "-")}-${kind}`;
    const path = join(folder, id);
    const partial = `${path}.partial`;
    try {
      mkdirSync(partial, { mode: 0o700 });
      const { manifest, damaged } = await fill(partial, order);
      writeFileSync(join(partial, manifestName), manifestText(manifest), {
        mode: 0o600,
        flush: true,
      });
      writeParity(join(partial, manifestName));
      syncToDisk(partial);
      renameSync(partial, path);
      syncToDisk(folder);
      return { id, path, manifest, damaged, ...(await tidy(order, manifest)) };
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      throw mapFileError(error, path);
    }
  } finally {
    lock.release();
  }
}

/** What is not wanted any more now that there is a newer backup. It is whole, whatever happens here. */
async function tidy(
  { dataDir, folder, at, keep, keepJournalDays }: BackupOrder,
  { history, seq }: Manifest,
): Promise<Pick<BackupReport, "trouble">> {
  try {
    if (keep !== undefined) pruneBackups(folder, keep);
    if (history !== null && keepJournalDays !== undefined) {
      const position = { history, seq };
      const journal = join(dataDir, journalFolder);
      await sealJournal({ journal, position, now: at, keepDays: keepJournalDays });
    }
    return {};
  } catch (error) {
    return { trouble: messageOf(error) };
  }
}

async function fill(
  partial: string,
  { dataDir, folder, kind, at, engine }: BackupOrder,
): Promise<Pick<BackupReport, "manifest" | "damaged">> {
  const plain = join(partial, databaseFile);
  copyDatabase(join(dataDir, databaseFile), plain);
  const { schemaVersion, rows } = readSnapshot(plain, "every page");
  const position = positionIn(plain);
  const packed = join(partial, packedName);
  const database = await pack(plain, packed);
  const again = await unpack(packed, undefined);
  if (again.sha256 !== database.sha256 || again.unpackedSha256 !== database.unpackedSha256) {
    throw damagedBackup(packed, "what was written cannot be read back");
  }
  rmSync(plain);
  writeParity(packed);
  const { files, damaged } = keepContents(dataDir, folder);
  const manifest: Manifest = {
    at: new Date(at).toISOString(),
    kind,
    format: 1,
    engine,
    schema: schemaVersion,
    history: position?.history ?? null,
    seq: position?.seq ?? 0,
    rows: { ...rows },
    database: { name: packedName, packing: "zstd", ...database },
    files: [...files],
  };
  return { manifest, damaged };
}

/** The position of a store's file that nobody else has open. */
export function positionIn(path: string): Position | undefined {
  const native = new DatabaseSync(path, { readOnly: true });
  try {
    return readPosition(createSession(native, path));
  } finally {
    native.close();
  }
}

/** With the lock held, an unfinished backup is one whose process was killed. */
function removePartials(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".partial")) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
