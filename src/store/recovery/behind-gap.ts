import { DatabaseSync } from "node:sqlite";
import { type Stretch, stretchesOf, lastHistories } from "../journal/histories.ts";
import type { Done } from "../journal/line.ts";
import { keptChangesAfter } from "../journal/reader.ts";
import type { ReplayReport } from "../journal/replay.ts";
import type { FoundRow } from "../salvage/reader.ts";
import { inserts } from "../salvage/salvage.ts";
import { shapesOfTables } from "../salvage/shapes.ts";
import { migrations } from "../schema/migrations.ts";
import { sealOf, spellingOf } from "../seals/seal.ts";
import { mapSqliteError } from "../sqlite/errors.ts";

/**
 * Tables whose rows are written once with all that they have, and are never changed or removed. What
 * a statement does to any other may depend on a change that is missing: done without that, it would
 * make a row that never was.
 */
const writtenOnce: ReadonlySet<string> = new Set(["run_events"]);

const insertion = /^INSERT INTO (\w+) \(([\w, ]+)\) VALUES \(\?(?:, \?)*\)$/;

/** A seal of the lowest revision: whatever other version that is found of the row is the one to take. */
const lowest = 0;

export interface BehindGapOptions {
  readonly journal: string;
  /** How far the journal's changes went. */
  readonly reached: ReplayReport | null;
  /** The store of rows that were found, which gets them. */
  readonly found: string;
}

/**
 * Adds the rows that stand in the journal behind a change that is missing, as far as their
 * statements alone say what they are.
 * @returns how many there are
 */
export async function addBehindGap(options: BehindGapOptions): Promise<number> {
  const { journal, reached, found } = options;
  if (reached?.end !== "gap") return 0;
  const native = new DatabaseSync(found, { enableForeignKeyConstraints: false });
  try {
    native.exec("BEGIN");
    const insert = inserts(native);
    let rows = 0;
    for (const { history, after, upTo } of behind(journal, reached)) {
      for await (const { seq, schema, statements } of keptChangesAfter(journal, history, after)) {
        if (seq > upTo || schema !== migrations.length) continue;
        for (const row of statements.flatMap(rowOf)) {
          insert(row);
          rows += 1;
        }
      }
    }
    native.exec("COMMIT");
    return rows;
  } catch (error) {
    throw mapSqliteError(error, found);
  } finally {
    native.close();
  }
}

/** What is behind the gap: the rest of its history as far as it counts, and those that go on from it. */
function behind(journal: string, { history, seq }: ReplayReport) {
  const [newest] = lastHistories(journal);
  const stretches: readonly Stretch[] = newest === undefined ? [] : stretchesOf(journal, newest);
  const gap = stretches.findIndex((one) => one.history === history);
  return stretches.slice(0, gap + 1).map((one) => ({
    history: one.history,
    after: one.history === history ? seq : (one.from ?? 0),
    upTo: one.upTo ?? Number.POSITIVE_INFINITY,
  }));
}

function rowOf({ text, parameters, changes }: Done): readonly FoundRow[] {
  const [, name = "", list = ""] = insertion.exec(text) ?? [];
  const shape = shapesOfTables().find(({ table }) => table.name === name);
  if (shape === undefined || !writtenOnce.has(name) || changes !== 1) return [];
  const { columns, reals } = shape.table;
  const given = list.split(", ");
  const isWhole =
    given.length === parameters.length &&
    given.length === columns.length &&
    columns.every((column) => given.includes(column));
  if (!isWhole) return [];
  const values = columns.map((column) => parameters[given.indexOf(column)] ?? null);
  return [{ shape, values, seal: sealOf(name, lowest, spellingOf(values, reals.length)) }];
}
