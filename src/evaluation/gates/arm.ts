import { z } from "zod";
import { canonicalJson } from "../../base/json.ts";
import { byCondition } from "../statistics/suite.ts";
import { durationOf } from "../statistics/task-result.ts";
import { conditionName, passedOf, type Trial } from "../trials/trial.ts";

const values = z.array(z.number().nonnegative()).nullable();

const taskSample = z.strictObject({
  task: z.string().min(1),
  digest: z.string().nullable(),
  /** With a verdict. */
  trials: z.int().nonnegative(),
  passes: z.int().nonnegative(),
  /** Without one. */
  errors: z.int().nonnegative(),
  /** Of the trials with a verdict; null where it is not known of each. Milliseconds. */
  durationsMs: values,
  costsMicroUsd: values,
});
export type TaskSample = z.infer<typeof taskSample>;

/** What there is of one condition to compare with another time. */
export const armSchema = z.strictObject({
  /** How people call the condition. */
  name: z.string(),
  /** What makes it the same condition another time: without the agent's version, which changes. */
  key: z.string(),
  tasks: z.array(taskSample),
});
export type Arm = z.infer<typeof armSchema>;

/** Trials by condition, as far as they are compared. Those in which nobody works are left out. */
export function armsOf(trials: readonly Trial[]): readonly Arm[] {
  return byCondition(trials.filter(({ attempt }) => attempt !== "nop")).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { agentVersion: _changes, ...same } = first.condition;
    return [
      {
        name: conditionName(first.condition),
        key: canonicalJson({ ...same, attempt: first.attempt }),
        tasks: [...Map.groupBy(group, ({ task }) => task.name).values()]
          .map(sampleOf)
          .toSorted((a, b) => (a.task < b.task ? -1 : 1)),
      },
    ];
  });
}

function sampleOf(trials: readonly Trial[]): TaskSample {
  const judged = trials.filter((trial) => passedOf(trial) !== undefined);
  return {
    task: trials[0]?.task.name ?? "",
    digest: trials.find(({ task }) => task.digest !== null)?.task.digest ?? null,
    trials: judged.length,
    passes: judged.filter(passedOf).length,
    errors: trials.length - judged.length,
    durationsMs: allKnown(judged.map(durationOf)),
    costsMicroUsd: allKnown(judged.map(({ costMicroUsd }) => costMicroUsd)),
  };
}

function allKnown(given: readonly (number | null)[]): number[] | null {
  const known = given.filter((value) => value !== null);
  return known.length === given.length ? known : null;
}
