import { withoutUnseen } from "../../base/outside.ts";
import type { EvaluationReport } from "./report.ts";
import {
  comparisonTable,
  errorTable,
  pairTable,
  passTable,
  type ReportTable,
  suiteTable,
  taskTable,
  verdictOf,
} from "./tables.ts";

/**
 * A report as GitHub-flavoured Markdown, for a file or `$GITHUB_STEP_SUMMARY`. Names and messages are
 * from outside: what would be markup in them is shown as it is.
 */
export function markdownReport(report: EvaluationReport): string {
  const { comparison } = report;
  const notices = [
    ...report.notices,
    ...report.suites.flatMap((suite) => suite.notices.map((notice) => `${suite.name}: ${notice}`)),
  ];
  const blocks = [
    `# ${escapedMarkdown(report.title)}`,
    ...(comparison === undefined
      ? []
      : [
          `**${escapedMarkdown(verdictOf(comparison))}**`,
          tableOf(comparisonTable(comparison)),
          tableOf(pairTable(comparison)),
        ]),
    tableOf(suiteTable(report)),
    tableOf(passTable(report)),
    tableOf(errorTable(report)),
    ...report.suites.map((suite) => folded(taskTable(suite))),
    ...(notices.length === 0
      ? []
      : [`## To know\n\n${notices.map((notice) => `- ${escapedMarkdown(notice)}`).join("\n")}`]),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function tableOf(table: ReportTable): string {
  if (table.rows.length === 0) return "";
  return `## ${escapedMarkdown(table.title)}\n\n${escapedMarkdown(table.about)}\n\n${rowsOf(table)}`;
}

/** Closed at first: a long list of tasks would hide the rest. */
function folded(table: ReportTable): string {
  if (table.rows.length === 0) return "";
  return `<details><summary>${escapedMarkdown(table.title)}</summary>\n\n${escapedMarkdown(table.about)}\n\n${rowsOf(table)}\n\n</details>`;
}

function rowsOf({ columns, rows }: ReportTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ title }) => escapedMarkdown(title))),
    line(columns.map(({ numeric }) => (numeric ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(escapedMarkdown))),
  ].join("\n");
}

/**
 * Text that says what it says: on one line, without HTML, and with every sign that Markdown gives a
 * meaning to taken literally (CommonMark 2.4), pipes included.
 */
export function escapedMarkdown(text: string): string {
  return (
    withoutUnseen(text)
      .replaceAll(/\s+/g, " ")
      .trim()
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll(/[\\`*_[\]|~#!]/g, String.raw`\$&`)
      // GitHub would name people, link numbers and addresses.
      .replaceAll("@", "&#64;")
      .replaceAll("://", "&#58;//")
      .replaceAll(/\bwww\./gi, (found) => `${found.slice(0, -1)}&#46;`)
  );
}
