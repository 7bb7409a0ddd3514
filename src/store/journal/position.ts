import type { SqlSession } from "../sqlite/session.ts";

/** How far a store has come: its history, and the number of the last change in it. */
export interface Position {
  readonly history: string;
  readonly seq: number;
}

/**
 * The position is kept among SQLite's own counters, where it is part of each transaction and of
 * each copy: `sqlite_sequence` may be written to (https://sqlite.org/autoinc.html), and nearly
 * every transaction writes to its one page anyway. The name has the history, the number is `seq`.
 */
const prefix = "journal:";

/** The position of a store; undefined for one that never had a journal. */
export function readPosition(sql: Pick<SqlSession, "get">): Position | undefined {
  const row = sql.get("SELECT name, seq FROM sqlite_sequence WHERE name LIKE 'journal:%'");
  if (row === undefined) return undefined;
  return { history: String(row["name"]).slice(prefix.length), seq: Number(row["seq"]) };
}

/** Begins a history at a number, in place of the one before. */
export function beginHistory(sql: Pick<SqlSession, "run">, { history, seq }: Position): void {
  sql.run("DELETE FROM sqlite_sequence WHERE name LIKE 'journal:%'");
  sql.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", `${prefix}${history}`, seq);
}
