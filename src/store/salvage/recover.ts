import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";
import { fullCheck, type StoreCheck } from "../check.ts";
import { beginHistory, readPosition } from "../journal/position.ts";
import { answerOf } from "../sqlite/answer.ts";
import { openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import { swapIn, swapPlanOf } from "../sqlite/swap.ts";
import { type FileLock, takeLock, useLockOf } from "../sqlite/use-lock.ts";
import { drive } from "../program.ts";
import { databaseFile } from "../store.ts";
import { type Miscounted, recount } from "../transfer/recount.ts";
import type { OnProgress } from "../transfer/report.ts";
import { type SalvageReport, salvage } from "./salvage.ts";

export interface RecoverOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Does all of it but putting the result in place. */
  readonly dryRun?: boolean;
  readonly onProgress?: OnProgress;
}

/** What was made of a damaged store. */
export interface RecoverReport extends SalvageReport {
  /** The store's file. */
  readonly path: string;
  readonly dryRun: boolean;
  /** What was wrong with the file, as far as SQLite could read it. */
  readonly before: Pick<StoreCheck, "sound" | "problems" | "damaged">;
  /** Damaged rows that came back, from another place or as an older version. */
  readonly cameBack: number;
  /** Damaged rows that did not, by table and key. */
  readonly lost: readonly { readonly table: string; readonly id: string }[];
  /** Tenants whose counts of signals were made anew. */
  readonly recounted: readonly Miscounted[];
  /** Where the damaged files and this report are; null on a dry run. */
  readonly aside: string | null;
  readonly durationMs: number;
}

const briefUseMs = 1_000;

/**
 * Makes a new store of all that can be read of a damaged one, looks at it from end to end, and puts
 * it in the damaged one's place. The damaged files are kept together in a folder of their own.
 * @throws Agent33Error `store.in_use`, `store.missing`, `store.nothing_left`, other `store.*`
 */
export function recoverStore(options: RecoverOptions): RecoverReport {
  const { dataDir, clock, ids, dryRun = false } = options;
  const began = clock.monotonic();
  const path = join(dataDir, databaseFile);
  if (!existsSync(path) && !existsSync(`${path}-wal`)) throw missing(path);
  const lock = alone(path);
  const name = `recover-${ids()}.partial`;
  const partial = join(dataDir, name);
  try {
    mkdirSync(partial, { mode: 0o700 });
    const fresh = join(partial, databaseFile);
    const before = lookAt(path);
    const found = salvage({
      from: path,
      to: fresh,
      clock,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
    const kept = Object.values(found.rows).reduce((sum, rows) => sum + rows, 0);
    if (kept === 0) throw nothingLeft(path);
    const { recounted, back } = makeReady(fresh, options, before.damaged);
    const after = fullCheck(fresh);
    if (!after.sound) throw new TypeError(`The new store is damaged: ${after.problems.join("; ")}`);
    const stamp = new Date(clock.now()).toISOString().replaceAll(":", "-");
    const aside = join("damaged", stamp);
    const lost = before.damaged.filter((row) => !back.has(row));
    const report: RecoverReport = {
      ...found,
      path,
      dryRun,
      before,
      cameBack: before.damaged.length - lost.length,
      lost: lost.map(({ table, id }) => ({ table, id })),
      recounted,
      aside: dryRun ? null : join(dataDir, aside),
      durationMs: Math.round(clock.monotonic() - began),
    };
    if (!dryRun) {
      makeFolder(join(dataDir, aside));
      const text = `${JSON.stringify(report, null, 2)}\n`;
      writeFileSync(join(dataDir, aside, "report.json"), text, { mode: 0o600, flush: true });
      syncToDisk(fresh);
      syncToDisk(partial);
      swapIn(path, name, aside);
    }
    return report;
  } finally {
    // While a plan names it, it is the store: whoever opens that next puts it in its place.
    if (!existsSync(swapPlanOf(path))) rmSync(partial, { recursive: true, force: true });
    lock.release();
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

/** What SQLite can say of the damaged file, which may be nothing. */
function lookAt(path: string): RecoverReport["before"] {
  try {
    const { sound, problems, damaged } = fullCheck(path);
    return { sound, problems, damaged };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { sound: false, problems: [problem], damaged: [] };
  }
}

/** Counts signals anew where their counts were lost, and begins a history of changes of its own. */
function makeReady(
  fresh: string,
  { clock, ids }: RecoverOptions,
  damaged: RecoverReport["before"]["damaged"],
) {
  const database = openDatabase({ path: fresh });
  try {
    migrate(database, clock);
    return database.transaction((sql) => {
      const recounted = drive(recount("sqlite"), (statement) => answerOf(sql, statement));
      beginHistory(sql, { history: ids(), seq: readPosition(sql)?.seq ?? 0 });
      const back = new Set(damaged.filter(({ table, keys }) => isThere(sql, table, keys)));
      return { recounted, back };
    });
  } finally {
    database.close();
  }
}

function isThere(
  sql: { get(text: string, ...values: readonly string[]): unknown },
  table: string,
  keys: Readonly<Record<string, string>>,
): boolean {
  const conditions = Object.keys(keys).map((name) => `${name} = ?`);
  const text = `SELECT 1 AS there FROM ${table} WHERE ${conditions.join(" AND ")}`;
  return sql.get(text, ...Object.values(keys)) !== undefined;
}

function missing(path: string): Agent33Error {
  return new Agent33Error("store.missing", `There is no store ${path}.`, {
    hint: "Choose the folder of the damaged store with --data.",
    details: { path },
  });
}

function nothingLeft(path: string): Agent33Error {
  return new Agent33Error("store.nothing_left", `No row of a store was found in ${path}.`, {
    hint: "It is another file, or all of it was written over. It is as it was; restore a backup: agent33 store backups.",
    details: { path },
  });
}
