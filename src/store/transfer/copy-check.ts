import { messageOf } from "../../base/errors.ts";
import type { Backend } from "../backend.ts";
import { nothing, type OnProgress, type SetAside, type Tally, withMore } from "./report.ts";
import { writeApart } from "./row-fault.ts";
import { keyOf, overwriteRow } from "./row-insert.ts";
import { digestTable, type Row, type TableDigest } from "./rows.ts";
import { lastSeq } from "./sequences.ts";
import { differences } from "./table-diff.ts";
import { type StoreTable, storeTables } from "./tables.ts";

/** One table of both stores, each read to its end. */
export interface ComparedTable extends TableDigest {
  readonly table: string;
  readonly rowsInTarget: number;
  readonly equal: boolean;
}

export interface TwoStores {
  readonly from: Backend;
  readonly to: Backend;
  readonly onProgress?: OnProgress;
}

/** Counts and digests of every table of both. */
export async function compareStores(stores: TwoStores): Promise<readonly ComparedTable[]> {
  const compared: ComparedTable[] = [];
  for (const [index, table] of storeTables.entries()) {
    const progress = { done: index, total: storeTables.length };
    stores.onProgress?.({ phase: `check ${table.name}`, ...progress });
    const source = await digestTable(stores.from.tables.read, table);
    const target = await digestTable(stores.to.tables.read, table);
    compared.push({
      table: table.name,
      ...source,
      rowsInTarget: target.rows,
      equal: source.rows === target.rows && source.digest === target.digest,
    });
  }
  return compared;
}

/** What {@link mend} did and could not do. */
export interface Mended {
  readonly written: number;
  /** Rows that only the target has. They are left: nobody can tell who wrote them. */
  readonly onlyInTarget: number;
  /** Rows that the target does not take. */
  readonly refused: Tally<SetAside>;
}

const rowsAtOnce = 200;

/** Writes the rows of some tables in which a copy differs from its source, as they are there. */
export async function mend(stores: TwoStores, names: ReadonlySet<string>): Promise<Mended> {
  const { from, to } = stores;
  let written = 0;
  let onlyInTarget = 0;
  let refused: Tally<SetAside> = nothing;
  const write = async (table: StoreTable, rows: readonly Row[]): Promise<void> => {
    await to.tables.write(function* () {
      for (const row of rows) yield* overwriteRow(table, row);
    });
    written += rows.length;
  };
  const writeAll = (table: StoreTable, rows: readonly Row[]): Promise<void> =>
    writeApart(
      rows,
      (some) => write(table, some),
      (row, error) => {
        const place = `${table.name} ${keyOf(table, row)}`;
        refused = withMore(refused, [{ place, reason: messageOf(error) }]);
      },
    );
  const seqs = await lastSeqs(from);
  for (const table of storeTables.filter(({ name }) => names.has(name))) {
    let batch: Row[] = [];
    const both = { from: from.tables.read, to: to.tables.read };
    for await (const difference of differences(table, both, boundsOf(table, seqs))) {
      if (difference.kind === "extra") {
        onlyInTarget += 1;
        continue;
      }
      batch.push(difference.row);
      if (batch.length < rowsAtOnce) continue;
      await writeAll(table, batch);
      batch = [];
    }
    await writeAll(table, batch);
  }
  return { written, onlyInTarget, refused };
}

export type LastSeqs = ReadonlyMap<StoreTable, number>;

/** The last `seq` that each table has given out. */
export function lastSeqs(backend: Backend): Promise<LastSeqs> {
  return backend.tables.read(function* () {
    const seqs = new Map<StoreTable, number>();
    for (const table of storeTables) {
      if (table.identity) seqs.set(table, yield* lastSeq(backend.kind, table));
    }
    return seqs;
  });
}

/** Leaves out rows whose parents came after `seqs` were read: the parents may not be there yet. */
export function boundsOf(table: StoreTable, seqs: LastSeqs): { readonly parentsUpTo?: number } {
  const parent = storeTables.find(({ name }) => name === table.parent?.table);
  const parentsUpTo = parent === undefined ? undefined : seqs.get(parent);
  return parentsUpTo === undefined ? {} : { parentsUpTo };
}
