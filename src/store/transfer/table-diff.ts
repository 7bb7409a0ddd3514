import type { ReadTables } from "../backend.ts";
import { pagesOf, type Row } from "./rows.ts";
import type { StoreTable } from "./tables.ts";

/** A place where two tables differ. */
export type Difference =
  | { readonly kind: "missing"; readonly row: Row }
  /** `target` is the target's row in that place. */
  | { readonly kind: "changed"; readonly row: Row; readonly target: Row }
  | { readonly kind: "extra" };

/** Where a copy of a table differs from its source, both read once in the table's order. */
export async function* differences(
  table: StoreTable,
  stores: { readonly from: ReadTables; readonly to: ReadTables },
  bounds: { readonly parentsUpTo?: number },
): AsyncGenerator<Difference> {
  const source = rowsOf(pagesOf(stores.from, table, bounds));
  const target = rowsOf(pagesOf(stores.to, table));
  let one = await source.next();
  let other = await target.next();
  while (one.done !== true || other.done !== true) {
    const order =
      one.done === true ? 1 : other.done === true ? -1 : compare(table, one.value, other.value);
    if (order > 0) {
      yield { kind: "extra" };
      other = await target.next();
      continue;
    }
    if (one.done === true) return;
    const row = one.value;
    if (order < 0) yield { kind: "missing", row };
    else if (other.done !== true) {
      if (!equal(table, row, other.value)) yield { kind: "changed", row, target: other.value };
      other = await target.next();
    }
    one = await source.next();
  }
}

async function* rowsOf(pages: AsyncIterable<readonly Row[]>): AsyncGenerator<Row, undefined> {
  for await (const page of pages) yield* page;
  return undefined;
}

function equal(table: StoreTable, one: Row, other: Row): boolean {
  return table.columns.every(({ name }) => one[name] === other[name]);
}

/** The order of both databases: numbers by value, text by its UTF-8 bytes. */
function compare(table: StoreTable, one: Row, other: Row): number {
  for (const name of table.order) {
    const [a, b] = [one[name] ?? null, other[name] ?? null];
    if (a === b) continue;
    if (typeof a === "number" && typeof b === "number") return a - b;
    return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
  }
  return 0;
}
