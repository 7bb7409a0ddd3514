import type { Agent33Error } from "../../base/errors.ts";
import { badRow } from "../damage.ts";
import type { SqlRow } from "../program.ts";
import type { SealedTable } from "./sealed-tables.ts";
import { valuesIn } from "./seal.ts";

/** A row that is not as it was sealed. Its values are not to be believed. */
export interface DamagedRow {
  readonly table: string;
  /** Its key as it reads now. */
  readonly id: string;
  /** The same by column. */
  readonly keys: Readonly<Record<string, string>>;
  /** Its place, where its table has places; as it reads now. */
  readonly seq?: number;
}

/** What is known of a damaged row by what its column `spelled` says. */
export function damagedRow(
  { name, columns, key, identity }: SealedTable,
  spelled: string,
): DamagedRow {
  const values = valuesIn(spelled);
  const valueOf = (column: string): string => values[columns.indexOf(column)] ?? "";
  const keys = Object.fromEntries(key.map((column) => [column, valueOf(column)]));
  const id = Object.values(keys).map(shown).join(" ");
  const seq = identity ? Number(valueOf("seq")) : Number.NaN;
  return { table: name, id, keys, ...(Number.isSafeInteger(seq) ? { seq } : {}) };
}

/** The error for it: `store.bad_row`. */
export function damageError({ table, id }: DamagedRow): Agent33Error {
  return badRow(table, id, "its checksum does not agree with its content");
}

/**
 * Stands in a list where the row would: whoever reads anything of it but its place gets the error,
 * and a page counts it as damaged.
 */
export function standIn(damaged: Pick<DamagedRow, "seq">, error: () => Agent33Error): SqlRow {
  const refuse = (): never => {
    throw error();
  };
  return new Proxy<Record<string, never>>(
    {},
    {
      get: (_, name) => {
        if (typeof name === "symbol") return undefined;
        return name === "seq" && damaged.seq !== undefined ? damaged.seq : refuse();
      },
      ownKeys: refuse,
      has: refuse,
    },
  );
}

/** The rows of a statement with those among them that are damaged, in their places. */
export function withDamaged(
  rows: readonly SqlRow[],
  damaged: readonly DamagedRow[],
  newestFirst: boolean,
): readonly SqlRow[] {
  const all = [...rows];
  for (const one of damaged) {
    const { seq } = one;
    const before = (row: SqlRow): boolean => Number(row["seq"]) < (seq ?? Number.NaN);
    const place = newestFirst ? all.findIndex(before) : -1;
    all.splice(
      place === -1 ? all.length : place,
      0,
      standIn(one, () => damageError(one)),
    );
  }
  return all;
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
