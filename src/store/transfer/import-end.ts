import type { Backend } from "../backend.ts";
import { first, type Program } from "../program.ts";
import {
  digestSoFar,
  type ImportState,
  noRows,
  type TableReport,
  withRows,
} from "./import-state.ts";
import type { Footer } from "./jsonl-format.ts";
import { recount } from "./recount.ts";
import { moveSeq } from "./sequences.ts";
import { countTables, storeTables } from "./tables.ts";

export interface ImportedTable extends TableReport {
  readonly table: string;
  /** Rows that the file should have; null where its end is missing. */
  readonly expected: number | null;
  /** Whether the file had each row of the table unchanged; null where its end is missing. */
  readonly whole: boolean | null;
}

/** What came of each table that is in the file or should be. */
export function tablesOf({ position, report }: ImportState, footer: Footer | undefined) {
  return storeTables.flatMap(({ name }): readonly ImportedTable[] => {
    const end = footer?.tables[name];
    const counts = report.tables[name];
    if (counts === undefined && (end?.rows ?? 0) === 0) return [];
    const { rows, digest } = digestSoFar(position, name);
    return [
      {
        table: name,
        ...(counts ?? noRows),
        expected: end?.rows ?? null,
        whole: end === undefined ? null : end.rows === rows && end.digest === digest,
      },
    ];
  });
}

/** Whether every row of a file that has its end came unchanged and nothing was set aside. */
export function isWhole(state: ImportState, footer: Footer): boolean {
  return (
    state.report.quarantined.count === 0 &&
    tablesOf(state, footer).every(({ whole }) => whole === true)
  );
}

/**
 * Whether all that is counted here came with this import, so that the file's counts, which also
 * know each repeat's hour, can take the place of those made here.
 */
export function* onlyCounted({ report }: ImportState, dryRun: boolean): Program<boolean> {
  const signals = yield* first("SELECT count(*) AS n FROM signals");
  const counted = yield* first(
    `SELECT CAST(COALESCE(sum(signals), 0) AS BIGINT) AS n FROM signal_class_counts
     WHERE grain = 'day'`,
  );
  const mine = dryRun ? 0 : (report.tables["signals"]?.kept ?? 0);
  return Number(signals?.["n"]) === mine && Number(counted?.["n"]) === mine;
}

/** The last of an import of a file that has its end. */
export function* endImport(
  before: ImportState,
  footer: Footer,
  { kind, dryRun }: { readonly kind: Backend["kind"]; readonly dryRun: boolean },
): Program<ImportState> {
  if (dryRun) return before;
  for (const table of storeTables) {
    // What was deleted before the export keeps its `seq` to itself here too.
    if (table.identity) yield* moveSeq(kind, table, footer.tables[table.name]?.lastSeq ?? 0);
  }
  if (before.position.phase === "lines" || (yield* recount(kind)).length === 0) return before;
  // The exported counts were wrong, or somebody recorded a signal while they were taken.
  let { tables } = before.report;
  for (const name of countTables) {
    const taken = tables[name]?.kept ?? 0;
    tables = withRows(tables, name, { kept: -taken, countedHere: taken });
  }
  return { ...before, report: { ...before.report, tables } };
}
