import type { SqlRow } from "../program.ts";
import type { SqlSession } from "../sqlite/session.ts";

/** How far a store has come: its history, and the number of the last change in it. */
export interface Position {
  readonly history: string;
  readonly seq: number;
  /** The history that this one goes on from; where the journal does not say it yet. */
  readonly parent?: string;
}

/**
 * The position is kept among SQLite's own counters, where it is part of each transaction and of
 * each copy: `sqlite_sequence` may be written to (https://sqlite.org/autoinc.html), and nearly
 * every transaction writes to its one page anyway. The name has the history, the number is `seq`.
 */
const prefix = "journal:";

/** The position of a store; undefined for one that never had a journal. */
export function readPosition(sql: Pick<SqlSession, "get">): Position | undefined {
  return positionOf(sql.get("SELECT name, seq FROM sqlite_sequence WHERE name LIKE 'journal:%'"));
}

/** Begins a history at a number, in place of the one before. */
export function beginHistory(
  sql: Pick<SqlSession, "run">,
  { history, seq, parent }: Position,
): void {
  const name = `${prefix}${history}${parent === undefined ? "" : `/${parent}`}`;
  sql.run("DELETE FROM sqlite_sequence WHERE name LIKE 'journal:%'");
  sql.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", name, seq);
}

/** Counts one change; undefined for a store that never had a journal. */
export function advance(sql: Pick<SqlSession, "get">): Position | undefined {
  return positionOf(
    sql.get(
      "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name LIKE 'journal:%' RETURNING name, seq",
    ),
  );
}

function positionOf(row: SqlRow | undefined): Position | undefined {
  if (row === undefined) return undefined;
  const [history = "", parent] = String(row["name"]).slice(prefix.length).split("/");
  return { history, seq: Number(row["seq"]), ...(parent === undefined ? {} : { parent }) };
}
