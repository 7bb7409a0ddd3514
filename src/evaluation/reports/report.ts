import {
  byCondition,
  type SuiteOptions,
  type SuiteResult,
  suiteResults,
} from "../statistics/suite.ts";
import type { Comparison } from "../statistics/comparison.ts";
import type { Trial } from "../trials/trial.ts";
import type { TrialFolder } from "../trials/read-trials.ts";

/** What every form of a report is made of. */
export interface EvaluationReport {
  readonly title: string;
  readonly suites: readonly SuiteResult[];
  /** Of these the arm that others are compared with, and that is not expected to pass. */
  readonly control: SuiteResult | undefined;
  readonly comparison: Comparison | undefined;
  readonly trials: ReadonlyMap<SuiteResult, readonly Trial[]>;
  /** Where each trial's files are, by its id; relative to the report. */
  readonly places: ReadonlyMap<string, string>;
  readonly notices: readonly string[];
}

/**
 * The report of the trials of one folder.
 * @throws Agent33Error `evaluation.duplicate_trial`, `evaluation.task_digests_differ`
 */
export function folderReport(
  title: string,
  { trials, places, notices }: TrialFolder,
  options: SuiteOptions = {},
): EvaluationReport {
  const suites = suiteResults(trials, options);
  const groups = byCondition(trials);
  return {
    title,
    suites,
    control: undefined,
    comparison: undefined,
    trials: new Map(suites.map((suite, index) => [suite, groups[index] ?? []])),
    places,
    notices,
  };
}

/** The report of two folders that were compared; the first is the control arm. */
export function comparisonReport(
  title: string,
  comparison: Comparison,
  a: TrialFolder,
  b: TrialFolder,
): EvaluationReport {
  return {
    title,
    suites: [comparison.a, comparison.b],
    control: comparison.a,
    comparison,
    trials: new Map([
      [comparison.a, a.trials],
      [comparison.b, b.trials],
    ]),
    places: new Map([...a.places, ...b.places]),
    notices: [...new Set([...a.notices, ...b.notices, ...comparison.notices])],
  };
}
