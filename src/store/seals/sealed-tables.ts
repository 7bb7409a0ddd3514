import { countTables, storeTables } from "../transfer/tables.ts";

/** A table whose rows are sealed. */
export interface SealedTable {
  readonly name: string;
  /** Every column that a seal covers, in the order in which a row is spelled; `reals` come last. */
  readonly columns: readonly string[];
  /** Those with floating-point numbers, which the column `spelled` leaves out. */
  readonly reals: readonly string[];
  /** What names a row, for people. */
  readonly key: readonly string[];
  /** Whether it has a column `seq` that the database gives out. */
  readonly identity: boolean;
  /** Counted from other rows: what is wrong with it is mended by leaving rows out and counting anew. */
  readonly derived: boolean;
}

const transferColumns = "id kind source position state report started_at updated_at";

/** Every table that rows are written to and read from. */
export const sealedTables: readonly SealedTable[] = [
  ...storeTables.map(({ name, columns, key, identity }): SealedTable => {
    const named = (real: boolean): readonly string[] =>
      columns.flatMap((column) => ((column.kind === "real") === real ? column.name : [])).sort();
    const reals = named(true);
    return {
      name,
      columns: [...named(false), ...reals],
      reals,
      key,
      identity,
      derived: countTables.has(name),
    };
  }),
  {
    name: "transfers",
    columns: transferColumns.split(" ").sort(),
    reals: [],
    key: ["id"],
    identity: false,
    derived: false,
  },
];

const byName = new Map(sealedTables.map((table) => [table.name, table]));

/** The table of a name, where its rows are sealed. */
export function sealedTable(name: string): SealedTable | undefined {
  return byName.get(name);
}

/** The view that gives a table's rows only after their seals were looked at. */
export function checkedName(table: string): string {
  return `checked_${table}`;
}
