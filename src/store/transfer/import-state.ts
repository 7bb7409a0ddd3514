import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { emptyDigest } from "./rows.ts";

const tallyOfPlaces = z.object({
  count: z.number(),
  first: z.array(z.object({ place: z.string(), reason: z.string() })),
});

const tableReportSchema = z.object({
  /** Rows that the file has, whole ones. */
  read: z.number(),
  kept: z.number(),
  /** Kept under another `seq`, because another row has theirs. */
  renumbered: z.number(),
  thereAlready: z.number(),
  /** There with other content, which was not touched. */
  keptOther: z.number(),
  /** Counts and the audit's chain, where they are made here anew from the rows that came. */
  countedHere: z.number(),
});
export type TableReport = z.output<typeof tableReportSchema>;

const reportSchema = z.object({
  tables: z.record(z.string(), tableReportSchema),
  keptOther: tallyOfPlaces,
  quarantined: tallyOfPlaces,
});
/** What an import has done so far. */
export type ImportCounts = z.output<typeof reportSchema>;

const positionSchema = z.object({
  /** Byte and line that come next. */
  offset: z.number(),
  line: z.number(),
  /** SHA-256 of what stands before `offset`, to see that it is still the same file. */
  before: z.string(),
  digests: z.record(z.string(), z.object({ rows: z.number(), digest: z.string() })),
  /** `counts`: the whole file was read once, and now its counts are taken. */
  phase: z.enum(["lines", "counts"]),
  /** Where the file's counts begin. */
  countsAt: z.object({ offset: z.number(), line: z.number() }).nullable(),
  /** Whether the audit's chain comes with its rows; see `import-batch.ts`. */
  chains: z.enum(["undecided", "as in the file", "made here"]).default("undecided"),
  /** `seq` of snapshots in the file and here, where they differ. */
  snapshots: z.record(z.string(), z.number()),
});
export type ImportPosition = z.output<typeof positionSchema>;

/** How far an import is and what it has done: what is noted with every batch. */
export interface ImportState {
  readonly position: ImportPosition;
  readonly report: ImportCounts;
}

export function firstState(offset: number, before: string): ImportState {
  return {
    position: {
      offset,
      line: 2,
      before,
      digests: {},
      phase: "lines",
      countsAt: null,
      chains: "undecided",
      snapshots: {},
    },
    report: {
      tables: {},
      keptOther: { count: 0, first: [] },
      quarantined: { count: 0, first: [] },
    },
  };
}

/** @throws Agent33Error `store.bad_transfer` where a note of an import is not one */
export function parseState(position: JsonObject, report: JsonObject): ImportState {
  const read = z
    .object({ position: positionSchema, report: reportSchema })
    .safeParse({ position, report });
  if (read.success) return read.data;
  throw new Agent33Error("store.bad_transfer", "The note of how far an import is cannot be read.", {
    hint: "Delete its row from the table transfers and run the import again: nothing is doubled.",
    cause: read.error,
  });
}

export const noRows: TableReport = {
  read: 0,
  kept: 0,
  renumbered: 0,
  thereAlready: 0,
  keptOther: 0,
  countedHere: 0,
};

/** The report of one table, with more in it. */
export function withRows(
  tables: ImportCounts["tables"],
  name: string,
  more: Partial<TableReport>,
): ImportCounts["tables"] {
  const sum = { ...(tables[name] ?? noRows) };
  for (const key of Object.keys(noRows) as (keyof TableReport)[]) sum[key] += more[key] ?? 0;
  return { ...tables, [name]: sum };
}

/** The digest of what the file had of a table so far. */
export function digestSoFar(position: ImportPosition, name: string) {
  return position.digests[name] ?? emptyDigest;
}
