import { unreachable } from "../../base/errors.ts";
import type { Result } from "../../base/result.ts";
import { conditionName, passedOf, type Trial } from "../trials/trial.ts";
import { type FixedFigure, overFixedTasks } from "./fixed-tasks.ts";
import { hasTag } from "./gates-file.ts";
import type { GateThreshold } from "./gates-form.ts";
import type { GoldenTask } from "./golden-tasks.ts";
import type { TrialFigures } from "./trial-figures.ts";
import type { GateCheck } from "./verdict.ts";

/** One threshold under one condition. */
export interface ThresholdCase {
  readonly threshold: GateThreshold;
  readonly golden: readonly GoldenTask[];
  /** Of one condition. */
  readonly trials: readonly Trial[];
  readonly figures: ReadonlyMap<string, TrialFigures>;
  readonly level: number;
}

/** Whether a threshold holds. A figure that is not known is never taken for 0 or 1. */
export function thresholdCheck(given: ThresholdCase): GateCheck {
  const { threshold, trials } = given;
  const { metric, action } = threshold;
  const figure = figureOf(given);
  const decisive = decisiveOf(threshold, figure);
  const limit = limitOf(threshold);
  const [first] = trials;
  return {
    kind: "threshold",
    name: thresholdName(threshold),
    condition: first === undefined ? null : conditionName(first.condition),
    outcome: decisive.ok ? (fulfils(threshold, decisive.value) ? "met" : "missed") : "unknown",
    action,
    message: decisive.ok
      ? `${metric} is ${shown(decisive.value)} (${threshold.holds}); ${limit} is asked for.`
      : `${metric} (${threshold.holds}) is not known: ${decisive.error.message}`,
    metric,
    observed: {
      estimate: figure.estimate.ok ? figure.estimate.value : null,
      low: figure.interval.ok ? figure.interval.value.low : null,
      high: figure.interval.ok ? figure.interval.value.high : null,
    },
  };
}

/** How a threshold is called, the same for every job. */
export function thresholdName(threshold: GateThreshold): string {
  const { metric, holds, tags } = threshold;
  const words = [metric, limitOf(threshold)];
  if (holds !== "estimate") words.push(holds);
  if (tags !== undefined) words.push(`of ${tags.join(", ")}`);
  return words.join(" ");
}

/** The figure that a threshold is about, over the tasks that it is about. */
export function figureOf({
  threshold,
  golden,
  trials,
  figures,
  level,
}: ThresholdCase): FixedFigure {
  const { metric, tags } = threshold;
  const meant = golden.filter(
    (task) => tags === undefined || hasTag({ tags: [...task.tags] }, tags),
  );
  const perTask = meant.map(({ name }) => {
    const own = trials.filter(({ task }) => task.name === name);
    const judged = own.filter((trial) => passedOf(trial) !== undefined);
    const values = judged.map(({ id }) => figures.get(id)?.[metric] ?? null);
    // One trial of which it is not known leaves the task without a figure.
    return values.includes(null) ? [] : values.filter((value) => value !== null);
  });
  return overFixedTasks(perTask, level, metric === "success_rate" ? "rate" : "mean");
}

function decisiveOf(
  threshold: GateThreshold,
  { estimate, interval }: FixedFigure,
): Result<number, { readonly message: string }> {
  const { holds, at_least } = threshold;
  const isFloor = at_least !== undefined;
  const end = (which: "low" | "high") =>
    interval.ok ? { ok: true as const, value: interval.value[which] } : interval;
  switch (holds) {
    case "estimate":
      return estimate;
    case "surely":
      return end(isFloor ? "low" : "high");
    case "plausibly":
      return end(isFloor ? "high" : "low");
    default:
      return unreachable(holds);
  }
}

/** Whether a figure is on the right side; sums may be off in their last bits. */
export function fulfils({ at_least, at_most }: GateThreshold, value: number): boolean {
  const slack = 1e-12 * Math.max(1, Math.abs(value));
  if (at_least !== undefined) return value >= at_least - slack;
  return value <= (at_most ?? 0) + slack;
}

function limitOf({ at_least, at_most }: GateThreshold): string {
  return at_least === undefined ? `at most ${at_most ?? 0}` : `at least ${at_least}`;
}

const shown = (value: number): string => String(Number(value.toPrecision(4)));
