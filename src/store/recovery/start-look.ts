import { existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../base/clock.ts";
import { isAgent33Error } from "../../base/errors.ts";
import { quickCheck } from "../check.ts";
import { lastHistories } from "../journal/histories.ts";
import { readPosition } from "../journal/position.ts";
import { lastSeqOf } from "../journal/tail.ts";
import { isWalDamaged } from "../salvage/wal-damage.ts";
import { migrations } from "../schema/migrations.ts";
import { mapSqliteError, refuseUnreadable } from "../sqlite/errors.ts";
import { createSession, type SqlSession } from "../sqlite/session.ts";
import { takeLock, useLockOf, useStore } from "../sqlite/use-lock.ts";

export interface StartLook {
  /** The store's file. */
  readonly path: string;
  /** The folder of its journal, which may not be there. */
  readonly journal: string;
  readonly clock: Clock;
  /** How long pages are looked at. Milliseconds. */
  readonly budgetMs: number;
  readonly busyTimeoutMs: number;
}

/**
 * What is seen to be wrong with a store before it is opened to be written to; none where nothing is.
 * The file is only read: a damaged one is left with its write-ahead log as it was found. A restore
 * that was killed is finished first.
 * @throws Agent33Error `store.corrupt` and `store.not_a_store` where it cannot be read at all,
 * `store.io` where its disk fails to, `store.restoring`, other `store.*`
 */
export function lookAtStart(look: StartLook): readonly string[] {
  const { path, clock, budgetMs, busyTimeoutMs } = look;
  useStore(path, busyTimeoutMs).release();
  const lock = hasWal(path) ? takeLock(useLockOf(path), "alone", 0) : undefined;
  if (lock !== undefined) {
    try {
      const broken = walProblems(path);
      if (broken.length > 0) return broken;
    } finally {
      lock.release();
    }
  }
  const use = useStore(path, busyTimeoutMs);
  try {
    const problems = problemsOf(look, (sql) => quickCheck(sql, clock, budgetMs).problems);
    // Pages that cannot be read now may be whole: nothing is made anew of what a disk still hides.
    if (problems.length > 0) refuseUnreadable(path);
    return problems;
  } finally {
    use.release();
  }
}

/**
 * The same, but for pages and rows, by whoever has the store alone.
 * @throws Agent33Error `store.*`
 */
export function lookAlone(look: Pick<StartLook, "path" | "journal" | "busyTimeoutMs">) {
  return [...walProblems(look.path), ...problemsOf(look, () => [])];
}

function problemsOf(
  { path, journal, busyTimeoutMs }: Pick<StartLook, "path" | "journal" | "busyTimeoutMs">,
  lookAtPages: (sql: SqlSession) => readonly string[],
): readonly string[] {
  // Asked first: another process may be making the store, which is there before its first change is.
  const gone =
    lastHistories(journal).length > 0 ? ["it is empty, and its journal has changes"] : [];
  if (isEmpty(path)) return gone;
  try {
    // Where the making of a store broke off, SQLite first takes back what was written of it.
    const readOnly = !existsSync(`${path}-journal`);
    const native = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs });
    try {
      native.exec("PRAGMA cell_size_check = ON");
      const sql = createSession(native, path);
      if (hasNothing(sql)) return gone;
      const { isOurs, problems } = headerProblems(sql);
      if (!isOurs || problems.length > 0) return problems;
      return [...journalProblems(sql, journal), ...lookAtPages(sql)];
    } finally {
      native.close();
    }
  } catch (error) {
    const mapped = mapSqliteError(error, path);
    if (damage.has(mapped.code)) throw mapped;
    // A folder that may not be written to, and its like: who opens the store says so.
    return [];
  }
}

function hasNothing(sql: SqlSession): boolean {
  return sql.get("SELECT 1 AS there FROM sqlite_schema") === undefined;
}

function isEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** What SQLite says of a file that is no database any more, or one with a page that cannot be. */
const damage = new Set(["store.corrupt", "store.not_a_store"]);

/** Whether an error says that a store's file is damaged, however that came to light. */
export function isDamage(error: unknown): boolean {
  return isAgent33Error(error) && damage.has(error.code);
}

/** What the header says of the schema; of another one than this program's nothing is known here. */
function headerProblems(sql: SqlSession) {
  const version = Number(sql.get("PRAGMA user_version")?.["user_version"] ?? 0);
  const listed = listedVersion(sql);
  const differs = listed === migrations.length && listed !== version;
  return {
    isOurs: version === migrations.length,
    problems: differs
      ? [`its header says schema version ${version}, and its list of steps ${listed}`]
      : [],
  };
}

function journalProblems(sql: SqlSession, journal: string): readonly string[] {
  const missing = missingChanges(sql, journal);
  return missing === 0
    ? []
    : [`its last ${missing} changes are missing, as its journal knows: writes were lost`];
}

/** The last step of the schema that the store says was taken. */
function listedVersion(sql: SqlSession): number | undefined {
  const tables = sql.get("SELECT 1 AS there FROM sqlite_schema WHERE name = 'migrations'");
  if (tables === undefined) return undefined;
  return Number(sql.get("SELECT max(version) AS version FROM migrations")?.["version"]);
}

/**
 * How many changes the journal has that the store lacks. One more is nothing: a process that is
 * about to commit, or was killed then, has written its line already.
 */
function missingChanges(sql: SqlSession, journal: string): number {
  const before = readPosition(sql);
  if (before === undefined || !existsSync(journal)) return 0;
  const last = lastSeqOf(journal, before.history);
  // Read in this order, as others may write: the store has what the journal had before.
  const after = readPosition(sql);
  if (last === undefined || after?.history !== before.history) return 0;
  const missing = last - after.seq;
  return missing > 1 ? missing : 0;
}

function hasWal(path: string): boolean {
  return !isEmpty(`${path}-wal`);
}

/** While others use the store its log changes, and they have looked at it. */
function walProblems(path: string): readonly string[] {
  return hasWal(path) && isWalDamaged(`${path}-wal`)
    ? ["transactions stand behind a damaged place of its write-ahead log"]
    : [];
}
