import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Agent33Error, toAgent33Error } from "../../base/errors.ts";
import { type VerifiedHistory, verifyJournal } from "../journal/verify.ts";
import type { OnProgress } from "../transfer/report.ts";
import type { BackupEntry } from "./catalogue.ts";
import { unpackChecked } from "./check.ts";
import type { Manifest } from "./manifest.ts";

/** A backup that was read from end to end. */
export interface VerifiedBackup {
  readonly id: string;
  readonly path: string;
  readonly manifest?: Manifest;
  /** What is wrong with it; undefined where nothing is. */
  readonly fault?: Agent33Error;
}

/** What was read of backups and a journal. */
export interface Verified {
  /** Whether nothing was found wrong. */
  readonly whole: boolean;
  readonly backups: readonly VerifiedBackup[];
  /** The histories of the journal; none where it was not asked for. */
  readonly journal: readonly VerifiedHistory[];
}

/**
 * Reads backups from end to end, and a journal.
 * @param journal its folder; without one none is read
 * @param within a folder that databases are unpacked in, and taken out of again
 */
export async function verifyAll(
  chosen: readonly BackupEntry[],
  journal: string | undefined,
  onProgress: OnProgress,
  within: string = tmpdir(),
): Promise<Verified> {
  const backups: VerifiedBackup[] = [];
  for (const entry of chosen) backups.push(await verifiedOne(entry, onProgress, within));
  const histories = journal === undefined ? [] : await verifyJournal(journal);
  const whole =
    backups.every(({ fault }) => fault === undefined) &&
    histories.every(({ problems }) => problems.length === 0);
  return { whole, backups, journal: histories };
}

async function verifiedOne(
  entry: BackupEntry,
  onProgress: OnProgress,
  within: string,
): Promise<VerifiedBackup> {
  const { path, manifest } = entry;
  if (manifest === undefined) return entry;
  const into = mkdtempSync(join(within, "agent33-verify-"));
  try {
    const total = manifest.database.unpackedBytes;
    const onBytes = (done: number) => onProgress({ phase: `verifying ${entry.id}`, done, total });
    await unpackChecked({ path, manifest, into, look: "every page", onBytes });
    return entry;
  } catch (error) {
    return { ...entry, fault: toAgent33Error(error) };
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}
