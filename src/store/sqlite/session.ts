import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Agent33Error } from "../../base/errors.ts";
import type { SqlRow, SqlValue } from "../program.ts";
import { mapSqliteError } from "./errors.ts";
import type { CheckedStatement, Seals } from "./seals.ts";

/** Statements, run synchronously. Inside a transaction they are part of it. */
export interface SqlSession {
  all(sql: string, ...parameters: readonly SqlValue[]): readonly SqlRow[];
  get(sql: string, ...parameters: readonly SqlValue[]): SqlRow | undefined;
  run(sql: string, ...parameters: readonly SqlValue[]): { readonly changes: number };
}

/** A session whose writes somebody else may see, in the order in which they were done. */
export interface ObservedSession extends SqlSession {
  /** Told of each statement that changed rows, until it is called without an observer. */
  observe(observer: WriteObserver | undefined): void;
}

/**
 * @param changes how many rows it changed; null where only the first of them was asked for
 */
export type WriteObserver = (
  text: string,
  parameters: readonly SqlValue[],
  changes: number | null,
) => void;

/**
 * Refuses what SQLite would not store as it is. node:sqlite reads an object in the first place as
 * a bag of named parameters and shifts the rest, stores a Date so, turns NaN into NULL and a
 * boolean into a number, all without a word.
 * @throws Agent33Error `store.bad_parameter`
 */
export function checkParameters(parameters: readonly unknown[]): readonly SqlValue[] {
  const bad = parameters.findIndex((value) => !isSqlValue(value));
  if (bad === -1) return parameters as readonly SqlValue[];
  const value = parameters[bad];
  const kind = typeof value === "object" ? (value?.constructor.name ?? "object") : typeof value;
  throw new Agent33Error("store.bad_parameter", `SQL parameter ${bad + 1} is a ${kind}.`, {
    hint: "Pass a string, a finite number, a bigint, null or bytes; write the rest as JSON text.",
  });
}

function isSqlValue(value: unknown): value is SqlValue {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string" || typeof value === "bigint") return true;
  return value === null || value instanceof Uint8Array;
}

/** For what is read of a file besides its rows. */
const unlooked: Seals = {
  active: () => false,
  install: () => undefined,
  checked: (text) => ({ text, rowsMayBeDamaged: false, newestFirst: false }),
  reading: (_, run) => run(),
};

interface Prepared extends CheckedStatement {
  readonly native: StatementSync;
  readonly writes: boolean;
}

/** More texts than the code holds; a bound in case a query is built from data. */
const maxStatements = 256;

/**
 * A session over one connection that prepares each text once, and looks at the seal of each row that
 * it reads.
 * @throws Agent33Error `store.*` from each of its functions
 */
export function createSession(
  native: DatabaseSync,
  path: string,
  seals: Seals = unlooked,
): ObservedSession {
  const statements = new Map<string, Prepared>();
  let observer: WriteObserver | undefined;
  let checked = seals.active();
  const prepare = (sql: string): Prepared => {
    if (checked !== seals.active()) {
      checked = seals.active();
      statements.clear();
    }
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const how = seals.checked(sql);
    const statement: Prepared = {
      native: native.prepare(how.text),
      writes: !onlyReads(sql),
      ...how,
    };
    if (statements.size >= maxStatements) {
      const oldest = statements.keys().next();
      if (oldest.done !== true) statements.delete(oldest.value);
    }
    statements.set(sql, statement);
    return statement;
  };
  const guarded = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      throw mapSqliteError(error, path);
    }
  };
  const told = (
    { writes }: Prepared,
    sql: string,
    parameters: readonly SqlValue[],
    changes: number | null,
  ): void => {
    if (writes && changes !== 0) observer?.(sql, parameters, changes);
  };
  return {
    all: (sql, ...parameters) =>
      guarded(() => {
        const statement = prepare(sql);
        const rows = seals.reading(
          statement,
          () => statement.native.all(...checkParameters(parameters)) as unknown as SqlRow[],
        );
        told(statement, sql, parameters, rows.length);
        return rows;
      }),
    get: (sql, ...parameters) =>
      guarded(() => {
        const statement = prepare(sql);
        const [row] = seals.reading(statement, () => {
          const found = statement.native.get(...checkParameters(parameters)) as SqlRow | undefined;
          return found === undefined ? [] : [found];
        });
        told(statement, sql, parameters, row === undefined ? 0 : null);
        return row;
      }),
    run: (sql, ...parameters) =>
      guarded(() => {
        const statement = prepare(sql);
        const changes = Number(statement.native.run(...checkParameters(parameters)).changes);
        told(statement, sql, parameters, changes);
        return { changes };
      }),
    observe: (next) => {
      observer = next;
    },
  };
}

/** Whether a statement surely changes no rows. What is not known to is taken to change some. */
function onlyReads(sql: string): boolean {
  const [, word = ""] = /^\s*([a-z]+)/i.exec(sql) ?? [];
  return ["select", "values", "explain", "pragma", "begin", "commit"].includes(word.toLowerCase());
}
