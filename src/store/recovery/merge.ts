import { DatabaseSync } from "node:sqlite";
import { drive, type SqlValue } from "../program.ts";
import { type SealedTable, sealedTables } from "../seals/sealed-tables.ts";
import { answerOf } from "../sqlite/answer.ts";
import type { Database } from "../sqlite/database.ts";
import { mapSqliteError } from "../sqlite/errors.ts";
import type { SqlSession } from "../sqlite/session.ts";
import { setAside } from "../transfer/quarantine.ts";
import { countTables, storeTables } from "../transfer/tables.ts";

/** What only damaged files have is added to a store that was rebuilt without them. */
export interface MergeOptions {
  /** The rebuilt store; its journal is told of what is added, as of any other write. */
  readonly database: Database;
  /** A store of all rows that were found, each in the last version that was. */
  readonly found: string;
  /** Which file they are of, for people. */
  readonly from: string;
  /** Up to when the rebuilt store has everything, milliseconds since the Unix epoch. */
  readonly wholeUntil: number;
  readonly now: number;
}

export interface MergeReport {
  /** Rows that were added or brought up to a later version, by table. */
  readonly taken: Readonly<Record<string, number>>;
  /** Rows whose parent is nowhere; they stand in `quarantine`. */
  readonly orphans: number;
  /** Rows that another one stands in the way of, by table and key. */
  readonly refused: readonly { readonly table: string; readonly id: string }[];
}

/**
 * Tables whose rows are deleted in the ordinary course of things: one that the rebuilt store lacks
 * was deleted, unless it was written after all that it knows of. In the others no row ever ends.
 */
const rowsEnd: ReadonlySet<string> = new Set(["idempotency", "limit_uses"]);

const rowsAtOnce = 1_000;

/**
 * Adds the rows that are missing, and of a row that both have takes the version of the higher
 * revision. What is counted from other rows is left out, as it is counted anew.
 * @throws Agent33Error `store.*`
 */
export function mergeFound(options: MergeOptions): MergeReport {
  const { database, found } = options;
  const taken: Record<string, number> = {};
  const refused: { table: string; id: string }[] = [];
  let orphans = 0;
  try {
    const native = new DatabaseSync(found, { readOnly: true });
    try {
      native.prepare("ATTACH ? AS rebuilt").run(database.path);
      for (const table of sealedTables) {
        if (countTables.has(table.name)) continue;
        for (const rows of batchesOf(native, table, options)) {
          const done = database.transaction((sql) => write(sql, table, rows, options));
          if (done.taken > 0) taken[table.name] = (taken[table.name] ?? 0) + done.taken;
          orphans += done.orphans;
          refused.push(...done.refused.map((id) => ({ table: table.name, id })));
        }
      }
    } finally {
      native.close();
    }
  } catch (error) {
    throw mapSqliteError(error, found);
  }
  return { taken, orphans, refused };
}

/** A row to write, and what the rebuilt store has of it and of its parent. */
interface FoundRow {
  readonly values: readonly SqlValue[];
  readonly isThere: boolean;
  readonly hasParent: boolean;
}

function* batchesOf(
  native: DatabaseSync,
  { name, columns, key }: SealedTable,
  { wholeUntil }: MergeOptions,
): Generator<readonly FoundRow[]> {
  const parent = storeTables.find((table) => table.name === name)?.parent;
  const same = key.map((column) => `here.${column} = found.${column}`).join(" AND ");
  // Behind every seal of the last millisecond.
  const whole = `${String(wholeUntil * 1000 + 999).padStart(16, "0")}~`;
  const absent = rowsEnd.has(name)
    ? `here.seal IS NULL AND found.seal > '${whole}'`
    : "here.seal IS NULL";
  const hasParent =
    parent === undefined
      ? "1"
      : `EXISTS (SELECT 1 FROM rebuilt.${parent.table} AS above WHERE above.${parent.key} = found.${parent.column})`;
  const query = native.prepare(
    `SELECT ${columns.map((column) => `found.${column}`).join(", ")},
       here.seal IS NOT NULL AS is_there, ${hasParent} AS has_parent
     FROM main.${name} AS found LEFT JOIN rebuilt.${name} AS here ON ${same}
     WHERE (${absent}) OR found.seal > here.seal`,
  );
  let batch: FoundRow[] = [];
  for (const row of query.iterate()) {
    batch.push({
      values: columns.map((column) => row[column] ?? null),
      isThere: row["is_there"] === 1,
      hasParent: row["has_parent"] === 1,
    });
    if (batch.length < rowsAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function write(
  sql: SqlSession,
  table: SealedTable,
  rows: readonly FoundRow[],
  { from, now }: MergeOptions,
): { readonly taken: number; readonly orphans: number; readonly refused: readonly string[] } {
  const { name, columns, key } = table;
  const rest = columns.filter((column) => !key.includes(column));
  const insert = `INSERT OR IGNORE INTO ${name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
  const update = `UPDATE OR IGNORE ${name} SET ${rest.map((column) => `${column} = ?`).join(", ")}
    WHERE ${key.map((column) => `${column} = ?`).join(" AND ")}`;
  let [taken, orphans] = [0, 0];
  const refused: string[] = [];
  for (const { values, isThere, hasParent } of rows) {
    const valueOf = (column: string): SqlValue => values[columns.indexOf(column)] ?? null;
    const id = key.map((column) => String(valueOf(column))).join(" ");
    if (!hasParent) {
      const content = JSON.stringify(Object.fromEntries(columns.map((one) => [one, valueOf(one)])));
      const reason = "its row was not found that it belongs to";
      const record = {
        place: `${name} ${id}`,
        reason,
        tenant: "default",
        content: Buffer.from(content),
      };
      drive(setAside(from, [record], now), (statement) => answerOf(sql, statement));
      orphans += 1;
      continue;
    }
    const { changes } = isThere
      ? sql.run(update, ...rest.map(valueOf), ...key.map(valueOf))
      : sql.run(insert, ...values);
    if (changes > 0) taken += 1;
    else refused.push(id);
  }
  return { taken, orphans, refused };
}
