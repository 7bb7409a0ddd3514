import { systemClock } from "../../base/clock.ts";
import { type SealedTable, sealedTables } from "../seals/sealed-tables.ts";
import { inMemory, openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";

/** How the rows of a table lie in a file. */
export interface Shape {
  readonly table: SealedTable;
  /** The columns in the order in which a record has them; the seal is the last. */
  readonly stored: readonly string[];
  /** Whether rows stand in an index, in order of their key, and have no number of their own. */
  readonly inIndex: boolean;
  /** Places of the sealed table's columns in a record; -1 is the row's number. */
  readonly places: readonly number[];
}

let known: readonly Shape[] | undefined;

/** The shapes of all tables, as this program's own schema makes them: no file is asked. */
export function shapesOfTables(): readonly Shape[] {
  known ??= readShapes();
  return known;
}

function readShapes(): readonly Shape[] {
  const database = openDatabase({ path: inMemory });
  try {
    migrate(database, systemClock);
    return sealedTables.map((table) => {
      const columns = database.sql.all(
        `SELECT name, pk FROM pragma_table_xinfo('${table.name}') WHERE hidden = 0 ORDER BY cid`,
      );
      const inIndex =
        database.sql.get(
          `SELECT wr FROM pragma_table_list('${table.name}') WHERE schema = 'main'`,
        )?.["wr"] === 1;
      const keyed = columns
        .filter(({ pk }) => inIndex && pk !== 0)
        .sort((one, other) => Number(one["pk"]) - Number(other["pk"]));
      const rest = columns.filter((column) => !keyed.includes(column));
      const stored = [...keyed, ...rest].map(({ name }) => String(name));
      return {
        table,
        stored,
        inIndex,
        places: table.columns.map((name) =>
          table.identity && name === "seq" ? -1 : stored.indexOf(name),
        ),
      };
    });
  } finally {
    database.close();
  }
}
