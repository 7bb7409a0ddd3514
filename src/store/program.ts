import type { CompiledQuery } from "kysely";
import { Agent33Error } from "../base/errors.ts";
import { unstorable } from "../learning/text.ts";

/** A value that a database column can hold. */
export type SqlValue = string | number | bigint | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * One statement, in the SQL that SQLite and PostgreSQL share, with `?` for each parameter. `rows`
 * asks for the rows, `changes` for how many were changed; `lock` has no text for SQLite, which has
 * one writer, and holds back others with the same key on PostgreSQL until the transaction ends.
 * `places` asks by the `rowid` of SQLite; PostgreSQL has none, and answers with no rows.
 */
export type Statement =
  | {
      readonly want: "rows" | "changes" | "places";
      readonly text: string;
      readonly parameters: readonly SqlValue[];
    }
  | { readonly want: "lock"; readonly key: string };

export interface Answer {
  readonly rows: readonly SqlRow[];
  readonly changes: number;
}

/**
 * Work on the store as a generator that yields statements and is given their answers. So it is
 * written once and runs synchronously on SQLite, inside a batch of several writers' work, and
 * asynchronously on PostgreSQL. A statement that fails ends the program and what it wrote. It may
 * be run again from the start after a conflict, so it keeps no state outside of itself.
 */
export type Program<T> = Generator<Statement, T, Answer>;

/** The rows of a statement. */
export function* rows(
  text: string,
  ...parameters: readonly SqlValue[]
): Program<readonly SqlRow[]> {
  return (yield { want: "rows", text, parameters }).rows;
}

/** The rows of a statement that asks by the places of SQLite's tables; none on PostgreSQL. */
export function* rowsByPlace(
  text: string,
  ...parameters: readonly SqlValue[]
): Program<readonly SqlRow[]> {
  return (yield { want: "places", text, parameters }).rows;
}

/** The first row of a statement. */
export function* first(
  text: string,
  ...parameters: readonly SqlValue[]
): Program<SqlRow | undefined> {
  return (yield { want: "rows", text, parameters }).rows[0];
}

/** How many rows a statement changed. */
export function* change(text: string, ...parameters: readonly SqlValue[]): Program<number> {
  return (yield { want: "changes", text, parameters }).changes;
}

/** The rows of a query of the builder, with its types. */
export function* select<R>(query: { compile(): CompiledQuery<R> }): Program<readonly R[]> {
  const { sql, parameters } = query.compile();
  const statement = { text: sql, parameters: parameters as readonly SqlValue[] };
  return (yield { want: "rows", ...statement }).rows as unknown as readonly R[];
}

/** Until the transaction ends, no other program gets past a lock of the same words. */
export function* lock(...words: readonly string[]): Program<void> {
  yield { want: "lock", key: JSON.stringify(words) };
}

/** One function of a repository: what it does, and whether it needs a write transaction. */
export interface Operation<A extends readonly unknown[], T> {
  readonly kind: "read" | "write";
  readonly program: (...args: A) => Program<T>;
}

export function read<A extends readonly unknown[], T>(
  program: (...args: A) => Program<T>,
): Operation<A, T> {
  return { kind: "read", program };
}

export function write<A extends readonly unknown[], T>(
  program: (...args: A) => Program<T>,
): Operation<A, T> {
  return { kind: "write", program };
}

/** Operations of any shape, of which only the kind is looked at. */
export type Repository = Readonly<Record<string, Operation<never[], unknown>>>;

/** A repository whose functions return promises: the contract that every backend keeps. */
export type AsyncFace<R> = {
  readonly [K in keyof R]: R[K] extends Operation<infer A, infer T>
    ? (...args: A) => Promise<T>
    : never;
};

/** A repository whose functions have committed when they return. Only SQLite has it. */
export type SyncFace<R> = {
  readonly [K in keyof R]: R[K] extends Operation<infer A, infer T> ? (...args: A) => T : never;
};

/**
 * Refuses to look for a text that no database can hold. They differ in what they would do with it:
 * SQLite may take it for another text, PostgreSQL does not.
 * @throws Agent33Error `store.bad_parameter`
 */
function checkLookedFor(given: readonly unknown[]): void {
  for (const [at, value] of given.entries()) {
    const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
    for (const [name, text] of [[`argument ${at + 1}`, value] as const, ...inner]) {
      const problem = typeof text === "string" ? unstorable(text) : undefined;
      if (problem === undefined) continue;
      throw new Agent33Error(
        "store.bad_parameter",
        `What is looked for is malformed: ${name}: ${problem}.`,
        { hint: "Pass text that is valid Unicode without U+0000, such as an id from a list." },
      );
    }
  }
}

/** The repository's functions, each run by `run`. */
export function faceOf<R extends Repository>(
  repository: R,
  run: (kind: "read" | "write", make: () => Program<unknown>) => unknown,
): Record<keyof R, (...args: readonly unknown[]) => unknown> {
  const entries = Object.entries(repository).map(([name, { kind, program }]) => [
    name,
    (...args: readonly unknown[]) =>
      run(kind, () => {
        if (kind === "read") checkLookedFor(args);
        return program(...(args as never[]));
      }),
  ]);
  return Object.fromEntries(entries) as Record<keyof R, (...args: readonly unknown[]) => unknown>;
}

/** Runs a program to its end where every statement answers at once. Its errors pass through. */
export function drive<T>(program: Program<T>, answer: (statement: Statement) => Answer): T {
  let step = program.next();
  while (step.done !== true) step = program.next(answer(step.value));
  return step.value;
}

/** Runs a program to its end where statements answer later. Errors pass through. */
export async function driveAsync<T>(
  program: Program<T>,
  answer: (statement: Statement) => Promise<Answer>,
): Promise<T> {
  let step = program.next();
  while (step.done !== true) step = program.next(await answer(step.value));
  return step.value;
}
