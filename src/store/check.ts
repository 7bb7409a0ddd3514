import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { Agent33Error } from "../base/errors.ts";
import { type DamagedRow, damagedRow } from "./seals/damaged-row.ts";
import { sealHolds } from "./seals/seal.ts";
import { type SealedTable, sealedTables } from "./seals/sealed-tables.ts";
import { mapSqliteError } from "./sqlite/errors.ts";
import type { SqlSession } from "./sqlite/session.ts";
import type { OnProgress } from "./transfer/report.ts";

/** What was found in a store's file. */
export interface StoreCheck {
  /** Whether nothing is wrong with what was looked at. */
  readonly sound: boolean;
  /** What is wrong with the file, in SQLite's words: its pages, or an index and its table. */
  readonly problems: readonly string[];
  /** Rows whose seal does not hold. */
  readonly damaged: readonly DamagedRow[];
  /** Rows that were looked at. */
  readonly rows: number;
}

/** SQLite's words for one table that are told at most. */
const mostProblems = 20;

/**
 * Compares tables with their indexes and looks at their pages, one table after the other, until the
 * time is over. What is left is for the full check.
 * @returns what is wrong; whether every table was looked at
 */
export function quickCheck(
  sql: SqlSession,
  clock: Clock,
  budgetMs: number,
): { readonly problems: readonly string[]; readonly whole: boolean } {
  const began = clock.monotonic();
  const problems: string[] = [];
  for (const [index, { name }] of sealedTables.entries()) {
    if (index > 0 && clock.monotonic() - began > budgetMs) return { problems, whole: false };
    problems.push(...wordsOf(sql.all(`PRAGMA integrity_check('${name}')`)));
  }
  return { problems, whole: true };
}

/**
 * Reads a store's file from end to end: its pages, each index against its table, what refers to what,
 * and the seal of every row. It blocks the thread for as long as it takes.
 * @throws Agent33Error `store.corrupt`, `store.not_a_store`, other `store.*` where it cannot be read
 */
export function fullCheck(path: string, onProgress?: OnProgress): StoreCheck {
  const problems: string[] = [];
  const damaged: DamagedRow[] = [];
  let rows = 0;
  try {
    const native = new DatabaseSync(path, { readOnly: true });
    try {
      native.exec("PRAGMA cell_size_check = ON; BEGIN");
      problems.push(...wordsOf(native.prepare(`PRAGMA integrity_check(${mostProblems})`).all()));
      const dangling = native.prepare("PRAGMA foreign_key_check").all().length;
      if (dangling > 0) problems.push(`${dangling} rows refer to rows that are not there`);
      for (const [index, table] of sealedTables.entries()) {
        const progress = { done: index, total: sealedTables.length };
        onProgress?.({ phase: `check ${table.name}`, ...progress });
        rows += checkRows(native, table, damaged, problems);
      }
    } finally {
      native.close();
    }
  } catch (error) {
    throw mapSqliteError(error, path);
  }
  const sound = problems.length === 0 && damaged.length === 0;
  return { sound, problems, damaged, rows };
}

/** Looks at each row of a table; how many there were. What ends the reading is a problem. */
function checkRows(
  native: DatabaseSync,
  table: SealedTable,
  damaged: DamagedRow[],
  problems: string[],
): number {
  const { name, reals } = table;
  let rows = 0;
  try {
    const all = native.prepare(
      `SELECT ${["seal", "spelled", ...reals].join(", ")} FROM ${name} NOT INDEXED`,
    );
    for (const { seal, spelled, ...rest } of all.iterate()) {
      rows += 1;
      const text = [spelled, ...reals.map((column) => rest[column])].map(String).join("|");
      if (!sealHolds(name, seal, text)) damaged.push(damagedRow(table, text));
    }
  } catch (error) {
    problems.push(`${name} could not be read to its end: ${mapSqliteError(error, name).code}`);
  }
  return rows;
}

function wordsOf(found: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return found
    .map((row) => String(Object.values(row)[0]).replace(/^\*\*\* in database main \*\*\*\s/, ""))
    .filter((word) => word !== "ok");
}

/** The error for a store whose file is damaged. */
export function damagedStore(path: string, problems: readonly string[]): Agent33Error {
  const [first = "its file is damaged"] = problems;
  return new Agent33Error("store.corrupt", `The store ${path} is damaged: ${first}.`, {
    hint: `End what uses it and run \`agent33 store recover\`: it makes a new store of backups, the journal and all that can be read, and keeps the damaged one. --dry-run only says what it would find. See docs/operations/recover.md.`,
    details: { path, problems: problems.slice(0, mostProblems) },
  });
}
