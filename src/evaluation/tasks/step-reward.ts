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
 * What a task is worth by the rewards of the steps that were judged, as Harbor has it: of the last
 * one, or the mean for each name, where a name that a step does not have counts as 0. A step that
 * was never begun, because one before it was worth too little, is not among them; so whoever says
 * that a task passed must also have seen all of its steps judged.
 * @returns nothing where no step was judged
 */
export function taskRewards({ stepReward }: Task, judged: readonly StepRewards[]): StepRewards {
  const last = judged.at(-1);
  if (last === undefined || stepReward === "final") return last ?? {};
  const names = new Set(judged.flatMap((rewards) => Object.keys(rewards)));
  const mean = (name: string) =>
    judged.reduce((sum, rewards) => sum + (rewards[name] ?? 0), 0) / judged.length;
  return Object.fromEntries([...names].map((name) => [name, mean(name)]));
}
