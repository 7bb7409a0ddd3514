import type { RecoveryReport } from "../engine.ts";
import { columns } from "./output.ts";
import { count } from "./render-move.ts";

const mostShown = 20;

/** What was made of a damaged store. */
export function recoverText(report: RecoveryReport): string {
  const { before, cameBack, lost, orphans, tornFrames, recounted, aside } = report;
  return [
    ...before.problems.slice(0, mostShown).map((problem) => `found: ${problem}`),
    ...report.passedOver.map(({ path, why }) => `not used: ${path}: ${why}`),
    "",
    `rebuilt from ${sourcesText(report)}`,
    "",
    tablesText(report),
    "",
    columns([
      ["damaged rows that came back", count(cameBack)],
      ["rows that are lost", count(lost.length)],
      ["set aside, as what they belong to is lost", count(orphans)],
      ["pages of writes that were never finished", count(tornFrames)],
      ["tenants counted anew", count(recounted.length)],
    ]),
    ...lost.slice(0, mostShown).map(({ table, id }) => `lost: ${table} ${id}`),
    ...(lost.length > mostShown
      ? [`… and ${count(lost.length - mostShown)} more; --json has all`]
      : []),
    "",
    aside === null
      ? "Nothing was changed. Without --dry-run this store takes the damaged one's place."
      : `The new store is in place. The damaged files and this report are in ${aside}.`,
  ].join("\n");
}

function sourcesText({ backup, journal }: RecoveryReport): string {
  const changes = journal === null ? [] : [`${count(journal.changes)} changes of the journal`];
  const parts = [...(backup === null ? [] : [backup]), ...changes, "the damaged file"];
  return parts.join(", ");
}

/** A line for each table that has rows, with where they are from. */
function tablesText({ rows, sources }: RecoveryReport): string {
  const lines = Object.entries(rows).flatMap(([table, number]) => {
    const { backup = 0, journal = 0, file = 0 } = sources[table] ?? {};
    return number + backup === 0
      ? []
      : [[table, count(number), count(backup), count(journal), count(file)]];
  });
  const total = Object.values(rows).reduce((sum, number) => sum + number, 0);
  return columns([["", "ROWS", "BACKUP", "JOURNAL", "FILE"], ...lines, ["all rows", count(total)]]);
}

/** What was recovered so far, newest first. */
export function recoveriesText(reports: readonly RecoveryReport[]): string {
  if (reports.length === 0) return "Nothing was ever recovered.";
  const lines = reports.map(({ at, rows, lost, orphans, aside }) => [
    new Date(at).toISOString(),
    count(Object.values(rows).reduce((sum, number) => sum + number, 0)),
    count(lost.length + orphans),
    aside ?? "",
  ]);
  return columns([["RECOVERED", "ROWS", "LOST", "DAMAGED FILES AND REPORT"], ...lines]);
}
