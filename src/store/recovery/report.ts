import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { systemCodeOf } from "../../base/errors.ts";

/** Where the files of a damaged store are kept, and what was made of it: a folder each time. */
export const damagedFolder = "damaged";
export const reportName = "report.json";

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);
const place = z.object({ table: z.string(), id: z.string() });

/** What was made of a damaged store, as a command prints it and as it is kept. */
export const recoverySchema = z.object({
  /** The store's file. */
  path: z.string(),
  /** Milliseconds since the Unix epoch. */
  at: z.int(),
  dryRun: z.boolean(),
  /** What was wrong with the file, as far as SQLite could read it. */
  before: z.object({
    sound: z.boolean(),
    problems: z.array(z.string()),
    damaged: z.array(place.extend({ keys: z.record(z.string(), z.string()) })),
  }),
  /** The backup that it was rebuilt from; null where there was none that could be used. */
  backup: z.string().nullable(),
  /** How far the journal went from there; null where it had nothing to add. */
  journal: z
    .object({
      changes: count,
      history: z.string(),
      seq: count,
      at: z.int().nullable(),
      latest: z.int().nullable(),
      end: z.enum(["target", "end", "gap"]),
    })
    .nullable(),
  /** Rows that the journal has behind a change that is missing; those that were lacking were taken. */
  behindGap: count.exactOptional(),
  /** Backups that would have been nearer and cannot be used. */
  passedOver: z.array(z.object({ path: z.string(), why: z.string() })),
  /** Rows of the new store by table. */
  rows: counts,
  /**
   * Where they are from, by table: the backup, the journal since (fewer than none where it deleted
   * some), the damaged file with what is left of damaged backups and of the journal. A row that a later source changed
   * counts there too.
   */
  sources: z.record(z.string(), z.object({ backup: count, journal: z.int(), file: count })),
  /** Rows and versions of rows whose seal holds, each as often as it stands in the pages. */
  versions: count,
  /** Rows whose parent was not found; they stand in `quarantine`. */
  orphans: count,
  /** Pages of the write-ahead log that no commit follows, which are left out. */
  tornFrames: count,
  /** Damaged rows that came back, from another place or as an older version. */
  cameBack: count,
  /** Rows that are known to be lost, by table and key. */
  lost: z.array(place),
  /** Tenants whose counts of signals were made anew. */
  recounted: z.array(z.object({ tenant: z.string(), signals: count, counted: z.int() })),
  /** The history that the new store begins, and the one that it goes on from, if it is known. */
  history: z.object({ id: z.string(), seq: count, parent: z.string().nullable() }).nullable(),
  /** The damaged files, which are all kept. */
  quarantined: z.array(z.string()),
  /** The folder with the damaged files and this report; null on a dry run. */
  aside: z.string().nullable(),
  durationMs: count,
});
export type RecoveryReport = z.infer<typeof recoverySchema>;

/** What was recovered in a data folder, newest first. One that was killed before its end is none. */
export function listRecoveries(dataDir: string): readonly RecoveryReport[] {
  const folder = join(dataDir, damagedFolder);
  return namesIn(folder)
    .sort()
    .toReversed()
    .flatMap((name) => {
      const report = readReport(join(folder, name, reportName));
      if (report === undefined) return [];
      const isDone = report.quarantined.every((file) => existsSync(join(folder, name, file)));
      return isDone ? [report] : [];
    });
}

function readReport(path: string): RecoveryReport | undefined {
  try {
    return recoverySchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch (error) {
    // Somebody's own file, or one of an earlier form: it stays where it is.
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "");
}
