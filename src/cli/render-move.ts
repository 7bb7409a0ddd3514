import { formatBytes } from "../base/bytes.ts";
import type { MoveInReport } from "../engine.ts";
import { columns, oneLine, type Output } from "./output.ts";

/** Shown of a long list; `--json` has more, and the store has all. */
const shownItems = 10;

export const count = (value: number): string => value.toLocaleString("en-US");

/**
 * What was taken over from a file, and what was not.
 * @param named the words, with a blank before, that make another command look at the same store
 */
export function moveInText(moved: MoveInReport, named: string, output: Output): string {
  const { backup, complete } = moved;
  const { dryRun, quarantined } = moved.report;
  return [
    ...(backup === null
      ? []
      : [
          `The store as it was: ${backup.path} (${formatBytes(backup.bytes)}), read back and whole.`,
        ]),
    ...(moved.kind === "export" ? importLines(moved.report) : legacyLines(moved.report)),
    ...asideLines("set aside in quarantine", quarantined, output),
    ...(quarantined.count === 0 || dryRun
      ? []
      : [`Look at them: ${output.program} store quarantine list${named}`]),
    ...(complete ? [] : [`Not all of it ${dryRun ? "would come" : "came"}; the rest is well.`]),
  ].join("\n");
}

type ImportReport = Extract<MoveInReport, { kind: "export" }>["report"];
type LegacyReport = Extract<MoveInReport, { kind: "python" }>["report"];

function importLines(report: ImportReport): readonly string[] {
  const { dryRun, resumedAt, truncated, keptOther } = report;
  const rows = columns([
    ["TABLE", "NEW", "THERE ALREADY", "KEPT AS IT IS", "OF"],
    ...report.tables.map((one) => [
      one.table,
      count(one.kept + one.renumbered),
      count(one.thereAlready + one.countedHere),
      count(one.keptOther),
      one.expected === null ? "?" : count(one.expected),
    ]),
  ]);
  return [
    ...(resumedAt > 0 ? ["An import that was broken off goes on."] : []),
    rows,
    "",
    dryRun ? "Nothing was written: this was a dry run." : "What is new was written.",
    ...(truncated
      ? ["The file has no end: what was there came in. Run it again with the whole file."]
      : lackingLines(report)),
    ...(keptOther.count === 0
      ? []
      : [
          `${count(keptOther.count)} rows are in the store with other content, which was not touched:`,
          ...keptOther.first
            .slice(0, shownItems)
            .map(({ place, reason }) => `  ${place}: ${reason}`),
        ]),
  ];
}

/** Tables of which the file lacks rows, or has other ones than were exported. */
function lackingLines({ tables }: ImportReport): readonly string[] {
  const lacking = tables.filter(({ whole }) => whole === false).map(({ table }) => table);
  if (lacking.length === 0) return [];
  return [`The file has not all that was exported of: ${lacking.join(", ")}.`];
}

function legacyLines(report: LegacyReport): readonly string[] {
  const { dryRun, resumed, dangling, truncated, withoutZone } = report;
  const rows = columns([
    ["RECORDS", "READ", dryRun ? "WOULD COME" : "CAME", "THERE ALREADY", "TWICE IN THE FILE"],
    ...(["signals", "intakes"] as const).map((name) => [
      name,
      count(report[name].read),
      count(report[name].kept),
      count(report[name].thereAlready),
      count(report[name].repeated),
    ]),
  ]);
  return [
    ...(resumed ? ["A migration that was broken off goes on."] : []),
    rows,
    "",
    dryRun
      ? "Nothing was written: this was a dry run."
      : report.signals.kept + report.intakes.kept === 0
        ? "Nothing new came."
        : "What came is marked as migrated.",
    ...(truncated
      ? ["The file is cut off: what stands before the cut came. Run it again with the whole file."]
      : []),
    ...(withoutZone === 0
      ? []
      : [`${count(withoutZone)} have times without a time zone; they were read as UTC.`]),
    ...(dangling.count === 0
      ? []
      : [`${count(dangling.count)} links to a record that is not in the file were left out.`]),
  ];
}

/** Records that were set aside, the first of them with the reason. */
export function asideLines(
  what: string,
  tally: { readonly count: number; readonly first: readonly { place: string; reason: string }[] },
  output: Output,
): readonly string[] {
  if (tally.count === 0) return [];
  return [
    `${count(tally.count)} ${what}:`,
    ...tally.first
      .slice(0, shownItems)
      .map(
        ({ place, reason }) => `  ${place}: ${oneLine(reason, output.width - place.length - 4)}`,
      ),
    ...(tally.count > shownItems ? [`  … and ${count(tally.count - shownItems)} more`] : []),
  ];
}
