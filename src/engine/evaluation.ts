import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Agent33Error, isAgent33Error, messageOf } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { toJsonValue } from "../base/json.ts";
import { evaluationCtrf } from "../evaluation/reports/ctrf.ts";
import { htmlReport } from "../evaluation/reports/html.ts";
import { type Imported, importReport, strictReport } from "../evaluation/reports/import-report.ts";
import { markdownReport } from "../evaluation/reports/markdown.ts";
import {
  comparisonReport,
  type EvaluationReport,
  folderReport,
} from "../evaluation/reports/report.ts";
import { nameOf } from "../evaluation/reports/tables.ts";
import { compareTrials } from "../evaluation/statistics/comparison.ts";
import { byCondition, type SuiteOptions, suiteResults } from "../evaluation/statistics/suite.ts";
import { readTrials, type TrialFolder } from "../evaluation/trials/read-trials.ts";
import type { PassRule } from "../evaluation/trials/trial.ts";
import type { Host } from "./host.ts";

export type { EvaluationReport, Imported, PassRule, SuiteOptions };
export { strictReport };

/** The forms of a report. */
export const reportFormats = ["markdown", "html", "ctrf", "json"] as const;
export type ReportFormat = (typeof reportFormats)[number];

/**
 * What came of the trials below a folder.
 * @param folder from where the host is
 * @throws Agent33Error `evaluation.*`
 */
export async function reportOnTrials(
  host: Pick<Host, "cwd">,
  folder: string,
  options: SuiteOptions & { readonly control?: string | undefined },
): Promise<EvaluationReport> {
  const report = folderReport(`Trials in ${folder}`, await trialsIn(host, folder), options);
  if (options.control === undefined) return report;
  const names = report.suites.map(nameOf);
  const index = chosen(names, options.control, folder);
  return { ...report, control: report.suites[index] };
}

/** One side of a comparison: a folder, and which of its conditions where it has several. */
export interface ComparedSide {
  readonly folder: string;
  readonly condition?: string | undefined;
}

/**
 * Compares the trials of two folders, or of two conditions of one.
 * @throws Agent33Error `evaluation.*`
 */
export async function compareFolders(
  host: Pick<Host, "cwd">,
  first: ComparedSide,
  second: ComparedSide,
  options: SuiteOptions,
): Promise<EvaluationReport> {
  const [a, b] = [await sideOf(host, first), await sideOf(host, second)];
  const comparison = compareTrials(a.trials, b.trials, options);
  return comparisonReport(
    `${nameOf(comparison.b)} beside ${nameOf(comparison.a)}`,
    comparison,
    a,
    b,
  );
}

async function sideOf(host: Pick<Host, "cwd">, side: ComparedSide): Promise<TrialFolder> {
  const folder = await trialsIn(host, side.folder);
  if (side.condition === undefined) return folder;
  const names = suiteResults(folder.trials, { resamples: 1 }).map(nameOf);
  const trials = byCondition(folder.trials)[chosen(names, side.condition, side.folder)] ?? [];
  return { ...folder, trials };
}

/** The place of the one name that has the words, or is them. */
function chosen(names: readonly string[], words: string, folder: string): number {
  const whole = names.indexOf(words);
  if (whole !== -1) return whole;
  const having = names.flatMap((name, index) => (name.includes(words) ? [index] : []));
  const [only] = having;
  if (only !== undefined && having.length === 1) return only;
  throw new Agent33Error(
    "evaluation.unknown_condition",
    having.length === 0
      ? `No condition in "${folder}" has "${words}" in its name.`
      : `${having.length} conditions in "${folder}" have "${words}" in their names.`,
    { hint: `There are: ${names.map((name) => `"${name}"`).join(", ")}.` },
  );
}

async function trialsIn(host: Pick<Host, "cwd">, folder: string): Promise<TrialFolder> {
  const read = await readTrials(resolve(host.cwd, folder));
  const places = new Map([...read.places].map(([id, place]) => [id, join(folder, place)]));
  return { ...read, places };
}

/** A report in one of its forms. */
export function renderReport(report: EvaluationReport, format: ReportFormat): string {
  switch (format) {
    case "markdown":
      return markdownReport(report);
    case "html":
      return htmlReport(report);
    case "ctrf":
      return `${JSON.stringify(evaluationCtrf(report), null, 2)}\n`;
    case "json":
      return `${JSON.stringify(reportData(report), null, 2)}\n`;
  }
}

/** All figures of a report as data. */
function reportData({ title, suites, control, comparison, notices }: EvaluationReport): JsonObject {
  return toJsonValue({
    format: "agent33-evaluation/1",
    title,
    suites,
    control: control?.name ?? null,
    comparison: comparison ?? null,
    notices,
  }) as JsonObject;
}

/**
 * Reads a report or a trajectory of another program.
 * @throws Agent33Error `evaluation.import_malformed`, `evaluation.trajectory_malformed`,
 * `evaluation.results_unreadable`
 */
export async function importEvaluation(host: Pick<Host, "cwd">, file: string): Promise<Imported> {
  try {
    return importReport(await readFile(resolve(host.cwd, file), "utf8"), file);
  } catch (cause) {
    if (isAgent33Error(cause)) throw cause;
    throw new Agent33Error(
      "evaluation.results_unreadable",
      `Cannot read "${file}": ${messageOf(cause)}.`,
      { hint: "Check that the file is there and who may read it.", cause },
    );
  }
}

/** The same of a text that somebody sent. @throws Agent33Error as {@link importEvaluation} */
export function importEvaluationText(text: string): Imported {
  return importReport(text, "What was sent");
}
