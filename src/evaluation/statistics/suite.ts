import { canonicalJson } from "../../base/json.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { ok } from "../../base/result.ts";
import {
  conditionName,
  passedOf,
  type Condition,
  type PassRule,
  type Trial,
} from "../trials/trial.ts";
import { checkTrials } from "../trials/trial-set.ts";
import { absent, type Figure } from "./absence.ts";
import {
  bootstrapInterval,
  type Interval,
  spreadOf,
  tInterval,
  usualLevel,
  usualResamples,
} from "./intervals.ts";
import { mean, sum } from "./moments.ts";
import { type NoiseFloor, noiseFloor } from "./noise-floor.ts";
import { overTasks, passAt, passHat, type SuiteFigure } from "./pass-at.ts";
import { durationOf, type TaskResult, taskResult, total } from "./task-result.ts";

/** How figures are made: the same options and trials give the same figures. */
export interface SuiteOptions {
  /** How sure intervals are; 0.95 if nothing is said. */
  readonly level?: number;
  /** What random samples are drawn from; 33 if nothing is said. */
  readonly seed?: number;
  readonly resamples?: number;
  /** Judges all trials by this rule instead of their own. */
  readonly passRule?: PassRule;
}

/** The options with what holds if nothing is said. */
export function settled({
  level = usualLevel,
  seed = usualSeed,
  resamples = usualResamples,
  passRule,
}: SuiteOptions) {
  return { level, seed, resamples, passRule };
}

const usualSeed = 33;

/** One way in which trials came to no verdict, and how often. */
export interface ErrorCount {
  readonly code: string;
  readonly trials: number;
  /** Of the first. */
  readonly message: string;
}

/** The estimates for one k. */
export interface PassFigures {
  readonly k: number;
  /** That at least one of k passes. */
  readonly at: Figure<SuiteFigure>;
  /** That all of k pass. */
  readonly hat: Figure<SuiteFigure>;
}

/** How all tasks went under one condition. */
export interface SuiteResult {
  readonly name: string;
  readonly condition: Condition;
  readonly attempt: Trial["attempt"];
  /** Null where trials have rules of their own that differ. */
  readonly passRule: PassRule | null;
  readonly level: number;
  readonly seed: number;
  readonly resamples: number;
  readonly tasks: readonly TaskResult[];
  readonly counts: {
    readonly tasks: number;
    readonly trials: number;
    /** With a verdict. */
    readonly judged: number;
    readonly passed: number;
    /** Without one. */
    readonly errors: number;
    /** Made within a trial after the infrastructure failed; they are no trials. */
    readonly retries: number;
  };
  readonly errors: readonly ErrorCount[];
  /** The mean of the tasks' rates: all tasks weigh the same. */
  readonly rate: Figure;
  /** Clustered by task. */
  readonly standardError: Figure;
  readonly interval: Figure<Interval>;
  readonly bootstrap: Figure<Interval>;
  readonly passes: readonly PassFigures[];
  readonly flaky: readonly string[];
  readonly noiseFloor: Figure<NoiseFloor>;
  readonly costMicroUsd: Figure;
  readonly costPerSuccess: Figure;
  /** Of all trials together. Milliseconds. */
  readonly durationMs: Figure;
  readonly durationPerSuccess: Figure;
  /** When the first began and the last ended; milliseconds since the Unix epoch. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** What a reader must know of these figures. */
  readonly notices: readonly string[];
}

/** Trials by what was tried, in the order in which each first comes. */
export function byCondition(trials: readonly Trial[]): readonly (readonly Trial[])[] {
  return [
    ...Map.groupBy(trials, ({ condition, attempt }) =>
      canonicalJson({ condition, attempt }),
    ).values(),
  ];
}

/**
 * The figures of each condition among the trials.
 * @throws Agent33Error `evaluation.duplicate_trial`, `evaluation.task_digests_differ`
 */
export function suiteResults(
  trials: readonly Trial[],
  options: SuiteOptions = {},
): readonly SuiteResult[] {
  checkTrials(trials);
  return byCondition(trials).map((some) => suiteResult(some, options));
}

/** @param given trials of one condition, at least one */
function suiteResult(given: readonly Trial[], options: SuiteOptions): SuiteResult {
  const { level, seed, resamples, passRule } = settled(options);
  const trials = passRule === undefined ? given : given.map((trial) => ({ ...trial, passRule }));
  const [first] = trials;
  if (first === undefined) throw new RangeError("There is no result of no trials.");
  const tasks = [...Map.groupBy(trials, ({ task }) => task.name).values()]
    .map((some) => taskResult(some, level))
    .toSorted((a, b) => (a.task < b.task ? -1 : 1));
  const random: Random = seededRandom(seed);
  const rates = tasks.flatMap(({ rate }) => (rate.ok ? [rate.value] : []));
  const judged = tasks.filter((task) => task.trials > 0);
  const passed = sum(tasks.map(({ passes }) => passes));
  const cost = known(total(trials.map(({ costMicroUsd }) => costMicroUsd)), unpriced(trials));
  const duration = known(
    total(trials.map(durationOf)),
    absent("unknown_time", "Not every trial says how long it took."),
  );
  return {
    name: conditionName(first.condition),
    condition: first.condition,
    attempt: first.attempt,
    passRule: oneRule(trials),
    level,
    seed,
    resamples,
    tasks,
    counts: {
      tasks: tasks.length,
      trials: trials.length,
      judged: sum(tasks.map(({ trials }) => trials)),
      passed,
      errors: sum(tasks.map(({ errors }) => errors)),
      retries: sum(trials.map(({ retries }) => retries.length)),
    },
    errors: errorCounts(trials),
    rate: rates.length === 0 ? absent("no_trials", "No trial has a verdict.") : ok(mean(rates)),
    standardError: spreadOf(rates),
    interval: tInterval(rates, level),
    bootstrap: bootstrapInterval(rates, random, { level, resamples }),
    passes: interestingKs(judged).map((k) => ({
      k,
      at: overTasks(judged, k, passAt),
      hat: overTasks(judged, k, passHat),
    })),
    flaky: tasks.filter(({ flaky }) => flaky).map(({ task }) => task),
    noiseFloor: noiseFloor(judged, level),
    costMicroUsd: cost,
    costPerSuccess: perSuccess(cost, passed),
    durationMs: duration,
    durationPerSuccess: perSuccess(duration, passed),
    startedAt: extreme(
      trials.map(({ startedAt }) => startedAt),
      Math.min,
    ),
    finishedAt: extreme(
      trials.map(({ finishedAt }) => finishedAt),
      Math.max,
    ),
    notices: noticesOf(trials, tasks),
  };
}

/** Those that people ask about, up to what the tasks have. */
function interestingKs(tasks: readonly TaskResult[]): readonly number[] {
  const most = Math.max(0, ...tasks.map(({ trials }) => trials));
  return [1, 2, 3, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100].filter((k) => k <= most);
}

function oneRule(trials: readonly Trial[]): PassRule | null {
  const rules = new Set(trials.map(({ passRule }) => canonicalJson(passRule)));
  return rules.size === 1 ? (trials[0]?.passRule ?? null) : null;
}

function known(value: number | null, otherwise: Figure<never>): Figure {
  return value === null ? otherwise : ok(value);
}

function unpriced(trials: readonly Trial[]): Figure<never> {
  const without = trials.filter(({ costMicroUsd }) => costMicroUsd === null).length;
  return absent("unknown_cost", `The cost of ${without} of ${trials.length} trials is not known.`);
}

function perSuccess(all: Figure, passed: number): Figure {
  if (!all.ok) return all;
  return passed === 0 ? absent("no_success", "No trial passed.") : ok(all.value / passed);
}

function extreme(
  values: readonly (number | null)[],
  choose: (...some: number[]) => number,
): number | null {
  const some = values.filter((value) => value !== null);
  return some.length === 0 ? null : some.reduce((a, b) => choose(a, b));
}

function errorCounts(trials: readonly Trial[]): readonly ErrorCount[] {
  const failed = trials.flatMap((trial) => {
    if (trial.verdict.kind === "error") return [trial.verdict.error];
    if (passedOf(trial) !== undefined) return [];
    return [
      {
        code: "evaluation.reward_missing",
        message: `The verifier gave no "${trial.passRule.reward}".`,
      },
    ];
  });
  return [...Map.groupBy(failed, ({ code }) => code)]
    .map(([code, all]) => ({ code, trials: all.length, message: all[0]?.message ?? "" }))
    .toSorted((a, b) => b.trials - a.trials);
}

function noticesOf(trials: readonly Trial[], tasks: readonly TaskResult[]): readonly string[] {
  const notices: string[] = [];
  const numbers = tasks.map((task) => task.trials);
  const [fewest, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (fewest !== most)
    notices.push(
      `Tasks have ${fewest} to ${most} trials with a verdict; all tasks weigh the same.`,
    );
  const unjudged = tasks.filter((task) => task.trials === 0);
  if (unjudged.length > 0)
    notices.push(
      `No trial of ${unjudged.length} of ${tasks.length} tasks has a verdict; they are in no rate.`,
    );
  if (most === 1) notices.push("One trial a task says nothing of chance.");
  const errors = sum(tasks.map(({ errors }) => errors));
  if (errors > 0)
    notices.push(
      `${errors} of ${trials.length} trials ended without a verdict and are in no rate.`,
    );
  if (oneRule(trials) === null) notices.push("The trials have different rules of what passes.");
  const unknown = tasks.filter(({ digest }) => digest === null).length;
  if (unknown > 0)
    notices.push(`What ${unknown} of ${tasks.length} tasks consisted of is not known: no digest.`);
  return notices;
}
