import type { RecoverReport } from "../engine.ts";
import { columns } from "./output.ts";
import { count } from "./render-move.ts";

const mostShown = 20;

/** What was made of a damaged store. */
export function recoverText(report: RecoverReport): string {
  const { before, rows, cameBack, lost, orphans, tornFrames, recounted, aside } = report;
  const tables = Object.entries(rows).filter(([, number]) => number > 0);
  const total = tables.reduce((sum, [, number]) => sum + number, 0);
  return [
    ...before.problems.slice(0, mostShown).map((problem) => `found: ${problem}`),
    "",
    columns([
      ...tables.map(([table, number]) => [table, count(number)]),
      ["all rows", count(total)],
    ]),
    "",
    columns([
      ["damaged rows that came back", count(cameBack)],
      ["damaged rows that are lost", count(lost.length)],
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
