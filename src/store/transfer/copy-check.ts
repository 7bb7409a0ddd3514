import type { Backend } from "../backend.ts";
import type { OnProgress } from "./report.ts";
import { digestTable, type TableDigest } from "./rows.ts";
import { lastSeq } from "./sequences.ts";
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
