import { canonicalJson } from "../../base/json.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { ok } from "../../base/result.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { Trial } from "../trials/trial.ts";
import { checkTrials } from "../trials/trial-set.ts";
import { absent, type Figure } from "./absence.ts";
import { bootstrapInterval, type Interval, spreadOf, tInterval } from "./intervals.ts";
import { mean } from "./moments.ts";
import { type NoiseFloor, noiseFloor } from "./noise-floor.ts";
import {
  mcnemarExact,
  type PermutationTest,
  signFlipTest,
  wilcoxonSignedRank,
} from "./paired-tests.ts";
import { settled, type SuiteOptions, type SuiteResult, suiteResults } from "./suite.ts";
import type { TaskResult } from "./task-result.ts";

/** A task that both sides have verdicts of. */
export interface TaskPair {
  readonly task: string;
  readonly a: TaskResult;
  readonly b: TaskResult;
  /** Rate of the second less that of the first. */
  readonly difference: number;
}

/** What comes of two conditions over the same tasks. */
export interface Comparison {
  readonly a: SuiteResult;
  readonly b: SuiteResult;
  /** Whether it is one condition twice: an A/A comparison, whose difference is noise. */
  readonly sameCondition: boolean;
  readonly pairs: readonly TaskPair[];
  /** Tasks that are in no pair: one side does not have them, or has no verdict of them. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
  readonly withoutVerdict: readonly string[];
  /** Mean over the paired tasks of the second side's rate less the first's. */
  readonly difference: Figure;
  readonly rates: Figure<{ readonly a: number; readonly b: number }>;
  readonly standardError: Figure;
  /** What it would be if the two sides had other tasks; shows what pairing gains. */
  readonly unpairedStandardError: Figure;
  readonly interval: Figure<Interval>;
  readonly bootstrap: Figure<Interval>;
  readonly signFlip: Figure<PermutationTest>;
  readonly wilcoxonP: Figure;
  /** On what most of a task's trials came to; `tied` tasks have no such, and are in neither number. */
  readonly mcnemar: {
    readonly gained: number;
    readonly lost: number;
    readonly tied: number;
    readonly p: number;
  };
  /** (b − a) / (1 − a): which share of what was left to gain was gained (Hake, 1998). */
  readonly normalizedGain: Figure;
  readonly helped: readonly string[];
  readonly hurt: readonly string[];
  /** Of two sides that are as noisy as these two. */
  readonly noiseFloor: Figure<NoiseFloor>;
  readonly notices: readonly string[];
}

/**
 * Compares two conditions task by task.
 * @param a trials of one condition: what is compared with
 * @param b trials of one condition
 * @throws Agent33Error `evaluation.several_conditions`, `evaluation.no_common_task`,
 * `evaluation.duplicate_trial`, `evaluation.task_digests_differ`
 */
export function compareTrials(
  a: readonly Trial[],
  b: readonly Trial[],
  options: SuiteOptions = {},
): Comparison {
  const [first, second] = [onlySuite(a, "first", options), onlySuite(b, "second", options)];
  checkTrials([...a, ...b]);
  const others = new Map(second.tasks.map((task) => [task.task, task]));
  const own = new Set(first.tasks.map(({ task }) => task));
  const common = first.tasks.flatMap((task) => {
    const other = others.get(task.task);
    return other === undefined ? [] : [[task, other] as const];
  });
  if (common.length === 0) throw noCommonTask(first, second);
  const pairs = common.flatMap(([a, b]) =>
    a.rate.ok && b.rate.ok ? [{ task: a.task, a, b, difference: b.rate.value - a.rate.value }] : [],
  );
  const onlyA = first.tasks.map(({ task }) => task).filter((task) => !others.has(task));
  const onlyB = second.tasks.map(({ task }) => task).filter((task) => !own.has(task));
  const paired = new Set(pairs.map(({ task }) => task));
  const withoutVerdict = common.map(([{ task }]) => task).filter((task) => !paired.has(task));
  const sameCondition = canonicalJson(first.condition) === canonicalJson(second.condition);
  return {
    a: first,
    b: second,
    sameCondition,
    pairs,
    onlyA,
    onlyB,
    withoutVerdict,
    ...figuresOf(pairs, options),
    notices: noticesOf({ sameCondition, pairs, onlyA, onlyB, withoutVerdict }, first, second),
  };
}

function figuresOf(pairs: readonly TaskPair[], options: SuiteOptions) {
  const { level, seed, resamples } = settled(options);
  const random: Random = seededRandom(seed);
  const differences = pairs.map(({ difference }) => difference);
  const [as, bs] = [rates(pairs, "a"), rates(pairs, "b")];
  const none = absent("no_pairs", "No task has verdicts on both sides.");
  const whenPaired = <T>(figure: () => Figure<T>): Figure<T> =>
    pairs.length === 0 ? none : figure();
  const [spreadA, spreadB] = [spreadOf(as), spreadOf(bs)];
  const majorities = pairs.map(({ a, b }) => [majorityOf(a), majorityOf(b)] as const);
  const gained = majorities.filter(([a, b]) => a === false && b === true).length;
  const lost = majorities.filter(([a, b]) => a === true && b === false).length;
  return {
    difference: whenPaired(() => ok(mean(differences))),
    rates: whenPaired(() => ok({ a: mean(as), b: mean(bs) })),
    standardError: whenPaired(() => spreadOf(differences)),
    unpairedStandardError: whenPaired(() => {
      if (!spreadA.ok) return spreadA;
      return spreadB.ok ? ok(Math.hypot(spreadA.value, spreadB.value)) : spreadB;
    }),
    interval: whenPaired(() => tInterval(differences, level)),
    bootstrap: whenPaired(() => bootstrapInterval(differences, random, { level, resamples })),
    signFlip: whenPaired(() => ok(signFlipTest(differences, random, resamples))),
    wilcoxonP: whenPaired(() => ok(wilcoxonSignedRank(differences))),
    mcnemar: {
      gained,
      lost,
      tied: majorities.filter(([a, b]) => a === undefined || b === undefined).length,
      p: mcnemarExact(gained, lost),
    },
    normalizedGain: whenPaired(() => {
      const before = mean(as);
      if (before === 1) return absent("perfect_baseline", "The first side left nothing to gain.");
      return ok((mean(bs) - before) / (1 - before));
    }),
    helped: pairs.filter(({ difference }) => difference > 0).map(({ task }) => task),
    hurt: pairs.filter(({ difference }) => difference < 0).map(({ task }) => task),
    noiseFloor: whenPaired(() => floorOf(pairs, level)),
  };
}

function rates(pairs: readonly TaskPair[], side: "a" | "b"): readonly number[] {
  return pairs.map((pair) => pair[side].passes / pair[side].trials);
}

/** Whether more than half passed; undefined where it is just half. */
function majorityOf({ trials, passes }: TaskResult): boolean | undefined {
  return passes * 2 === trials ? undefined : passes * 2 > trials;
}

/** The two sides' own floors, each of two runs of it, halved and put together. */
function floorOf(pairs: readonly TaskPair[], level: number): Figure<NoiseFloor> {
  const a = noiseFloor(
    pairs.map((pair) => pair.a),
    level,
  );
  const b = noiseFloor(
    pairs.map((pair) => pair.b),
    level,
  );
  if (!a.ok) return a;
  if (!b.ok) return b;
  const half = Math.SQRT1_2;
  return ok({
    standardDeviation: half * Math.hypot(a.value.standardDeviation, b.value.standardDeviation),
    floor: half * Math.hypot(a.value.floor, b.value.floor),
    leftOut: Math.max(a.value.leftOut, b.value.leftOut),
  });
}

function onlySuite(
  trials: readonly Trial[],
  side: "first" | "second",
  options: SuiteOptions,
): SuiteResult {
  const [suite, ...others] = suiteResults(trials, options);
  if (suite !== undefined && others.length === 0) return suite;
  const names = [suite, ...others].map((one) => `"${one?.name ?? ""}"`).join(", ");
  throw new Agent33Error(
    "evaluation.several_conditions",
    suite === undefined
      ? `The ${side} side has no trials.`
      : `The ${side} side has trials of several conditions: ${names}.`,
    { hint: "Name one of them: a part of its name that the others do not have is enough." },
  );
}

function noCommonTask(a: SuiteResult, b: SuiteResult): Agent33Error {
  return new Agent33Error(
    "evaluation.no_common_task",
    `"${a.name}" and "${b.name}" have no task in common; ${a.tasks.length} and ${b.tasks.length} were tried.`,
    { hint: "Give results of the same tasks; they are paired by name." },
  );
}

function noticesOf(
  {
    sameCondition,
    pairs,
    onlyA,
    onlyB,
    withoutVerdict,
  }: Pick<Comparison, "sameCondition" | "pairs" | "onlyA" | "onlyB" | "withoutVerdict">,
  a: SuiteResult,
  b: SuiteResult,
): readonly string[] {
  const notices: string[] = [];
  if (sameCondition) notices.push("Both sides are the same condition: the difference is noise.");
  if (onlyA.length > 0)
    notices.push(`Only the first side has ${onlyA.length} tasks: ${someOf(onlyA)}.`);
  if (onlyB.length > 0)
    notices.push(`Only the second side has ${onlyB.length} tasks: ${someOf(onlyB)}.`);
  if (withoutVerdict.length > 0)
    notices.push(
      `No verdict on one of the sides of ${withoutVerdict.length} tasks: ${someOf(withoutVerdict)}.`,
    );
  const unequal = pairs.filter((pair) => pair.a.trials !== pair.b.trials).length;
  if (unequal > 0)
    notices.push(
      `${unequal} of ${pairs.length} pairs have more trials on one side than on the other.`,
    );
  const unknown = pairs.filter((pair) => pair.a.digest === null || pair.b.digest === null).length;
  if (unknown > 0)
    notices.push(
      `Whether ${unknown} of ${pairs.length} tasks are the same on both sides is not known: no digest.`,
    );
  if (canonicalJson(a.passRule) !== canonicalJson(b.passRule))
    notices.push("The two sides have different rules of what passes.");
  return notices;
}

function someOf(tasks: readonly string[]): string {
  return tasks.length > 5
    ? `${tasks.slice(0, 5).join(", ")} and ${tasks.length - 5} more`
    : tasks.join(", ");
}
