import { sha256 } from "../../base/digest.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { ReadTables } from "../backend.ts";
import { first, type Program, rows, type SqlRow, type SqlValue } from "../program.ts";
import { type StoreTable, storeTables } from "./tables.ts";

/** A row as every backend gives it: whole numbers, floating-point numbers, texts and nothing. */
export type Row = Readonly<Record<string, string | number | null>>;

const maxPageRows = 500;
/** About how many characters one page should hold, whatever the size of its rows. */
const pageCharacters = 4 * 1024 * 1024;

/** The order of the names in a row's one spelling. */
const sortedNames = new WeakMap<StoreTable, readonly string[]>();

/**
 * The one spelling of a row, equal on every backend: a JSON array of the table's name and then each
 * column's name and value, by name.
 */
export function rowText(table: StoreTable, row: Row): string {
  let names = sortedNames.get(table);
  if (names === undefined) {
    names = table.columns.map(({ name }) => name).sort();
    sortedNames.set(table, names);
  }
  const parts: (string | number | null)[] = [table.name];
  for (const name of names) parts.push(name, row[name] ?? null);
  return JSON.stringify(parts);
}

/** What is kept of a row's digest beside the row: enough to find damage. */
export function sumOf(rowDigest: string): string {
  return rowDigest.slice(0, 32);
}

/** How many rows there are and what they are. */
export interface TableDigest {
  readonly rows: number;
  readonly digest: string;
}

/** That of a table without rows. */
export const emptyDigest: TableDigest = { rows: 0, digest: sha256("") };

/**
 * The digest of a table with one more row, in the table's order: SHA-256 of the digest so far and
 * the row's. A chain can be taken up again from its last link, where a plain hash could not.
 */
export function withRow(before: TableDigest, rowDigest: string): TableDigest {
  return { rows: before.rows + 1, digest: sha256(`${before.digest}${rowDigest}`) };
}

/** Which part of a table to read. */
export interface PageRequest {
  /** The row after which the page begins. */
  readonly after?: Row;
  readonly limit: number;
  /** Only rows whose parent's `seq` is at most this: parents that came later are not known. */
  readonly parentsUpTo?: number;
}

/** One page of a table in its order. */
export function* readPage(table: StoreTable, request: PageRequest): Program<readonly Row[]> {
  const names = table.columns.map(({ name }) => name);
  const conditions: string[] = [];
  const parameters: SqlValue[] = [];
  const { after, parentsUpTo } = request;
  if (after !== undefined) {
    const places = table.order.map(() => "?").join(", ");
    conditions.push(`(${table.order.join(", ")}) > (${places})`);
    parameters.push(...table.order.map((name) => after[name] ?? null));
  }
  if (parentsUpTo !== undefined && table.parent !== undefined) {
    const { table: parent, key, column } = table.parent;
    conditions.push(`EXISTS (SELECT 1 FROM ${parent} AS parent
      WHERE parent.${key} = ${table.name}.${column} AND parent.seq <= ?)`);
    parameters.push(parentsUpTo);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const found = yield* rows(
    `SELECT ${names.join(", ")} FROM ${table.name} ${where}
     ORDER BY ${table.order.join(", ")} LIMIT ?`,
    ...parameters,
    request.limit,
  );
  return found.map((row) => plainRow(table, row));
}

/** A table from its first row to its last, a page at a time, each of bounded size. */
export async function* pagesOf(
  read: ReadTables,
  table: StoreTable,
  from: Omit<PageRequest, "limit"> = {},
): AsyncGenerator<readonly Row[]> {
  let after = from.after;
  let limit = 50;
  for (;;) {
    const request = { ...from, limit, ...(after === undefined ? {} : { after }) };
    const page = await read(() => readPage(table, request));
    after = page.at(-1) ?? after;
    if (page.length > 0) yield page;
    if (page.length < limit) return;
    // The next rows are probably about as long as these.
    const fitting = Math.floor((pageCharacters / (charactersOf(page) + 1)) * page.length);
    limit = Math.min(Math.max(fitting, 1), limit * 4, maxPageRows);
  }
}

/** The digest of a whole table as it is now. */
export async function digestTable(
  read: ReadTables,
  table: StoreTable,
  from: Omit<PageRequest, "limit" | "after"> = {},
): Promise<TableDigest> {
  let digest = emptyDigest;
  for await (const page of pagesOf(read, table, from)) {
    for (const row of page) digest = withRow(digest, sha256(rowText(table, row)));
  }
  return digest;
}

/** Rows by table. */
export function* rowsByTable(): Program<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { name } of storeTables) {
    counts[name] = Number((yield* first(`SELECT count(*) AS rows FROM ${name}`))?.["rows"] ?? 0);
  }
  return counts;
}

/** Rows of all tables, for showing how far something is. */
export async function countRows(read: ReadTables): Promise<number> {
  return Object.values(await read(rowsByTable)).reduce((sum, count) => sum + count, 0);
}

function charactersOf(page: readonly Row[]): number {
  let characters = 0;
  for (const row of page) {
    for (const value of Object.values(row)) {
      characters += typeof value === "string" ? value.length : 8;
    }
  }
  return characters;
}

function plainRow(table: StoreTable, row: SqlRow): Row {
  const plain: Record<string, string | number | null> = {};
  for (const { name } of table.columns) plain[name] = plainValue(table, name, row[name] ?? null);
  return plain;
}

function plainValue(table: StoreTable, column: string, value: SqlValue): string | number | null {
  // Zero has one spelling, with which -0 would not agree after a round trip through JSON.
  if (typeof value === "number") return value === 0 ? 0 : value;
  if (typeof value === "string" || value === null) return value;
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
  throw new Agent33Error(
    "store.unknown_value",
    `${table.name}.${column} holds a value that no row of this schema has.`,
    {
      hint: "Another program wrote it. Look at the store with `agent33 store status`, and put a backup in its place.",
      details: { table: table.name, column },
    },
  );
}
