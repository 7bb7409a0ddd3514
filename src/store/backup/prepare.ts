import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { syncToDisk } from "../../base/disk.ts";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";
import { beginHistory, readPosition } from "../journal/position.ts";
import { type ReplayReport, replayChanges, type ReplayTarget } from "../journal/replay.ts";
import { journalFolder } from "../journal/segments.ts";
import { migrations } from "../schema/migrations.ts";
import { type Database, openDatabase } from "../sqlite/database.ts";
import { migrate, schemaVersion } from "../sqlite/migrations.ts";
import { databaseFile } from "../store.ts";
import type { OnProgress } from "../transfer/report.ts";
import { type Base, basesFor } from "./base.ts";
import type { BackupEntry } from "./catalogue.ts";
import { checkBackedUp, checkSchema, unpackChecked } from "./check.ts";

/** Which database to make. */
export interface PrepareOptions {
  readonly dataDir: string;
  /** Exactly this backup, unless a target says how far to go on from it. */
  readonly backup?: BackupEntry | undefined;
  /** Without one that is named: the backups to choose from, the newest first. */
  readonly backups?: readonly BackupEntry[];
  /** How far to go in the journal. Default: to its end, or nowhere from a backup that is named. */
  readonly target?: ReplayTarget;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Brings a backup of an older schema up to date on the way. */
  readonly mayUpgrade?: boolean;
  /** Puts right what is altered of a backup, as far as its parity can. */
  readonly heal?: boolean;
  readonly onProgress?: OnProgress;
}

/** A database that is ready to be put in a store's place. */
export interface Prepared {
  /** What it was made of; undefined where the journal alone had all of it. */
  readonly backup?: BackupEntry | undefined;
  /** How far the journal went from there; null where it was not asked. */
  readonly journal: ReplayReport | null;
  /** Backups that would have been nearer and are damaged. */
  readonly passedOver: readonly { readonly path: string; readonly why: string }[];
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * Makes the database in an empty folder, of the nearest backup that is whole.
 * @throws Agent33Error `store.no_backup`, and what is wrong with the only one
 */
export async function prepareBest(folder: string, options: PrepareOptions): Promise<Prepared> {
  const passedOver: { path: string; why: string }[] = [];
  let damage: unknown;
  for (const base of basesOf(options)) {
    mkdirSync(folder, { mode: 0o700 });
    try {
      return { ...(await prepare(folder, base, options)), passedOver };
    } catch (error) {
      if (base.backup === undefined || options.backup !== undefined || !isDamage(error))
        throw error;
      rmSync(folder, { recursive: true, force: true });
      damage ??= error;
      const { path } = base.backup;
      if (!passedOver.some((one) => one.path === path)) {
        passedOver.push({ path, why: error.message });
      }
    }
  }
  throw damage ?? noBackup(options);
}

function basesOf({ dataDir, backup, backups = [], target }: PrepareOptions): readonly Base[] {
  const journal = join(dataDir, journalFolder);
  if (backup === undefined) return basesFor(backups, journal, target ?? {});
  if (backup.fault !== undefined) throw backup.fault;
  const [base] = target === undefined ? [] : basesFor([backup], journal, target);
  return [base ?? { backup, stretches: [] }];
}

function isDamage(error: unknown): error is Agent33Error {
  return isAgent33Error(error) && error.code === "store.backup_damaged";
}

/**
 * Makes the database in an empty folder, of one base.
 * @throws Agent33Error `store.backup_damaged`, `store.journal_mismatch`, other `store.*`
 */
export async function prepare(
  folder: string,
  { backup, stretches }: Base,
  options: PrepareOptions,
): Promise<Omit<Prepared, "passedOver">> {
  const { dataDir, clock, target = {}, onProgress, mayUpgrade = false, heal = false } = options;
  const plain = join(folder, databaseFile);
  if (backup?.manifest !== undefined) {
    const { path, manifest } = backup;
    checkSchema(path, manifest, migrations.length, mayUpgrade);
    const total = manifest.database.unpackedBytes;
    const onBytes = (done: number) => onProgress?.({ phase: "reading the backup", done, total });
    const look = "its rows";
    await unpackChecked({ path, manifest, into: folder, look, heal, onBytes });
  }
  if (backup?.isFile === true) copySnapshot(backup.path, plain, mayUpgrade);
  // A row gets the revision of the change that wrote it, at the end of its millisecond: what else
  // is found of the row is then the older or the newer version of it, as the case is.
  let changedAt: number | undefined;
  const now = () => (changedAt === undefined ? clock.now() : changedAt + 0.999);
  const database = openDatabase({ path: plain, now });
  let journal: ReplayReport | null = null;
  try {
    if (stretches.length > 0) {
      journal = await replayChanges({
        database,
        journal: join(dataDir, journalFolder),
        stretches,
        after: backup?.manifest?.seq ?? 0,
        target,
        clock,
        onChange: ({ seq, at }) => {
          changedAt = at;
          onProgress?.({ phase: "reading the journal", done: seq });
        },
      });
      changedAt = undefined;
    }
    checkReached(options, journal, backup);
    finish(database, journal, options);
  } finally {
    database.close();
  }
  // What is put in the store's place is looked at as it will be, page by page.
  const { rows } = checkBackedUp(backup?.path ?? plain, plain, "every page");
  syncToDisk(plain);
  syncToDisk(folder);
  return { backup, journal, rows };
}

/**
 * A file of its own has no manifest: SQLite's checks and its marks must do.
 * @throws Agent33Error `store.backup_damaged`, `store.not_a_store`, `store.backup_older`,
 * `store.backup_newer`
 */
function copySnapshot(path: string, plain: string, mayUpgrade: boolean): void {
  copyFileSync(path, plain);
  const { schemaVersion } = checkBackedUp(path, plain, "its rows");
  checkSchema(path, { schema: schemaVersion }, migrations.length, mayUpgrade);
}

/** @throws Agent33Error `store.journal_gap` where what was asked for cannot be reached */
function checkReached(
  { target }: PrepareOptions,
  journal: ReplayReport | null,
  backup: BackupEntry | undefined,
): void {
  const seq = journal?.seq ?? backup?.manifest?.seq ?? 0;
  const short =
    target?.seq === undefined
      ? target?.at !== undefined && journal?.end === "gap"
      : seq !== target.seq;
  if (!short) return;
  throw new Agent33Error(
    "store.journal_gap",
    `What is kept goes from ${backup?.id ?? "an empty store"} to change ${seq} and not further.`,
    {
      hint: `Ask for one that there is, with --seq ${seq}, or for a later backup: agent33 store backups. The store is as it was.`,
      details: { seq },
    },
  );
}

/** Brings the database to this program's schema, and begins a history of its own. */
function finish(
  database: Database,
  journal: ReplayReport | null,
  { clock, ids, mayUpgrade = false }: PrepareOptions,
): void {
  const schema = schemaVersion(database);
  if (schema > 0) checkSchema(database.path, { schema }, migrations.length, mayUpgrade);
  migrate(database, clock);
  database.transaction((sql) => {
    const found = readPosition(sql);
    const parent = journal?.history ?? found?.history;
    if (parent === undefined) return;
    beginHistory(sql, { history: ids(), seq: journal?.seq ?? found?.seq ?? 0, parent });
  });
}

function noBackup({ dataDir, target }: PrepareOptions): Agent33Error {
  return new Agent33Error(
    "store.no_backup",
    target === undefined
      ? `There is no backup and no journal of the store in ${dataDir}.`
      : `No backup and no journal of the store in ${dataDir} goes back that far.`,
    {
      hint: "`agent33 store backups` lists what there is; --from names another folder. The store is as it was.",
    },
  );
}
