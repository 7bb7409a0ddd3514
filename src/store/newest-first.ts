import type { Selectable } from "kysely";
import { Agent33Error } from "../base/errors.ts";
import { beforeSeq, limitOf, type Page, type PageRequest, pageOf } from "./pages.ts";
import { first, type Program, rows, type SqlValue } from "./program.ts";
import { asItStands } from "./seals/checked-text.ts";
import type { Tables } from "./tables.ts";

/** What a column must hold; nothing where there is no value. In `LIKE`, `!` makes a sign mean itself. */
export type Condition = readonly [
  column: string,
  compare: "=" | ">=" | "<" | "LIKE",
  value: SqlValue | undefined,
];

/** Some rows of a tenant. */
export interface Chosen<K extends keyof Tables> {
  readonly table: K;
  readonly tenant: string;
  readonly where: readonly Condition[];
}

/** A row of a table as it is read. */
type Row<K extends keyof Tables> = Selectable<Tables[K]>;

/** How many places beyond each end of a page the table itself is asked for. */
const reach = 100;

/**
 * One page of a list, the newest first. An index tells which rows it has, and one altered byte of an
 * index can end a search before its time; what is behind that byte is then missing without a word.
 * So the table itself is asked, by place, for rows that belong to the page or beside it.
 * @throws Agent33Error `store.bad_cursor`, `store.bad_limit`; `store.corrupt` where the two differ
 */
export function* newestFirst<K extends keyof Tables, T>(
  chosen: Chosen<K>,
  request: PageRequest,
  item: (row: Row<K>) => T,
): Program<Page<T>> {
  const limit = limitOf(request);
  const before = beforeSeq(request);
  const found = yield* newestRows(chosen, before, limit + 1);
  const places = found.map(({ seq }) => seq);
  const isInOrder = places.every((seq, index) => index === 0 || seq < (places[index - 1] ?? 0));
  const known = new Set(places);
  const isLast = found.length <= limit;
  if (!isInOrder) throw damagedIndex(chosen.table);
  for (const [above, below] of yield* stretchesOf(chosen.table, places, before, isLast)) {
    const there = yield* placesBetween(chosen, above, below);
    if (there.some((seq) => !known.has(seq))) throw damagedIndex(chosen.table);
  }
  return pageOf(found, limit, item);
}

/** The newest rows before a place. @param most how many */
export function* newestRows<K extends keyof Tables>(
  { table, tenant, where }: Chosen<K>,
  before: number,
  most: number,
): Program<readonly (Row<K> & { readonly seq: number })[]> {
  const { text, values } = conditionsOf(where);
  const found = yield* rows(
    `SELECT * FROM ${table} WHERE tenant = ? AND seq < ?${text} ORDER BY seq DESC LIMIT ?`,
    tenant,
    before,
    ...values,
    most,
  );
  return found as unknown as readonly (Row<K> & { readonly seq: number })[];
}

type Between = readonly [above: number, below: number];

/** What of a table has to be looked at for a page: all of it, or its ends where it is far apart. */
function* stretchesOf(
  table: string,
  places: readonly number[],
  before: number,
  isLast: boolean,
): Program<readonly Between[]> {
  const [newest, oldest] = [places[0], places.at(-1)];
  if (newest === undefined || oldest === undefined) {
    const end = yield* first(`SELECT MAX(seq) AS last FROM ${asItStands} ${table}`);
    const below = Math.min(before, Number(end?.["last"] ?? 0) + 1);
    return [[below - reach - 1, below]];
  }
  const below = Math.min(before, newest + reach + 1);
  const above = isLast ? oldest - reach - 1 : oldest;
  const isClose = newest - oldest <= 4 * places.length + reach;
  if (isClose) return [[above, below]];
  return [
    [newest, below],
    [above, oldest],
  ];
}

/** Read from the table in the order of places: `tenant || ''` keeps every index out of it. */
function* placesBetween(
  { table, tenant, where }: Chosen<keyof Tables>,
  above: number,
  below: number,
): Program<readonly number[]> {
  const { text, values } = conditionsOf(where);
  const found = yield* rows(
    `SELECT seq FROM ${asItStands} ${table} WHERE tenant || '' = ? AND seq > ? AND seq < ?${text}`,
    tenant,
    above,
    below,
    ...values,
  );
  return found.map((row) => Number(row["seq"]));
}

function conditionsOf(where: readonly Condition[]): {
  readonly text: string;
  readonly values: readonly SqlValue[];
} {
  const given = where.flatMap(([column, compare, value]) =>
    value === undefined
      ? []
      : [{ text: ` AND ${column} ${compare} ?${compare === "LIKE" ? " ESCAPE '!'" : ""}`, value }],
  );
  return {
    text: given.map(({ text }) => text).join(""),
    values: given.map(({ value }) => value),
  };
}

/** The error for an index that has not all rows of its table: `store.corrupt`. */
export function damagedIndex(table: string): Agent33Error {
  return new Agent33Error(
    "store.corrupt",
    `The store is damaged: an index of table ${table} has not all of its rows.`,
    {
      hint: "End what uses the store and run `agent33 store recover`, which keeps all rows and makes the index anew. See docs/operations/recover.md.",
      details: { table },
    },
  );
}
