import { Agent33Error } from "../../base/errors.ts";
import type { Backend } from "../backend.ts";
import { change, first, type Program, rows, type SqlValue } from "../program.ts";
import type { Row } from "./rows.ts";
import { moveSeq } from "./sequences.ts";
import type { StoreTable } from "./tables.ts";

/** What became of rows that were to be written. */
export interface InsertOutcome {
  readonly inserted: readonly Row[];
  /** There before, with the same content. */
  readonly same: number;
  /** There before with other content, which was left as it is. */
  readonly other: readonly Row[];
  /** Their parent is not there. */
  readonly orphans: readonly Row[];
  /** The `seq` that a row had, and the one that it has here, where they differ. */
  readonly moved: readonly (readonly [from: number, to: number])[];
}

/** Rows a statement: more of them cost more parameters than they save. */
const rowsAtOnce = 40;

/**
 * Writes rows of one table that are not there yet, and never over one that is. A row whose `seq`
 * another row has here gets a new one.
 */
export function* insertRows(
  kind: Backend["kind"],
  table: StoreTable,
  all: readonly Row[],
): Program<InsertOutcome> {
  const { known, orphans } = yield* withParents(table, all);
  const inserted: Row[] = [];
  const left: Row[] = [];
  for (let index = 0; index < known.length; index += rowsAtOnce) {
    const some = known.slice(index, index + rowsAtOnce);
    const done = yield* insertSome(table, some);
    for (const row of some) (done.delete(keyOf(table, row)) ? inserted : left).push(row);
  }
  // Before any row is given a new number: it must not be one of those that just came.
  const highest = inserted.reduce((most, row) => Math.max(most, Number(row["seq"])), 0);
  if (table.identity) yield* moveSeq(kind, table, highest);
  let same = 0;
  const other: Row[] = [];
  const moved: (readonly [number, number])[] = [];
  for (const row of left) {
    const there = yield* findRow(table, row);
    if (table.identity) {
      const seq = there === undefined ? yield* insertWithNewSeq(table, row) : there["seq"];
      if (seq !== row["seq"]) moved.push([Number(row["seq"]), Number(seq)]);
    } else if (there === undefined) {
      // Its unique key was taken and is free again: only a change in this very moment does that.
      if ((yield* insertNew(table, [row])) === 0) throw vanished(table, row);
    }
    if (there === undefined) inserted.push(row);
    else if (sameContent(table, row, there)) same += 1;
    else other.push(row);
  }
  return { inserted, same, other, orphans, moved };
}

function vanished(table: StoreTable, row: Row): Agent33Error {
  return new Agent33Error(
    "store.conflict",
    `A row of ${table.name} came and went while it was written: ${keyOf(table, row)}.`,
    { hint: "Try again.", retryable: true },
  );
}

/** The row with the same key, as it is here. */
export function* findRow(table: StoreTable, row: Row): Program<Row | undefined> {
  const found = yield* first(
    `SELECT ${table.columns.map(({ name }) => name).join(", ")} FROM ${table.name}
     WHERE ${table.key.map((name) => `${name} = ?`).join(" AND ")}`,
    ...valuesOf(row, table.key),
  );
  return found as Row | undefined;
}

/** Whether two rows say the same, whatever is only said of how they are kept. */
export function sameContent(table: StoreTable, one: Row, other: Row): boolean {
  return table.columns.every(({ name }) => table.local.includes(name) || one[name] === other[name]);
}

/** The key of a row as one text. */
export function keyOf(table: StoreTable, row: Row): string {
  return JSON.stringify(valuesOf(row, table.key));
}

function valuesOf(row: Row, names: readonly string[]): readonly (string | number | null)[] {
  return names.map((name) => row[name] ?? null);
}

/** Writes rows that hurt no unique index and leaves the others; how many it wrote. */
export function* insertNew(table: StoreTable, all: readonly Row[]): Program<number> {
  let written = 0;
  for (let index = 0; index < all.length; index += rowsAtOnce) {
    written += (yield* insertSome(table, all.slice(index, index + rowsAtOnce))).size;
  }
  return written;
}

/** The keys of those that it wrote. */
function* insertSome(table: StoreTable, some: readonly Row[]): Program<Set<string>> {
  const names = table.columns.map(({ name }) => name);
  // A row twice in one statement would be two of its keys.
  const byKey = new Map(some.toReversed().map((row) => [keyOf(table, row), row]));
  const values = [...byKey.values()].toReversed().flatMap((row) => valuesOf(row, names));
  const one = `(${names.map(() => "?").join(", ")})`;
  const found = yield* rows(
    `INSERT INTO ${table.name} (${names.join(", ")})
     VALUES ${Array.from({ length: byKey.size }, () => one).join(", ")}
     ON CONFLICT DO NOTHING RETURNING ${table.key.join(", ")}`,
    ...values,
  );
  return new Set(found.map((row) => keyOf(table, row as Row)));
}

function* insertWithNewSeq(table: StoreTable, row: Row): Program<SqlValue> {
  const names = table.columns.map(({ name }) => name).filter((name) => name !== "seq");
  const [made] = yield* rows(
    `INSERT INTO ${table.name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})
     RETURNING seq`,
    ...valuesOf(row, names),
  );
  return made?.["seq"] ?? null;
}

function* withParents(
  table: StoreTable,
  all: readonly Row[],
): Program<{ readonly known: readonly Row[]; readonly orphans: readonly Row[] }> {
  const { parent } = table;
  if (parent === undefined) return { known: all, orphans: [] };
  const there = new Map<SqlValue, boolean>();
  for (const row of all) {
    const id = row[parent.column] ?? null;
    if (there.has(id)) continue;
    const text = `SELECT 1 AS there FROM ${parent.table} WHERE ${parent.key} = ?`;
    there.set(id, (yield* first(text, id)) !== undefined);
  }
  const has = (row: Row): boolean => there.get(row[parent.column] ?? null) === true;
  return { known: all.filter(has), orphans: all.filter((row) => !has(row)) };
}

/** Writes a row over the one with its key, or beside it where there is none. */
export function* overwriteRow(table: StoreTable, row: Row): Program<void> {
  const names = table.columns.map(({ name }) => name);
  const rest = names.filter((name) => !table.order.includes(name));
  const set = rest.map((name) => `${name} = excluded.${name}`).join(", ");
  yield* change(
    `INSERT INTO ${table.name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})
     ON CONFLICT (${table.order.join(", ")}) DO ${rest.length === 0 ? "NOTHING" : `UPDATE SET ${set}`}`,
    ...valuesOf(row, names),
  );
}

/**
 * Writes a row over one with the same key that is exactly `before`; how many rows it changed. A row
 * that was changed meanwhile is left.
 */
export function* replaceRow(table: StoreTable, before: Row, row: Row): Program<number> {
  const rest = table.columns.map(({ name }) => name).filter((name) => !table.order.includes(name));
  return yield* change(
    `UPDATE ${table.name} SET ${rest.map((name) => `${name} = ?`).join(", ")}
     WHERE ${table.order.map((name) => `${name} = ?`).join(" AND ")}
       AND ${rest.map((name) => `${name} IS NOT DISTINCT FROM ?`).join(" AND ")}`,
    ...valuesOf(row, rest),
    ...valuesOf(before, [...table.order, ...rest]),
  );
}
