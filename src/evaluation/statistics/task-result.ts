import { sum } from "./moments.ts";
import { ok } from "../../base/result.ts";
import { passedOf, rewardOf, type Trial } from "../trials/trial.ts";
import { absent, type Figure } from "./absence.ts";
import { clopperPearson, type Interval, wilson } from "./intervals.ts";
import type { PassCount } from "./pass-at.ts";

/** How one task went under one condition. */
export interface TaskResult extends PassCount {
  readonly task: string;
  readonly source: string | null;
  readonly digest: string | null;
  /** Trials that have no verdict; they are in no rate. */
  readonly errors: number;
  readonly rate: Figure;
  readonly wilson: Figure<Interval>;
  readonly clopperPearson: Figure<Interval>;
  /** Passes and fails among its trials. */
  readonly flaky: boolean;
  /** Of the trials with a verdict, in their order. */
  readonly rewards: readonly number[];
  /** Null where it is not known of each trial. */
  readonly costMicroUsd: number | null;
  readonly durationMs: number | null;
}

/** @param trials of one task under one condition, at least one */
export function taskResult(trials: readonly Trial[], level: number): TaskResult {
  const judged = trials.filter((trial) => passedOf(trial) !== undefined);
  const count = { trials: judged.length, passes: judged.filter(passedOf).length };
  const [first] = trials;
  return {
    task: first?.task.name ?? "",
    source: first?.task.source ?? null,
    digest: trials.find(({ task }) => task.digest !== null)?.task.digest ?? null,
    ...count,
    errors: trials.length - judged.length,
    rate: rateOf(count),
    wilson: wilson(count, level),
    clopperPearson: clopperPearson(count, level),
    flaky: count.passes > 0 && count.passes < count.trials,
    rewards: judged.flatMap((trial) => rewardOf(trial) ?? []),
    costMicroUsd: total(trials.map(({ costMicroUsd }) => costMicroUsd)),
    durationMs: total(trials.map(durationOf)),
  };
}

function rateOf({ trials, passes }: PassCount): Figure {
  if (trials === 0) return absent("no_trials", "No trial has a verdict.");
  return ok(passes / trials);
}

/** From its start to its end, or of its phases together; null where neither is known. */
export function durationOf({ startedAt, finishedAt, phaseMs }: Trial): number | null {
  if (startedAt !== null && finishedAt !== null && finishedAt >= startedAt) {
    return finishedAt - startedAt;
  }
  const known = Object.values(phaseMs);
  return known.length === 0 ? null : sum(known);
}

/** Null as soon as one is not known: a sum of the others would look like all. */
export function total(values: readonly (number | null)[]): number | null {
  return values.some((value) => value === null) ? null : sum(values.map((value) => value ?? 0));
}
