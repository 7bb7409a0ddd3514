import { createHash } from "node:crypto";
import {
  differenceChart,
  kindChart,
  kindCounts,
  kindTitles,
  pairChart,
  passChart,
  rateChart,
} from "./charts.ts";
import { html, type Markup } from "./markup.ts";
import type { EvaluationReport } from "./report.ts";
import { styles } from "./styles.ts";
import {
  comparisonTable,
  errorTable,
  nameOf,
  pairTable,
  passTable,
  type ReportTable,
  suiteTable,
  taskTable,
  verdictOf,
} from "./tables.ts";

/**
 * A report as one page that needs nothing else: no script, no request, each chart with a table of the
 * same figures. The page forbids itself everything but its own style, so that even markup that got in
 * by a name could do nothing.
 */
export function htmlReport(report: EvaluationReport): string {
  const { comparison, suites } = report;
  const hash = createHash("sha256").update(styles).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const notices = [
    ...report.notices,
    ...suites.flatMap((suite) => suite.notices.map((notice) => `${nameOf(suite)}: ${notice}`)),
  ];
  // The hash is of exactly these bytes.
  const style: Markup = { markup: `<style>${styles}</style>` };
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${report.title}</title>
${style}
</head>
<body>
<main>
<h1>${report.title}</h1>
${
  comparison === undefined
    ? []
    : html`<p class="verdict">${verdictOf(comparison)}</p>
${section("Difference", differenceChart(comparison), comparisonTable(comparison), true)}
${section("Tasks that differ", pairChart(comparison), pairTable(comparison))}`
}
${section("Rates", rateChart(suites), suiteTable(report), suites.length <= 6)}
${section("How steadily tasks pass", kindChart(suites), kindTable(report))}
${section("Several trials", passChart(suites), passTable(report))}
${errorTable(report).rows.length === 0 ? [] : section("Trials without a verdict", html``, errorTable(report), true)}
${notices.length === 0 ? [] : html`<section><h2>To know</h2><ul>${notices.map((notice) => html`<li>${notice}</li>`)}</ul></section>`}
<section><h2>Tasks</h2>${suites.map((suite) => {
    const table = taskTable(suite);
    return html`<details><summary>${table.title.replace("Tasks: ", "")}</summary>${tableOf(table)}</details>`;
  })}</section>
</main>
</body>
</html>
`;
  return page.markup;
}

/** A chart with its figures as a table, open or behind a click. */
function section(title: string, chart: Markup, table: ReportTable, open = false): Markup {
  if (table.rows.length === 0) return html``;
  const rows = open
    ? tableOf(table)
    : html`<details><summary>Figures</summary>${tableOf(table)}</details>`;
  return html`<section><h2>${title}</h2><p class="about">${table.about}</p>${chart}${rows}</section>`;
}

function tableOf({ title, columns, rows }: ReportTable): Markup {
  const numeric = (index: number): string => (columns[index]?.numeric === true ? "number" : "text");
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="${columns.length === 2 ? "narrow" : "wide"}"><thead><tr>${columns.map(
    (column, index) => html`<th scope="col" class="${numeric(index)}">${column.title}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, index) => html`<td class="${numeric(index)}">${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function kindTable({ suites }: EvaluationReport): ReportTable {
  return {
    title: "How steadily tasks pass",
    about: "A task that passes in some of its trials and not in others is flaky.",
    columns: [
      { title: "condition", numeric: false },
      ...kindTitles.map((title) => ({ title, numeric: true })),
    ],
    rows: suites.map((suite) => [nameOf(suite), ...kindCounts(suite).map(String)]),
  };
}
