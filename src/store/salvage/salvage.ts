import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../base/clock.ts";
import { mapSqliteError } from "../sqlite/errors.ts";
import { openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import { createSeals } from "../sqlite/seals.ts";
import type { OnProgress } from "../transfer/report.ts";
import { openPageImages, type PageImages } from "./page-images.ts";
import { type FoundRow, foundRows } from "./reader.ts";
import { type Shape, shapesOfTables } from "./shapes.ts";

export interface SalvageOptions {
  /** The damaged database; its `-wal` is read as well. Neither is changed. */
  readonly from: string;
  /** More files to read in the same way, such as what is left of a damaged backup. */
  readonly alsoFrom?: readonly string[];
  /** Where the store of what is found is made; nothing may be there. */
  readonly to: string;
  readonly clock: Clock;
  /** Leaves rows whose parent was not found where they are, for who knows of other parents. */
  readonly keepOrphans?: boolean;
  readonly onProgress?: OnProgress;
}

/** What was found in a damaged file. */
export interface SalvageReport {
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows and versions of rows whose seal holds, each as often as it stands in the pages. */
  readonly versions: number;
  /** Rows whose parent was not found; they stand in `quarantine`. */
  readonly orphans: number;
  /** Pages of the write-ahead log that no commit follows, which are left out. */
  readonly tornFrames: number;
}

/** Rows between two commits. */
const rowsAtOnce = 10_000;

/**
 * Makes a new store of every row of a damaged one whose seal holds, without asking SQLite to read
 * the damaged file. Of several versions of a row the one of the highest revision is taken. A row
 * that was deleted may come back where its page was not written over since.
 * @throws Agent33Error `store.*` for the new store; what node:fs throws for the damaged one
 */
export function salvage(options: SalvageOptions): SalvageReport {
  const { from, alsoFrom = [], to, clock, onProgress } = options;
  makeStore(to, clock);
  const files: PageImages[] = [];
  try {
    for (const path of [from, ...alsoFrom]) files.push(openPageImages(path));
    const native = new DatabaseSync(to, { enableForeignKeyConstraints: false });
    try {
      // Nothing of it is worth keeping before it is whole.
      native.exec("PRAGMA synchronous = OFF; BEGIN");
      const insert = inserts(native);
      let versions = 0;
      for (const images of files) {
        for (const found of foundRows(images, shapesOfTables())) {
          insert(found);
          versions += 1;
          if (versions % rowsAtOnce !== 0) continue;
          native.exec("COMMIT; BEGIN");
          onProgress?.({ phase: "reading pages", done: versions });
        }
      }
      native.exec("COMMIT");
      createSeals(native, () => clock.now()).install();
      const orphans = options.keepOrphans === true ? 0 : setOrphansAside(native, from, clock.now());
      const tornFrames = files[0]?.tornFrames ?? 0;
      return { rows: rowCounts(native), versions, orphans, tornFrames };
    } finally {
      native.close();
    }
  } catch (error) {
    for (const part of ["", "-wal", "-shm"]) rmSync(`${to}${part}`, { force: true });
    throw mapSqliteError(error, to);
  } finally {
    for (const images of files) images.close();
  }
}

function makeStore(path: string, clock: Clock): void {
  const database = openDatabase({ path, synchronous: "normal" });
  try {
    migrate(database, clock);
  } finally {
    database.close();
  }
}

/** Writes rows with the seals that they have, so that the newest version of each stays. */
export function inserts(native: DatabaseSync): (row: FoundRow) => void {
  const statements = new Map<Shape, ReturnType<DatabaseSync["prepare"]>>();
  const prepare = (shape: Shape): ReturnType<DatabaseSync["prepare"]> => {
    const { name, columns, key } = shape.table;
    const all = [...columns, "seal"];
    const set = all.filter((column) => !key.includes(column));
    return native.prepare(
      `INSERT INTO ${name} (${all.join(", ")}) VALUES (${all.map(() => "?").join(", ")})
       ON CONFLICT (${key.join(", ")}) DO UPDATE
         SET ${set.map((column) => `${column} = excluded.${column}`).join(", ")}
         WHERE excluded.seal > ${name}.seal
       ON CONFLICT DO NOTHING`,
    );
  };
  return ({ shape, values, seal }) => {
    let statement = statements.get(shape);
    if (statement === undefined) {
      statement = prepare(shape);
      statements.set(shape, statement);
    }
    statement.run(...values, seal);
  };
}

/** Puts rows whose parent is not there into the quarantine, as they are. */
function setOrphansAside(native: DatabaseSync, from: string, at: number): number {
  const found = native.prepare("PRAGMA foreign_key_check").all();
  return found.length === 0 ? 0 : setAside(native, from, at);
}

const references = [
  { table: "run_events", parent: "runs", key: "id" },
  { table: "durable_steps", parent: "durable_runs", key: "run_id" },
  { table: "durable_messages", parent: "durable_runs", key: "run_id" },
] as const;

function setAside(native: DatabaseSync, from: string, at: number): number {
  let count = 0;
  for (const { table, parent, key } of references) {
    const orphan = `run_id NOT IN (SELECT ${key} FROM ${parent})`;
    const shape = shapesOfTables().find((one) => one.table.name === table);
    const columns = shape?.table.columns ?? [];
    const fields = columns.map((column) => `'${column}', ${column}`).join(", ");
    const place = (shape?.table.key ?? []).join(" || ' ' || ");
    native
      .prepare(
        `INSERT OR IGNORE INTO quarantine (tenant, source, place, reason, content, at)
         SELECT 'default', ?, '${table} ' || ${place}, ?, json_object(${fields}), ?
         FROM ${table} WHERE ${orphan}`,
      )
      .run(from, `its row of ${parent} was not found`, at);
    count += Number(native.prepare(`DELETE FROM ${table} WHERE ${orphan}`).run().changes);
  }
  return count;
}

function rowCounts(native: DatabaseSync): Readonly<Record<string, number>> {
  const counts = shapesOfTables().map(({ table: { name } }) => {
    const row = native.prepare(`SELECT count(*) AS rows FROM ${name} NOT INDEXED`).get();
    return [name, Number(row?.["rows"])] as const;
  });
  return Object.fromEntries(counts);
}
