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
): SqlSession {
  const statements = new Map<string, Prepared>();
  let checked = seals.active();
  const prepare = (sql: string): Prepared => {
    if (checked !== seals.active()) {
      checked = seals.active();
      statements.clear();
    }
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const how = seals.checked(sql);
    const statement: Prepared = { native: native.prepare(how.text), ...how };
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
  return {
    all: (sql, ...parameters) =>
      guarded(() => {
        const one = prepare(sql);
        return seals.reading(
          one,
          () => one.native.all(...checkParameters(parameters)) as unknown as SqlRow[],
        );
      }),
    get: (sql, ...parameters) =>
      guarded(() => {
        const one = prepare(sql);
        return seals.reading(one, () => {
          const row = one.native.get(...checkParameters(parameters)) as SqlRow | undefined;
          return row === undefined ? [] : [row];
        })[0];
      }),
    run: (sql, ...parameters) =>
      guarded(() => ({
        changes: Number(prepare(sql).native.run(...checkParameters(parameters)).changes),
      })),
  };
}
