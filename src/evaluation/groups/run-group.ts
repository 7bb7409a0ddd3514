import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { CtrfTest } from "../../base/ctrf.ts";
import { digestOf } from "../../base/digest.ts";
import type { JsonObject } from "../../base/json.ts";
import { type DeclaredRunner, endProblems } from "../commands/declared.ts";
import { strictReport } from "../reports/import-report.ts";
import { type ReadReport, readReport } from "../reports/read-report.ts";
import type { GroupSettings } from "./group-form.ts";

const count = z.int().nonnegative();
export const countsSchema = z.strictObject({
  tests: count,
  passed: count,
  failed: count,
  skipped: count,
  other: count,
});
/** How many tests ended how. `pending` counts as skipped. */
export type Counts = Readonly<z.output<typeof countsSchema>>;

export const recordedGroupSchema = z.strictObject({
  name: z.string(),
  command: z.array(z.string()).min(1),
  /** Null where it did not end by itself. */
  exitCode: z.int().nullable(),
  durationMs: z.number().nonnegative(),
  counts: countsSchema,
  /** SHA-256 of the canonical JSON of its CTRF report; null where there is none. */
  ctrfDigest: z.string().nullable(),
  /** Why it did not pass, in a sentence each. */
  problems: z.array(z.string()),
});
/** What became of a group, as it is recorded. */
export type RecordedGroup = Readonly<z.output<typeof recordedGroupSchema>>;

/** A group as it was run. */
export interface GroupRun {
  readonly recorded: RecordedGroup;
  readonly tests: readonly CtrfTest[];
  readonly ctrf: JsonObject | undefined;
  /** The end of what it printed. */
  readonly output: string;
}

/** Runs a group and reads its report. A report that this run did not write is not read. */
export async function runGroup(
  { declared }: { readonly declared: DeclaredRunner },
  folder: string,
  name: string,
  group: GroupSettings,
): Promise<GroupRun> {
  const path = join(folder, group.report);
  rmSync(path, { force: true, recursive: true });
  const { end, output, durationMs } = await declared(group.run, {
    cwd: folder,
    env: group.env,
    timeoutMs: group.timeoutMinutes * 60_000,
  });
  const read = readReport(path, group.report);
  const tests = read.report?.tests ?? [];
  const counts = countsOf(tests);
  const ctrf = read.report === undefined ? undefined : strictReport(read.report);
  const recorded = {
    name,
    command: [...group.run],
    exitCode: end.kind === "exited" ? end.status.code : null,
    durationMs: Math.round(durationMs),
    counts,
    ctrfDigest: ctrf === undefined ? null : digestOf(ctrf),
    problems: [
      ...endProblems(end, `${group.timeoutMinutes} min`),
      ...read.problems,
      ...countProblems(counts, read),
    ],
  };
  return { recorded, tests, ctrf, output };
}

function countProblems({ tests, failed }: Counts, { report }: ReadReport): readonly string[] {
  if (report === undefined) return [];
  if (tests === 0) return ["its report has no tests"];
  return failed === 0 ? [] : [`${failed} of ${tests} tests failed`];
}

function countsOf(tests: readonly CtrfTest[]): Counts {
  const of = (...statuses: readonly CtrfTest["status"][]): number =>
    tests.filter(({ status }) => statuses.includes(status)).length;
  return {
    tests: tests.length,
    passed: of("passed"),
    failed: of("failed"),
    skipped: of("skipped", "pending"),
    other: of("other"),
  };
}

/** The counts in words: `12 tests, 11 passed, 1 skipped`. */
export function countsText({ tests, ...ends }: Counts): string {
  const some = Object.entries(ends).filter(([, number]) => number > 0);
  return [`${tests} tests`, ...some.map(([end, number]) => `${number} ${end}`)].join(", ");
}
