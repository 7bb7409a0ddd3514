import type { Problem, Result } from "../api.ts";

/** A figure, or why there is none. */
export type Figure<T = number> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { readonly message: string } };

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How one task went under one condition. */
export interface TaskResult {
  readonly task: string;
  readonly trials: number;
  readonly passes: number;
  readonly errors: number;
  readonly flaky: boolean;
  readonly rate: Figure;
  readonly wilson: Figure<Interval>;
}

/** How all tasks went under one condition. */
export interface Suite {
  readonly name: string;
  readonly attempt: string;
  readonly level: number;
  readonly counts: {
    readonly tasks: number;
    readonly trials: number;
    readonly judged: number;
    readonly passed: number;
    readonly errors: number;
  };
  readonly tasks: readonly TaskResult[];
  readonly rate: Figure;
  readonly interval: Figure<Interval>;
  readonly costMicroUsd: Figure;
  readonly costPerSuccess: Figure;
  readonly durationPerSuccess: Figure;
  readonly flaky: readonly string[];
}

/** What two conditions come to, task by task; differences are the second's less the first's. */
export interface Comparison {
  readonly a: Suite;
  readonly b: Suite;
  readonly sameCondition: boolean;
  readonly pairs: readonly {
    readonly task: string;
    readonly a: TaskResult;
    readonly b: TaskResult;
    readonly difference: number;
  }[];
  readonly rates: Figure<{ readonly a: number; readonly b: number }>;
  readonly difference: Figure;
  readonly interval: Figure<Interval>;
  readonly bootstrap: Figure<Interval>;
  readonly signFlip: Figure<{ readonly p: number; readonly method: string }>;
  readonly noiseFloor: Figure<{ readonly floor: number }>;
  readonly helped: readonly string[];
  readonly hurt: readonly string[];
}

/** What came of trials, as the server's reports have it. */
export interface Report {
  readonly title: string;
  readonly suites: readonly Suite[];
  readonly comparison: Comparison | null;
  readonly notices: readonly string[];
}

const form = "agent33-evaluation/1";

const unreadable: Problem = {
  type: "urn:agent33:error:client.not_an_answer",
  code: "client.not_an_answer",
  title: "Not an answer",
  status: 0,
  detail: `The report is not of the form ${form}.`,
  hint: "Load the page anew: the server may be of another version.",
  instance: "urn:agent33:client",
  retryable: false,
};

/** A report that was asked for as JSON. One of another form is a problem, not a wrong figure. */
export async function readReport(asked: Promise<Result<string>>): Promise<Result<Report>> {
  const answer = await asked;
  if (!answer.ok) return answer;
  const report = parsed(answer.value);
  if (report !== undefined) return { ...answer, value: report };
  return { ok: false, problem: unreadable };
}

/** The server writes the form that it says; the types here are its \`EvaluationReport\` as data. */
function parsed(text: string): Report | undefined {
  try {
    const report = JSON.parse(text) as Report & { readonly format?: unknown };
    return report.format === form ? report : undefined;
  } catch {
    return undefined;
  }
}

/** A condition by its name; of the task's own solution and of nobody, that too. */
export function nameOf({ name, attempt }: Pick<Suite, "name" | "attempt">): string {
  return attempt === "agent" ? name : `${name} (${attempt})`;
}
