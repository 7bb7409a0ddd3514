import type { Clock } from "../../base/clock.ts";
import { sha256 } from "../../base/digest.ts";
import type { IdSource } from "../../base/ids.ts";
import type { Backend, ReadTables } from "../backend.ts";
import { type Footer, formatName, formatVersion, type Header, rowLine } from "./jsonl-format.ts";
import type { OnProgress } from "./report.ts";
import { countRows, emptyDigest, pagesOf, rowText, type TableDigest, withRow } from "./rows.ts";
import { lastSeq } from "./sequences.ts";
import { storeTables } from "./tables.ts";

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
}

/**
 * Writes a whole store as lines of JSON, in memory that does not grow with it. All of it is of one
 * moment, whatever is written to the store meanwhile.
 * @throws Agent33Error `store.*`, and what `write` throws
 */
export async function exportStore(options: ExportOptions): Promise<ExportReport> {
  const { backend, clock, ids } = options;
  const header: Header = {
    format: formatName,
    version: formatVersion,
    schema: await backend.schemaVersion(),
    exportedAt: new Date(clock.now()).toISOString(),
    id: ids(),
  };
  return backend.tables.inOneState((read) => writeState(options, header, read));
}

async function writeState(
  { backend, write, onProgress }: ExportOptions,
  header: Header,
  read: ReadTables,
): Promise<ExportReport> {
  await write(`${JSON.stringify(header)}\n`);
  const total = await countRows(read);
  const tables: Record<string, Footer["tables"][string]> = {};
  let done = 0;
  for (const table of storeTables) {
    let digest = emptyDigest;
    for await (const page of pagesOf(read, table)) {
      let lines = "";
      for (const row of page) {
        const rowDigest = sha256(rowText(table, row));
        digest = withRow(digest, rowDigest);
        lines += `${rowLine(table, row, rowDigest)}\n`;
      }
      await write(lines);
      done += page.length;
      onProgress?.({ phase: `export ${table.name}`, done, total });
    }
    const given = table.identity ? await read(() => lastSeq(backend.kind, table)) : 0;
    tables[table.name] = { ...digest, lastSeq: given };
  }
  const footer: Footer = { end: formatName, tables };
  await write(`${JSON.stringify(footer)}\n`);
  return {
    id: header.id,
    schema: header.schema,
    rows: done,
    tables: Object.entries(tables).map(([table, { rows, digest }]) => ({ table, rows, digest })),
  };
}
