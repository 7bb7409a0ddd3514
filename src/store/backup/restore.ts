import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error } from "../../base/errors.ts";
import { finishSwap, swapIn, swapPlanOf } from "../sqlite/swap.ts";
import { type FileLock, takeLock, useLockOf } from "../sqlite/use-lock.ts";
import { databaseFile } from "../store.ts";
import { contentPath, contentProblem, copyWhole } from "./contents.ts";
import { mapFileError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { type PrepareOptions, type Prepared, prepareBest } from "./prepare.ts";

/** A store to bring back. */
export interface RestoreOptions extends PrepareOptions {
  /** Waits for other processes that use the store, in place of being refused. */
  readonly onWaiting?: () => void;
  /** Does all of it but putting the result in place. */
  readonly dryRun?: boolean;
}

/** What was brought back. */
export interface RestoreReport extends Omit<Prepared, "backup"> {
  /** The store's file. */
  readonly path: string;
  /** The backup that it was made of; null where the journal alone had all of it. */
  readonly backup: string | null;
  readonly dryRun: boolean;
  /** Where the store's state before it is; null where there was none, and on a dry run. */
  readonly aside: string | null;
  /** Files beside the store that were missing or damaged and were put back. */
  readonly files: number;
  readonly durationMs: number;
}

/** A process that only records something has the store for a moment. */
const briefUseMs = 1_000;
const lookAgainMs = 100;
/** An unfinished restore that was not written to for so long has no process any more. */
const abandonedAfterMs = 3_600_000;
const partialForm = /^restore-.*\.partial$/;

/**
 * Puts a backup in a store's place, with the changes that its journal has since. All of it is read
 * and checked first, and nothing of the store is touched before. What the store was then is kept,
 * with its side files, in a folder of its own.
 * @throws Agent33Error `store.in_use`, `store.no_backup`, `store.backup_damaged`,
 * `store.not_a_backup`, `store.backup_older`, `store.backup_newer`, `store.journal_gap`,
 * `store.journal_mismatch`, `store.full`, `store.backup_folder`, other `store.*`
 */
export async function restoreStore(options: RestoreOptions): Promise<RestoreReport> {
  const { dataDir, clock, ids, dryRun = false } = options;
  const began = clock.monotonic();
  const path = join(dataDir, databaseFile);
  const lock = await lockAlone(path, options);
  const name = `restore-${ids()}.partial`;
  const partial = join(dataDir, name);
  try {
    // One that was killed half-way first: the files of its store belong together.
    finishSwap(path);
    removeAbandoned(dataDir, clock.now());
    const prepared = await prepareBest(partial, options);
    const { backup } = prepared;
    const stamp = new Date(clock.now()).toISOString().replaceAll(":", "-");
    const aside = join("replaced", stamp);
    const isThere = existsSync(path);
    let files = 0;
    if (!dryRun) {
      if (backup?.manifest !== undefined) {
        files = restoreFiles(backup.manifest, backup.path, dataDir, aside);
      }
      swapIn(path, name, aside);
    }
    return {
      path,
      backup: backup?.path ?? null,
      journal: prepared.journal,
      passedOver: prepared.passedOver,
      dryRun,
      aside: isThere && !dryRun ? join(dataDir, aside) : null,
      rows: prepared.rows,
      files,
      durationMs: Math.round(clock.monotonic() - began),
    };
  } catch (error) {
    throw mapFileError(error, dataDir);
  } finally {
    // While a plan names it, it is the store: whoever opens that next puts it in its place.
    if (!existsSync(swapPlanOf(path))) rmSync(partial, { recursive: true, force: true });
    lock.release();
  }
}

/** @throws Agent33Error `store.in_use` */
async function lockAlone(path: string, { clock, onWaiting }: RestoreOptions): Promise<FileLock> {
  try {
    makeFolder(dirname(path));
  } catch (error) {
    throw mapFileError(error, dirname(path));
  }
  let lock = takeLock(useLockOf(path), "alone", briefUseMs);
  if (lock === undefined && onWaiting !== undefined) {
    onWaiting();
    while (lock === undefined) {
      await clock.sleep(lookAgainMs);
      lock = takeLock(useLockOf(path), "alone", lookAgainMs);
    }
  }
  if (lock !== undefined) return lock;
  throw new Agent33Error("store.in_use", `The store ${path} is in use by another process.`, {
    hint: "End what uses it (`agent33 work`, a run, what embeds it), or add --wait to wait for that. The store is as it was.",
    retryable: true,
    details: { path },
  });
}

/** Puts back what is missing or damaged of the files beside the store. */
function restoreFiles({ files }: Manifest, backup: string, dataDir: string, aside: string): number {
  const touched = new Set<string>();
  let restored = 0;
  for (const file of files) {
    const to = join(dataDir, file.path);
    if (contentProblem(to, file) === undefined) continue;
    if (existsSync(to)) {
      const old = join(dataDir, aside, file.path);
      makeFolder(dirname(old));
      renameSync(to, old);
    }
    copyWhole(contentPath(dirname(backup), file.sha256), to);
    touched.add(dirname(to));
    restored += 1;
  }
  for (const folder of touched) syncToDisk(folder);
  return restored;
}

function removeAbandoned(dataDir: string, now: number): void {
  for (const name of readdirSync(dataDir)) {
    if (!partialForm.test(name)) continue;
    const found = statSync(join(dataDir, name), { throwIfNoEntry: false });
    if (found !== undefined && now - found.mtimeMs > abandonedAfterMs) {
      rmSync(join(dataDir, name), { recursive: true, force: true });
    }
  }
}
