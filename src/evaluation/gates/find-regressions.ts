import { seededRandom } from "../../base/random.ts";
import { mean, sum } from "../statistics/moments.ts";
import { percentile } from "../statistics/quantiles.ts";
import type { Arm, TaskSample } from "./arm.ts";
import { overFixedTasks } from "./fixed-tasks.ts";
import { hasTag } from "./gates-file.ts";
import type { GateThreshold } from "./gates-form.ts";
import type { GoldenTask } from "./golden-tasks.ts";
import {
  type CountStratum,
  disagreement,
  flakierP,
  holm,
  rateDropP,
  valueRiseP,
} from "./strata-tests.ts";
import { fulfils, thresholdName } from "./threshold-check.ts";

/** In which way something got worse. */
export const regressionKinds = [
  "rate",
  "task",
  "threshold",
  "slower",
  "dearer",
  "flakier",
  "unjudged",
] as const;
export type RegressionKind = (typeof regressionKinds)[number];

/** What it is about. Each is held to the level by itself. */
export const concerns = ["success", "time", "cost", "flakiness"] as const;
export type Concern = (typeof concerns)[number];

/** Something that got worse, beyond what chance gives. */
export interface RegressionFinding {
  readonly kind: RegressionKind;
  readonly concern: Concern;
  readonly condition: string;
  readonly conditionKey: string;
  /** A task, a threshold, or `all tasks`. */
  readonly subject: string;
  /** One-sided; null where it is no question of chance. */
  readonly p: number | null;
  readonly before: number | null;
  readonly after: number | null;
  readonly message: string;
}

export interface RegressionOptions {
  /** How often each kind may alarm where nothing changed; 0.05 if nothing is said. */
  readonly level?: number;
  readonly seed?: number;
  readonly thresholds?: readonly GateThreshold[];
  /** Whose tags thresholds are about. */
  readonly golden?: readonly GoldenTask[];
}

interface Pair {
  readonly before: TaskSample;
  readonly after: TaskSample;
}

/** What got worse, and what could not be compared. */
export interface RegressionReport {
  readonly findings: readonly RegressionFinding[];
  /** Tasks that were compared. */
  readonly compared: number;
  readonly notices: readonly string[];
}

/** By which factor a middle time or price must have risen to be told: less hurts nobody. */
export const leastRise = 1.1;
const usualAlarm = 0.05;

/**
 * What got worse from one time to another, of one condition, over the tasks that both have in the same
 * version. Each kind is held to the level by itself; tasks share one (Holm).
 */
export function findRegressions(
  before: Arm,
  after: Arm,
  options: RegressionOptions = {},
): RegressionReport {
  const { level = usualAlarm, seed = 33 } = options;
  const { pairs, notices } = pairsOf(before, after);
  const judged = pairs.filter((pair) => pair.before.trials > 0 && pair.after.trials > 0);
  const found: Omit<RegressionFinding, "condition" | "conditionKey">[] = pairs
    .filter((pair) => mostPassed(pair.before) && pair.after.trials === 0 && pair.after.errors > 0)
    .map(({ before: was, after: is }) => ({
      kind: "unjudged",
      concern: "success",
      subject: was.task,
      p: null,
      before: was.passes / was.trials,
      after: null,
      message: `It passed, and none of its ${is.errors} trials has a verdict now.`,
    }));
  if (judged.length > 0) {
    const rateP = rateDropP(judged, "mid");
    const rates = { before: meanRate(judged, "before"), after: meanRate(judged, "after") };
    if (rateP < level) {
      const message = `The success rate fell from ${shown(rates.before)} to ${shown(rates.after)}.`;
      found.push({
        kind: "rate",
        concern: "success",
        subject: allTasks,
        p: rateP,
        ...rates,
        message,
      });
    }
    found.push(...taskFindings(judged, level));
    const flakyP = flakierP(judged, seededRandom(seed));
    if (flakyP < level) {
      const was = mean(judged.map((pair) => disagreement(pair.before)));
      const is = mean(judged.map((pair) => disagreement(pair.after)));
      const message = `Two trials of a task disagree in ${shown(is)} of cases, before in ${shown(was)}.`;
      found.push({
        kind: "flakier",
        concern: "flakiness",
        subject: allTasks,
        p: flakyP,
        before: was,
        after: is,
        message,
      });
    }
    found.push(...riseFindings(judged, level), ...crossings(judged, level, options));
  }
  return {
    findings: found.map((one) => ({ ...one, condition: after.name, conditionKey: after.key })),
    compared: judged.length,
    notices,
  };
}

const allTasks = "all tasks";

function pairsOf(
  before: Arm,
  after: Arm,
): { readonly pairs: readonly Pair[]; readonly notices: readonly string[] } {
  const notices: string[] = [];
  const pairs = before.tasks.flatMap((was): readonly Pair[] => {
    const is = after.tasks.find(({ task }) => task === was.task);
    if (is !== undefined && is.digest === was.digest) return [{ before: was, after: is }];
    const why = is === undefined ? "was not tried now" : "is another version now";
    notices.push(`${was.task} ${why}, and is not compared.`);
    return [];
  });
  const known = new Set(before.tasks.map(({ task }) => task));
  const added = after.tasks.filter(({ task }) => !known.has(task));
  notices.push(...added.map(({ task }) => `${task} is not in the baseline.`));
  return { pairs, notices };
}

/** From pass to fail: most trials passed, most do not, and that is no chance. */
function taskFindings(pairs: readonly Pair[], level: number) {
  const adjusted = holm(pairs.map((pair) => rateDropP([pair], "exact")));
  return pairs.flatMap(({ before, after }, index) => {
    const p = adjusted[index] ?? 1;
    if (p >= level || !mostPassed(before) || mostPassed(after)) return [];
    return [
      {
        kind: "task" as const,
        concern: "success" as const,
        subject: before.task,
        p,
        before: before.passes / before.trials,
        after: after.passes / after.trials,
        message: `It passed ${before.passes} of ${before.trials}, and now ${after.passes} of ${after.trials}.`,
      },
    ];
  });
}

const sides = {
  slower: { field: "durationsMs", words: "takes", metric: "duration_ms", concern: "time" },
  dearer: { field: "costsMicroUsd", words: "costs", metric: "cost_micro_usd", concern: "cost" },
} as const;

function riseFindings(pairs: readonly Pair[], level: number) {
  return (["slower", "dearer"] as const).flatMap((kind) => {
    const { field, words, concern } = sides[kind];
    const strata = valuesOf(pairs, field);
    if (strata === undefined) return [];
    const p = valueRiseP(strata);
    const before = mean(strata.map((one) => percentile(one.before, 0.5)));
    const after = mean(strata.map((one) => percentile(one.after, 0.5)));
    if (p >= level || after < before * leastRise) return [];
    const message = `A task ${words} ${shown(after)} in the middle, before ${shown(before)}.`;
    return [{ kind, concern, subject: allTasks, p, before, after, message }];
  });
}

/** Nothing where it is not known of each trial of each task. */
function valuesOf(pairs: readonly Pair[], field: "durationsMs" | "costsMicroUsd") {
  const strata = pairs.flatMap(({ before, after }) => {
    const [was, is] = [before[field], after[field]];
    return was === null || is === null ? [] : [{ before: was, after: is }];
  });
  return strata.length === pairs.length ? strata : undefined;
}

/** Thresholds that held and do not any more, where what they are about got worse beyond chance. */
function crossings(
  judged: readonly Pair[],
  level: number,
  { thresholds = [], golden = [] }: RegressionOptions,
) {
  return thresholds.flatMap((threshold) => {
    const { metric, tags } = threshold;
    const meant = judged.filter(
      ({ before }) =>
        tags === undefined ||
        golden.some((task) => task.name === before.task && hasTag({ tags: [...task.tags] }, tags)),
    );
    const seen = meant.length === 0 ? undefined : seenOf(meant, metric);
    if (seen === undefined || seen.p >= level) return [];
    if (!fulfils(threshold, seen.before) || fulfils(threshold, seen.after)) return [];
    return [
      {
        kind: "threshold" as const,
        subject: thresholdName(threshold),
        ...seen,
        message: `It held with ${shown(seen.before)}, and is missed with ${shown(seen.after)}.`,
      },
    ];
  });
}

/** Both means and how likely it is chance; nothing for what a baseline does not keep. */
function seenOf(pairs: readonly Pair[], metric: GateThreshold["metric"]) {
  if (metric === "success_rate") {
    const before = meanRate(pairs, "before");
    const concern = "success" as const;
    return { concern, p: rateDropP(pairs, "mid"), before, after: meanRate(pairs, "after") };
  }
  const side = Object.values(sides).find((one) => one.metric === metric);
  if (side === undefined) return undefined;
  const strata = valuesOf(pairs, side.field);
  if (strata === undefined) return undefined;
  const means = (["before", "after"] as const).map((time) =>
    overFixedTasks(
      strata.map((one) => one[time]),
      usualAlarm,
      "mean",
    ),
  );
  const [before, after] = means.map(({ estimate }) => (estimate.ok ? estimate.value : undefined));
  if (before === undefined || after === undefined) return undefined;
  return { concern: side.concern, p: valueRiseP(strata), before, after };
}

function mostPassed({ trials, passes }: TaskSample): boolean {
  return trials > 0 && passes * 2 > trials;
}

function meanRate(pairs: readonly CountStratum[], side: keyof CountStratum): number {
  return sum(pairs.map((pair) => pair[side].passes / pair[side].trials)) / pairs.length;
}

const shown = (value: number): string => String(Number(value.toPrecision(4)));
