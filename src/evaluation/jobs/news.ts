import { durationOf } from "../statistics/task-result.ts";
import { passedOf, rewardOf, type Trial } from "../trials/trial.ts";
import type { TrialNews } from "./job-events.ts";

/** What is told of a trial that has ended. */
export function newsOf(trial: Trial, repetition: number): TrialNews {
  const { verdict } = trial;
  return {
    trial: trial.name,
    task: trial.task.name,
    condition: trial.condition,
    repetition,
    reward: rewardOf(trial) ?? null,
    passed: passedOf(trial) ?? null,
    agentError: verdict.kind === "scored" ? (verdict.agentError ?? null) : null,
    error: verdict.kind === "error" ? verdict.error : null,
    durationMs: durationOf(trial),
    costMicroUsd: trial.costMicroUsd,
    retries: trial.retries.length,
    digest: trial.task.digest,
  };
}
