import { formatBytes } from "../base/bytes.ts";
import type {
  CopyReport,
  ExportReport,
  MoveInReport,
  StoreStatus,
  UpgradeReport,
} from "../engine.ts";
import { columns, oneLine, type Output } from "./output.ts";

/** Shown of a long list; `--json` has more, and the store has all. */
const shownItems = 10;
const count = (value: number): string => value.toLocaleString("en-US");

/** A store's status as a person reads it. */
export function statusText(status: StoreStatus, { program, sameStore }: Output): string {
  const { kind, place, schemaVersion, knownVersion, bytes, isolation, rows } = status;
  const facts = [
    ["store", place],
    ["kind", kind],
    ["schema", `${schemaVersion}${schemaVersion === knownVersion ? "" : ` of ${knownVersion}`}`],
    ...(bytes === null ? [] : [["size", formatBytes(bytes)]]),
    ...(isolation === null
      ? []
      : [
          [
            "tenants",
            isolation.kind === "row-level"
              ? "kept apart by the database too (row-level security)"
              : `kept apart by AGENT-33 alone: the role ${isolation.role} bypasses row-level security; use an ordinary role`,
          ],
        ]),
  ];
  if (rows === null) {
    return `${columns(facts)}\n\nBring it up to date: ${program} store migrate${sameStore}`;
  }
  const filled = Object.entries(rows).filter(([, number]) => number > 0);
  const table = columns([
    ["TABLE", "ROWS"],
    ...filled.map(([name, number]) => [name, count(number)]),
  ]);
  return `${columns(facts)}\n\n${filled.length === 0 ? "It is empty." : table}`;
}

/** What bringing a store up to date did. */
export function upgradeText(report: UpgradeReport): string {
  const { path, from, to, steps, dryRun, backup, rows } = report;
  if (steps.length === 0) return `${path} is at schema ${to} already; nothing was to be done.`;
  const total = Object.values(rows).reduce((sum, number) => sum + number, 0);
  const names = steps.map(({ version, name }) => `${version} ${name}`).join(", ");
  return [
    `${path}: schema ${from} ${dryRun ? "would become" : "became"} ${to} (${names}), ${count(total)} rows.`,
    backup === null
      ? "This was tried on a copy; the store was not changed."
      : `The old store is kept as ${backup.path} (${formatBytes(backup.bytes)}, sha256 ${backup.sha256.slice(0, 16)}…), read back and whole.`,
  ].join("\n");
}

/** What a copy did, table by table. */
export function copyText(report: CopyReport, output: Output): string {
  const filled = report.tables.filter(({ rows, equal }) => rows > 0 || !equal);
  const table = columns([
    ["TABLE", "ROWS", "DIGEST", "EQUAL"],
    ...filled.map((one) => [
      one.table,
      count(one.rows),
      one.digest.slice(0, 16),
      one.equal ? "yes" : "NO",
    ]),
  ]);
  const resumed = report.resumed ? ", going on from where it was" : "";
  const mended = report.mended === 0 ? "" : `, ${count(report.mended)} that changed meanwhile`;
  return [
    table,
    "",
    `${count(report.copied)} rows copied${mended}${resumed}.`,
    ...(report.equal ? [`${report.to} holds the same as ${report.from}.`] : differLines(report)),
    ...asideLines("that the target cannot hold", report.refused, output),
  ].join("\n");
}

/** Why two stores differ after a copy, and what to do. */
function differLines({ kept, onlyInTarget, refused }: CopyReport): readonly string[] {
  const byTable = (of: "newer" | "undecided"): string =>
    kept
      .filter((one) => one[of] > 0)
      .map((one) => `${one.table} ${count(one[of])}`)
      .join(", ");
  const newer = kept.reduce((sum, one) => sum + one.newer, 0);
  const undecided = kept.reduce((sum, one) => sum + one.undecided, 0);
  if (newer + undecided + onlyInTarget + refused.count === 0) {
    return ["The two differ: the source is in use. Run the copy again, best while nothing writes."];
  }
  return [
    "The two differ.",
    ...(newer === 0
      ? []
      : [
          `${count(newer)} rows are newer in the target and stay as they are: ${byTable("newer")}.`,
        ]),
    ...(undecided === 0
      ? []
      : [
          `${count(undecided)} rows differ and nothing says which is the later one; the target's stay: ${byTable("undecided")}.`,
        ]),
    ...(onlyInTarget === 0
      ? []
      : [`${count(onlyInTarget)} rows are in the target only; a copy deletes nothing.`]),
    ...(newer + undecided + onlyInTarget === 0
      ? []
      : [
          "If the target was used since, it is the store to go on with. To have the source as it is, copy it into a new, empty store.",
        ]),
  ];
}

/** What an export wrote. */
export function exportText(file: string, report: ExportReport): string {
  return `${count(report.rows)} rows of ${count(report.tables.length)} tables are in ${file}, as they were at one moment.`;
}

/** What was taken over from a file, and what was not. */
export function moveInText(moved: MoveInReport, output: Output): string {
  const { backup } = moved;
  return [
    ...(backup === null
      ? []
      : [
          `The store as it was: ${backup.path} (${formatBytes(backup.bytes)}), read back and whole.`,
        ]),
    ...(moved.kind === "export" ? importLines(moved.report) : legacyLines(moved.report)),
    ...asideLines("set aside in quarantine", moved.report.quarantined, output),
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
      : []),
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

function legacyLines(report: LegacyReport): readonly string[] {
  const { dryRun, resumed, dangling, withoutZone } = report;
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
    ...(withoutZone === 0
      ? []
      : [`${count(withoutZone)} have times without a time zone; they were read as UTC.`]),
    ...(dangling.count === 0
      ? []
      : [`${count(dangling.count)} links to a record that is not in the file were left out.`]),
  ];
}

function asideLines(
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
