import type { SqlValue } from "../program.ts";
import { type SealedTable, sealedTable } from "./sealed-tables.ts";

/** A statement that inserts a row with its seal. */
export interface SealedInsert {
  readonly table: string;
  /** The statement with one parameter more, which is the seal, behind those of the row. */
  readonly text: string;
  /** How many of the statement's parameters are the row's values. */
  readonly values: number;
  /** The row's values in the order in which they are spelled; undefined where they may be kept otherwise than given. */
  spelledFrom(parameters: readonly SqlValue[]): readonly (string | number | null)[] | undefined;
}

const form =
  /^(\s*insert\s+into\s+"?(\w+)"?\s*\()([^()]*)(\)\s*values\s*\()((?:\s*\?\s*,)*\s*\?\s*)(\)\s*(?:(?:on\s+conflict|returning)\b[\s\S]*)?)$/i;

/**
 * A statement that inserts one row all of whose columns are parameters, so that its seal is known
 * beforehand and no trigger has to write the row a second time. Undefined for any other.
 */
export function sealedInsert(text: string): SealedInsert | undefined {
  const [, insert = "", name = "", columns = "", values = "", marks = "", rest = ""] =
    form.exec(text) ?? [];
  const table = sealedTable(name);
  if (table === undefined || table.reals.length > 0) return undefined;
  const given = columns.split(",").map((column) => column.trim().replaceAll('"', ""));
  const places = table.columns.map((column) => given.indexOf(column));
  const count = marks.split(",").length;
  if (given.length !== places.length || count !== given.length || places.includes(-1)) {
    return undefined;
  }
  return {
    table: name,
    text: `${insert}${columns}, seal${values}${marks}, ?${rest}`,
    values: count,
    spelledFrom: spelling(table, places),
  };
}

function spelling(
  { columns, texts }: SealedTable,
  places: readonly number[],
): SealedInsert["spelledFrom"] {
  const isText = columns.map((column) => texts.has(column));
  return (parameters) => {
    const values: (string | number | null)[] = [];
    for (const [at, place] of places.entries()) {
      const value = parameters[place];
      const asGiven =
        value === null ||
        (isText[at] === true ? typeof value === "string" : Number.isSafeInteger(value));
      if (!asGiven) return undefined;
      values.push(value as string | number | null);
    }
    return values;
  };
}
