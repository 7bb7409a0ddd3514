import { markdownTable, short, type Surroundings, surroundingsLine } from "./report.ts";
import type { Findings, FindingsTable, Goal } from "./results.ts";

/** One run of one survey, as `--json` prints it. */
export interface SurveyReport extends Surroundings, Findings {
  readonly benchmark: string;
  readonly rounds: number;
  readonly quick: boolean;
}

/** Whether a goal was reached; the same figure is enough. */
export function isReached({ better, goal, reached }: Goal): boolean {
  return better === "less" ? reached <= goal : reached >= goal;
}

/** The report for a person: the surroundings, a Markdown table each, the goals, remarks. */
export function surveyText(report: SurveyReport): string {
  const quick = report.quick ? ", quick: small amounts, whose figures mean little" : "";
  return [
    `${report.benchmark}: ${report.rounds} rounds, ${report.date}${quick}`,
    surroundingsLine(report),
    ...report.facts,
    ...report.tables.flatMap((table) => ["", `## ${table.title}`, "", ...tableLines(table)]),
    "",
    "## Goals",
    "",
    ...goalLines(report.goals),
    "",
    ...report.notes.map((note) => `- ${note}`),
    "",
  ].join("\n");
}

function tableLines({ of, columns, rows }: FindingsTable): readonly string[] {
  const lines = rows.map(({ name, figures }) => [
    name,
    ...columns.map(({ key }) => {
      const figure = figures[key];
      return figure === undefined ? "" : short(figure);
    }),
  ]);
  return markdownTable([of, ...columns.map(({ title }) => title)], lines, [0]);
}

function goalLines(goals: readonly Goal[]): readonly string[] {
  const lines = goals.map((goal) => [
    goal.what,
    `${goal.better === "less" ? "at most" : "at least"} ${goal.goal}`,
    short(goal.reached),
    isReached(goal) ? "yes" : "no",
  ]);
  return markdownTable(["goal", "bar", "reached", "kept"], lines, [0, 1, 3]);
}
