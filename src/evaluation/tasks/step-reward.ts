import type { Task, TaskStep } from "./task.ts";

/** What the verifier of a step gave, by name; the verdict is the one named `reward`. */
export type StepRewards = Readonly<Record<string, number>>;

/** Whether what a step was worth allows the steps after it to begin. */
export function allowsNextStep({ minReward }: TaskStep, rewards: StepRewards): boolean {
  return Object.entries(minReward ?? {}).every(
    ([name, least]) => (rewards[name] ?? Number.NEGATIVE_INFINITY) >= least,
  );
}

/**
 * What a task is worth by the rewards of the steps that were judged: of the last one, or the mean for
 * each name, where a name that a step does not have counts as 0. A step that was never begun, because
 * one before it was worth too little, counts as 0 too. Harbor leaves it out, and so a task can be
 * worth 1 there that was left half-way.
 * @returns nothing where no step was judged
 */
export function taskRewards(
  { steps, stepReward }: Pick<Task, "steps" | "stepReward">,
  judged: readonly StepRewards[],
): StepRewards {
  const isWhole = judged.length >= steps.length;
  if (stepReward === "final" && isWhole) return judged.at(-1) ?? {};
  const names = new Set(judged.flatMap((rewards) => Object.keys(rewards)));
  // Where the last step counts and was never begun, nothing of the others does.
  const counted = stepReward === "final" ? [] : judged;
  const mean = (name: string) =>
    counted.reduce((sum, rewards) => sum + (rewards[name] ?? 0), 0) / steps.length;
  return Object.fromEntries([...names].map((name) => [name, mean(name)]));
}
