import type { Clock } from "../../base/clock.ts";
import { sha256 } from "../../base/digest.ts";
import type { IdSource } from "../../base/ids.ts";
import type { Backend } from "../backend.ts";
import { type Footer, formatName, formatVersion, type Header, rowLine } from "./jsonl-format.ts";
import type { OnProgress } from "./report.ts";
import {
  countRows,
  digestTable,
  emptyDigest,
  pagesOf,
  rowText,
  type TableDigest,
  withRow,
} from "./rows.ts";
import { lastSeq } from "./sequences.ts";
import { type StoreTable, storeTables } from "./tables.ts";

export interface ExportOptions {
  readonly backend: Backend;
  /** Takes the next piece of the file. */
  readonly write: (text: string) => Promise<void>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly onProgress?: OnProgress;
}

export interface ExportReport {
  readonly id: string;
  readonly schema: number;
  readonly rows: number;
  readonly tables: readonly ({ readonly table: string } & TableDigest)[];
  /**
   * Tables that were written to meanwhile. Every row is whole, but together they are of no one
   * moment; an export of a snapshot, or of a store that nobody uses, is.
   */
  readonly changedMeanwhile: readonly string[];
}

/**
 * Writes a whole store as lines of JSON, in memory that does not grow with it.
 * @throws Agent33Error `store.*`, and what `write` throws
 */
export async function exportStore(options: ExportOptions): Promise<ExportReport> {
  const { backend, write, clock, ids, onProgress } = options;
  const { read } = backend.tables;
  const header: Header = {
    format: formatName,
    version: formatVersion,
    schema: await backend.schemaVersion(),
    exportedAt: new Date(clock.now()).toISOString(),
    id: ids(),
  };
  await write(`${JSON.stringify(header)}\n`);
  const total = await countRows(read);
  const digests: { readonly table: StoreTable; readonly digest: TableDigest }[] = [];
  const seqs: Record<string, number> = {};
  let done = 0;
  for (const table of storeTables) {
    // The last number of a table is asked for first: what comes later is not in the export.
    if (table.identity) seqs[table.name] = await read(() => lastSeq(backend.kind, table));
    let digest = emptyDigest;
    for await (const page of pagesOf(read, table, bounds(table, seqs))) {
      let lines = "";
      for (const row of page) {
        const rowDigest = sha256(rowText(table, row));
        digest = withRow(digest, rowDigest);
        lines += `${rowLine(table, row, rowDigest)}\n`;
      }
      await write(lines);
      done += page.length;
      onProgress?.({ phase: `export ${table.name}`, done, total: Math.max(total, done) });
    }
    digests.push({ table, digest });
  }
  const footer: Footer = {
    end: formatName,
    tables: Object.fromEntries(
      digests.map(({ table, digest }) => [
        table.name,
        { ...digest, lastSeq: seqs[table.name] ?? 0 },
      ]),
    ),
  };
  await write(`${JSON.stringify(footer)}\n`);
  const changedMeanwhile: string[] = [];
  for (const { table, digest } of digests) {
    onProgress?.({ phase: `check ${table.name}`, done, total: Math.max(total, done) });
    if ((await digestTable(read, table)).digest !== digest.digest)
      changedMeanwhile.push(table.name);
  }
  return {
    id: header.id,
    schema: header.schema,
    rows: done,
    tables: digests.map(({ table, digest }) => ({ table: table.name, ...digest })),
    changedMeanwhile,
  };
}

/** Rows that came after their parents were read would refer to something that is not there. */
function bounds(table: StoreTable, seqs: Readonly<Record<string, number>>) {
  const parentsUpTo = table.parent === undefined ? undefined : seqs[table.parent.table];
  return parentsUpTo === undefined ? {} : { parentsUpTo };
}
