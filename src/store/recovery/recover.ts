import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import { fullCheck } from "../check.ts";
import { lastHistories } from "../journal/histories.ts";
import { journalFolder } from "../journal/segments.ts";
import { finishSwap, storeParts, swapIn, swapPlanOf } from "../sqlite/swap.ts";
import { type FileLock, takeLock, useLockOf } from "../sqlite/use-lock.ts";
import { databaseFile } from "../store.ts";
import { makeAnew, type RecoverOptions } from "./make-anew.ts";
import { damagedFolder, type RecoveryReport, reportName } from "./report.ts";
import { lookAlone } from "./start-look.ts";

const briefUseMs = 1_000;
const partialForm = /^recover-.*\.partial$/;

/**
 * Makes a new store of a damaged one: of its newest backup that is whole and the journal since, and
 * of every row that only the damaged file has. It is looked at from end to end and takes the damaged
 * one's place; the damaged files are kept together in a folder of their own.
 * @throws Agent33Error `store.in_use`, `store.missing`, `store.nothing_left`, other `store.*`
 */
export function recoverStore(options: RecoverOptions): Promise<RecoveryReport> {
  return withStoreAlone(options, (path) => recover(options, path, lookAt(options, path)));
}

/**
 * The same where something is wrong with the store, which another process may have mended meanwhile.
 * @returns undefined where nothing is
 */
export function recoverDamaged(options: RecoverOptions): Promise<RecoveryReport | undefined> {
  return withStoreAlone(options, async (path) => {
    const before = lookAt(options, path);
    return before.sound ? undefined : recover(options, path, before);
  });
}

async function withStoreAlone<T>(
  { dataDir }: RecoverOptions,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(dataDir, databaseFile);
  const lock = alone(path);
  try {
    // One that was killed half-way first: the files of its store belong together.
    finishSwap(path);
    removeAbandoned(dataDir);
    return await work(path);
  } finally {
    lock.release();
  }
}

async function recover(
  options: RecoverOptions,
  path: string,
  before: RecoveryReport["before"],
): Promise<RecoveryReport> {
  const { dataDir, clock, ids, dryRun = false } = options;
  const name = `recover-${ids()}.partial`;
  const began = clock.monotonic();
  const quarantined = storeParts(path).filter((file) => existsSync(file));
  const journal = join(dataDir, journalFolder);
  const { backups = [] } = options;
  if (quarantined.length + backups.length + lastHistories(journal).length === 0) {
    throw missing(path);
  }
  const partial = join(dataDir, name);
  mkdirSync(partial, { mode: 0o700 });
  try {
    const fresh = join(partial, databaseFile);
    const made = await makeAnew({ ...options, path, partial, fresh, damaged: before.damaged });
    const after = fullCheck(fresh, options.onProgress);
    if (!after.sound) throw new TypeError(`The new store is damaged: ${after.problems.join("; ")}`);
    const at = clock.now();
    const aside = join(damagedFolder, new Date(at).toISOString().replaceAll(":", "-"));
    const report: RecoveryReport = {
      path,
      at,
      dryRun,
      before,
      ...made,
      quarantined: quarantined.map((file) => basename(file)),
      aside: dryRun ? null : join(dataDir, aside),
      durationMs: Math.round(clock.monotonic() - began),
    };
    if (!dryRun) {
      makeFolder(join(dataDir, aside));
      const text = `${JSON.stringify(report, null, 2)}\n`;
      writeFileSync(join(dataDir, aside, reportName), text, { mode: 0o600, flush: true });
      syncToDisk(fresh);
      syncToDisk(partial);
      swapIn(path, name, aside);
    }
    return report;
  } finally {
    // While a plan names it, it is the store: whoever opens that next puts it in its place.
    if (!existsSync(swapPlanOf(path))) rmSync(partial, { recursive: true, force: true });
  }
}

function removeAbandoned(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (partialForm.test(name)) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}

function alone(path: string): FileLock {
  makeFolder(dirname(path));
  const lock = takeLock(useLockOf(path), "alone", briefUseMs);
  if (lock !== undefined) return lock;
  throw new Agent33Error("store.in_use", `The store ${path} is in use by another process.`, {
    hint: "End what uses it (`agent33 work`, a run, what embeds it). The store is as it was.",
    retryable: true,
    details: { path },
  });
}

/** What is wrong with the store, as far as SQLite and the journal can say. */
function lookAt({ dataDir }: RecoverOptions, path: string): RecoveryReport["before"] {
  try {
    const busyTimeoutMs = briefUseMs;
    const seen = lookAlone({ path, journal: join(dataDir, journalFolder), busyTimeoutMs });
    if (!existsSync(path)) return { sound: false, problems: [...seen], damaged: [] };
    const { sound, problems, damaged } = fullCheck(path);
    return {
      sound: sound && seen.length === 0,
      problems: [...seen, ...problems],
      damaged: damaged.map(({ table, id, keys }) => ({ table, id, keys: { ...keys } })),
    };
  } catch (error) {
    return { sound: false, problems: [messageOf(error)], damaged: [] };
  }
}

function missing(path: string): Agent33Error {
  return new Agent33Error("store.missing", `There is no store ${path}.`, {
    hint: "Choose the folder of the damaged store with --data.",
    details: { path },
  });
}
