import { formatBytes } from "../base/bytes.ts";
import type {
  CopyReport,
  ExportReport,
  RecountReport,
  StoreStatus,
  UpgradeReport,
} from "../engine.ts";
import { columns, type Output } from "./output.ts";
import { asideLines, count } from "./render-move.ts";

const addUp = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0);

/**
 * A store's status as a person reads it.
 * @param named the words, with a blank before, that make another command look at the same store
 */
export function statusText(status: StoreStatus, named: string, { program }: Output): string {
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
    return `${columns(facts)}\n\nBring it up to date: ${program} store migrate${named}`;
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
  const { path, from, to, steps, dryRun, backup } = report;
  if (steps.length === 0) return `${path} is at schema ${to} already; nothing was to be done.`;
  const names = steps.map(({ version, name }) => `${version} ${name}`).join(", ");
  const rows = Object.values(report.rows);
  const total = rows.length === 0 ? "" : `, ${count(addUp(rows))} rows`;
  return [
    `${path}: schema ${from} ${dryRun ? "would become" : "became"} ${to} (${names})${total}.`,
    backupLine(dryRun, backup),
  ].join("\n");
}

function backupLine(dryRun: boolean, backup: UpgradeReport["backup"]): string {
  if (dryRun) return "The store was not changed.";
  if (backup === null) return "No backup was made here: PostgreSQL's own programs make them.";
  const sum = `${formatBytes(backup.bytes)}, sha256 ${backup.sha256.slice(0, 16)}…`;
  return `The old store is kept as ${backup.path} (${sum}), read back and whole.`;
}

/** Where counts were wrong. */
export function recountText({ place, dryRun, tenants }: RecountReport): string {
  if (tenants.length === 0) return `The counts of ${place} agree with its signals.`;
  const rows = tenants.map((one) => [one.tenant, count(one.signals), count(one.counted)]);
  return [
    columns([["TENANT", "SIGNALS", "WERE COUNTED"], ...rows]),
    "",
    dryRun
      ? "Their counts are wrong. Nothing was written: this was a dry run."
      : "Their counts were wrong and were made anew of the signals.",
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
  const newer = addUp(kept.map((one) => one.newer));
  const undecided = addUp(kept.map((one) => one.undecided));
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
          ...(kept.some(({ table }) => table.endsWith("_counts"))
            ? [`Its counts may lack signals that came: agent33 store recount TARGET.`]
            : []),
          "If the target was used since, it is the store to go on with. To have the source as it is, copy it into a new, empty store.",
        ]),
  ];
}

/** What an export wrote. */
export function exportText(file: string, report: ExportReport): string {
  return `${count(report.rows)} rows of ${count(report.tables.length)} tables are in ${file}, as they were at one moment.`;
}
