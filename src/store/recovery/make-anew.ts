import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";
import type { BackupEntry } from "../backup/catalogue.ts";
import type { Prepared } from "../backup/prepare.ts";
import { positionIn } from "../backup/take.ts";
import { createHistory, openJournal } from "../journal/journal-file.ts";
import { beginHistory, type Position, readPosition } from "../journal/position.ts";
import { countingRecorder, journalRecorder } from "../journal/recorder.ts";
import { journalFolder } from "../journal/segments.ts";
import { drive } from "../program.ts";
import { type SalvageReport, salvage } from "../salvage/salvage.ts";
import { migrations } from "../schema/migrations.ts";
import { sealedTables } from "../seals/sealed-tables.ts";
import { answerOf } from "../sqlite/answer.ts";
import { type Database, openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import { readSnapshot } from "../sqlite/snapshot.ts";
import type { SqlSession } from "../sqlite/session.ts";
import { databaseFile } from "../store.ts";
import { recount } from "../transfer/recount.ts";
import type { OnProgress } from "../transfer/report.ts";
import { addBehindGap } from "./behind-gap.ts";
import { type MergeReport, mergeFound } from "./merge.ts";
import { rebuild } from "./rebuild.ts";
import { remainsOf } from "./remains.ts";
import type { RecoveryReport } from "./report.ts";

export interface RecoverOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** The store's backups, the newest first. Default: none. */
  readonly backups?: readonly BackupEntry[];
  /** Whether the new store has a journal. Default: where there is one already. */
  readonly journal?: boolean;
  /** Does all of it but putting the result in place. */
  readonly dryRun?: boolean;
  readonly onProgress?: OnProgress;
}

export interface MakeOptions extends RecoverOptions {
  /** The damaged file. */
  readonly path: string;
  /** A folder to work in. */
  readonly partial: string;
  /** Where the new store is made. */
  readonly fresh: string;
  /** Rows of the damaged file whose seal does not hold. */
  readonly damaged: RecoveryReport["before"]["damaged"];
}

type Made = Omit<
  RecoveryReport,
  "path" | "at" | "dryRun" | "before" | "quarantined" | "aside" | "durationMs"
>;

type Base = Omit<Prepared, "passedOver">;

/**
 * Makes the new store of everything that there is: of a backup, the journal, the damaged file and
 * what is left of damaged backups, or of these two alone.
 * @throws Agent33Error `store.nothing_left`, other `store.*`
 */
export async function makeAnew(options: MakeOptions): Promise<Made> {
  const { dataDir, clock, ids, backups = [], path, partial, fresh, onProgress } = options;
  const progress = onProgress === undefined ? {} : { onProgress };
  const common = { dataDir, clock, ids, ...progress };
  const work = join(partial, "rebuilt");
  const { prepared, passedOver, damaged } = await rebuild(work, { ...common, backups });
  const journal = join(dataDir, journalFolder);
  const alsoFrom = await remainsOf(damaged, journal, join(partial, "remains"));
  if (prepared === undefined) {
    const found = salvage({ from: path, alsoFrom, to: fresh, clock, ...progress });
    return { ...ofFileAlone(options, found), passedOver: [...passedOver] };
  }
  renameSync(join(work, databaseFile), fresh);
  const to = join(partial, "found.db");
  const found = salvage({ from: path, alsoFrom, to, clock, keepOrphans: true, ...progress });
  const behindGap = await addBehindGap({ journal, reached: prepared.journal, found: to });
  const made = ofBase(options, prepared, to, found);
  return { ...made, ...(behindGap === 0 ? {} : { behindGap }), passedOver: [...passedOver] };
}

/** Counts signals anew where their counts were lost, and begins a history of changes of its own. */
function ofFileAlone(options: MakeOptions, found: SalvageReport): Omit<Made, "passedOver"> {
  const { path, fresh, clock, ids, damaged } = options;
  if (Object.values(found.rows).every((rows) => rows === 0)) throw nothingLeft(path);
  const seq = positionFound(path)?.seq ?? 0;
  const { recounted, lost, position } = open(fresh, options, (database) => {
    migrate(database, clock);
    return database.transaction((sql) => {
      const recounted = drive(recount("sqlite"), (statement) => answerOf(sql, statement));
      const history = ids();
      const journal = journalOf(options);
      if (journal !== undefined) {
        createHistory(journal, { history, at: clock.now(), seq, parent: null, empty: false });
      }
      beginHistory(sql, { history, seq });
      return { recounted, lost: absent(sql, damaged), position: readPosition(sql) };
    });
  });
  return {
    backup: null,
    journal: null,
    ...rowsFrom(fresh, { taken: found.rows }),
    versions: found.versions,
    orphans: found.orphans,
    tornFrames: found.tornFrames,
    cameBack: damaged.length - lost.length,
    lost,
    recounted: [...recounted],
    history: historyOf(position),
  };
}

/** Adds what only the damaged file has, as changes of the history that the new store begins. */
function ofBase(
  options: MakeOptions,
  prepared: Base,
  foundAt: string,
  found: SalvageReport,
): Omit<Made, "passedOver"> {
  const { path, fresh, clock, damaged } = options;
  const before = positionFound(path);
  const wholeUntil = Math.max(
    Date.parse(prepared.backup?.manifest?.at ?? "1970-01-01"),
    prepared.journal?.latest ?? 0,
  );
  const { merged, recounted, missing, position } = open(fresh, options, (database) => {
    migrate(database, clock);
    record(database, options);
    const merged = mergeFound({
      database,
      found: foundAt,
      from: path,
      wholeUntil,
      now: clock.now(),
    });
    const recounted = database.transaction((sql) =>
      drive(recount("sqlite"), (statement) => answerOf(sql, statement)),
    );
    const missing = absent(database.sql, damaged);
    return { merged, recounted, missing, position: readPosition(database.sql) };
  });
  // Where the journal goes as far as the store did, nothing of it can be missing.
  const lost = reaches(prepared, before) ? [] : [...missing, ...merged.refused];
  return {
    backup: prepared.backup?.path ?? null,
    journal: prepared.journal,
    ...rowsFrom(fresh, { prepared, taken: merged.taken }),
    versions: found.versions,
    orphans: merged.orphans,
    tornFrames: found.tornFrames,
    cameBack: Math.max(damaged.length - lost.length, 0),
    lost,
    recounted: [...recounted],
    history: historyOf(position),
  };
}

function open<T>(path: string, { clock }: MakeOptions, use: (database: Database) => T): T {
  const database = openDatabase({ path, now: () => clock.now() });
  try {
    return use(database);
  } finally {
    database.close();
  }
}

/** What is added goes into the journal, like every change; on a dry run it is counted only. */
function record(database: Database, options: MakeOptions): void {
  const folder = journalOf(options);
  if (folder === undefined) return database.record(countingRecorder);
  const { clock, ids } = options;
  const schema = migrations.length;
  const onTrouble = (error: Agent33Error): never => {
    throw error;
  };
  const file = openJournal({ folder, clock, ids, schema, onTrouble });
  database.record((sql) => journalRecorder(sql, file));
}

/** The journal to write to, if any. */
function journalOf({ dataDir, journal, dryRun = false }: MakeOptions): string | undefined {
  const folder = join(dataDir, journalFolder);
  return !dryRun && (journal ?? existsSync(folder)) ? folder : undefined;
}

/** Whether a backup and its journal have all that the store had committed. */
function reaches({ backup, journal }: Base, store: Position | undefined): boolean {
  if (store === undefined) return false;
  const history = journal?.history ?? backup?.manifest?.history;
  const seq = journal?.seq ?? backup?.manifest?.seq ?? 0;
  return history === store.history && seq >= store.seq;
}

/** How far the damaged store had come, where SQLite can still read that. */
function positionFound(path: string): Position | undefined {
  try {
    return positionIn(path);
  } catch {
    // A damaged file may be refused in any way, and then nothing is known of it.
    return undefined;
  }
}

function absent(
  sql: Pick<SqlSession, "get">,
  damaged: MakeOptions["damaged"],
): RecoveryReport["lost"] {
  const isThere = (table: string, keys: Readonly<Record<string, string>>): boolean => {
    const conditions = Object.keys(keys).map((name) => `${name} = ?`);
    const text = `SELECT 1 AS there FROM ${table} WHERE ${conditions.join(" AND ")}`;
    return sql.get(text, ...Object.values(keys)) !== undefined;
  };
  return damaged
    .filter(({ table, keys }) => !isThere(table, keys))
    .map(({ table, id }) => ({ table, id }));
}

function rowsFrom(
  fresh: string,
  { prepared, taken }: { readonly prepared?: Base; readonly taken: MergeReport["taken"] },
): Pick<RecoveryReport, "rows" | "sources"> {
  const all = readSnapshot(fresh, "its rows").rows;
  const backup = prepared?.backup?.manifest?.rows ?? {};
  const rebuilt = prepared?.rows ?? {};
  const tables = sealedTables.map(({ name }) => name);
  return {
    rows: Object.fromEntries(tables.map((name) => [name, all[name] ?? 0])),
    sources: Object.fromEntries(
      tables.map((name) => {
        const [kept, whole] = [backup[name] ?? 0, rebuilt[name] ?? 0];
        return [name, { backup: kept, journal: whole - kept, file: taken[name] ?? 0 }];
      }),
    ),
  };
}

function historyOf(position: Position | undefined): RecoveryReport["history"] {
  if (position === undefined) return null;
  const { history: id, seq, parent = null } = position;
  return { id, seq, parent };
}

function nothingLeft(path: string): Agent33Error {
  return new Agent33Error("store.nothing_left", `No row of a store was found in ${path}.`, {
    hint: "It is another file, or all of it was written over, and there is no backup that can be used. It is as it was; --from of `agent33 store restore` names another folder of backups.",
    details: { path },
  });
}
