import type { ClientBase, QueryConfig, QueryResult } from "pg";
import type { Answer, SqlRow, SqlValue, Statement } from "../program.ts";
import { checkedText, damagedMark, givesRows, markedText } from "../seals/checked-text.ts";
import { standIn } from "../seals/damaged-row.ts";
import { sealedTable } from "../seals/sealed-tables.ts";
import { badRow, mapPostgresError } from "./errors.ts";
import { numbered } from "./placeholders.ts";
import { checkParameters } from "./values.ts";

/**
 * Statements over one connection, inside the transaction that is open on it. What needs no answer
 * is sent ahead, so that it costs no round trip: its failure comes out of the next statement that
 * waits, and by the order of the connection that one has failed too.
 * @throws Agent33Error `store.*` from all that return promises
 */
export interface SqlSession {
  /** Sends text without parameters ahead; it may hold several statements. */
  ahead(text: string): void;
  /**
   * The answer to a statement of a program. Locks are sent ahead.
   * @param damaged "marked" for one that has damaged rows stand among the others where it can
   */
  answer(statement: Statement, damaged?: "marked"): Promise<Answer>;
  all(text: string, ...parameters: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /**
   * Runs text without parameters, which may hold several statements; returns the command that the
   * server reports for the last one. Has no limit of time of its own where `patient`.
   */
  script(text: string, patience?: "patient"): Promise<string>;
}

/** The names of prepared statements, shared by all connections of a pool. */
export interface StatementNames {
  /** The statement in PostgreSQL's words, with a name once it was asked for twice. */
  of(text: string): { readonly text: string; readonly name?: string };
}

const nothing: Answer = { rows: [], changes: 0 };
const lockText = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))";
/** More texts than the code holds; a bound in case a query is built from data. */
const maxStatements = 256;

/** A cache of texts. The driver keeps each name on each connection for good, so there is an end. */
export function createStatementNames(): StatementNames {
  const known = new Map<string, { readonly text: string; readonly name?: string }>();
  let named = 0;
  return {
    of: (text) => {
      const found = known.get(text);
      if (found?.name !== undefined) return found;
      if (found === undefined && known.size >= maxStatements)
        return { text: numbered(checkedText(text)) };
      if (found === undefined) {
        const once = { text: numbered(checkedText(text)) };
        known.set(text, once);
        return once;
      }
      named += 1;
      const hot = { text: found.text, name: `agent33_${named}` };
      known.set(text, hot);
      return hot;
    },
  };
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** The driver's own limit of time for one query, which its types leave out. */
interface TimedQuery extends QueryConfig {
  readonly query_timeout?: number;
}
/** As long as a timer can wait: 24 days. */
const patientMs = 2 ** 31 - 1;

/** In place of the rows that are marked as damaged stands what refuses to be read. */
function withStandIns(found: readonly SqlRow[], text: string, place: string): readonly SqlRow[] {
  const name = /\bfrom\s+"?(\w+)"?/i.exec(text)?.[1] ?? "";
  const key = sealedTable(name)?.key ?? [];
  return found.map(({ [damagedMark]: damaged, ...row }) => {
    if (Number(damaged) === 0) return row;
    const id = key.map((column) => String(row[column])).join(" ");
    const seq = Number(row["seq"]);
    return standIn(Number.isSafeInteger(seq) ? { seq } : {}, () => badRow(name, id, place));
  });
}

/** @param place for messages */
export function createSession(
  client: ClientBase,
  names: StatementNames,
  place: string,
): SqlSession {
  let sent: Promise<Outcome<unknown>>[] = [];
  const send = (query: TimedQuery): Promise<Outcome<QueryResult>> =>
    client.query(query).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  const query = async (one: TimedQuery): Promise<QueryResult> => {
    const early = sent;
    sent = [];
    const outcomes = await Promise.all([...early, send(one)]);
    const failed = outcomes.find((outcome) => "error" in outcome);
    if (failed !== undefined) throw mapPostgresError(failed.error, place);
    return (outcomes.at(-1) as { readonly value: QueryResult }).value;
  };
  const prepared = (text: string, parameters: readonly SqlValue[]): TimedQuery => ({
    ...names.of(text),
    values: [...checkParameters(parameters)],
  });
  return {
    ahead: (text) => {
      sent.push(send({ text }));
    },
    answer: async (statement, damaged) => {
      if (statement.want === "places") return { rows: [], changes: 0 };
      if (statement.want === "lock") {
        sent.push(send(prepared(lockText, [statement.key])));
        return nothing;
      }
      const { text, want, parameters } = statement;
      if (damaged === "marked" && want === "rows" && givesRows(text)) {
        const found = await query(prepared(markedText(text), parameters));
        return { rows: withStandIns(found.rows as readonly SqlRow[], text, place), changes: 0 };
      }
      const { rows, rowCount } = await query(prepared(text, parameters));
      if (want === "rows") return { rows: rows as readonly SqlRow[], changes: 0 };
      return { rows: [], changes: rowCount ?? 0 };
    },
    all: async (text, ...parameters) => (await query(prepared(text, parameters))).rows,
    script: async (text, patience) => {
      const limit = patience === "patient" ? { query_timeout: patientMs } : {};
      const result = await query({ text, ...limit });
      const last = Array.isArray(result) ? (result as readonly QueryResult[]).at(-1) : result;
      return last?.command ?? "";
    },
  };
}
