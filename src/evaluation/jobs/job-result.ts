import type { JsonObject } from "../../base/json.ts";
import { toJsonValue } from "../../base/json.ts";
import { rewardOf, type Trial } from "../trials/trial.ts";
import type { Job, JobEnd } from "./drive-job.ts";

/**
 * `result.json` of a job, in Harbor's form. What Harbor counts as 0, a trial without a reward, is
 * only counted as an error here.
 */
export function jobResult({ config }: Job, end: JobEnd, finishedAt: number): JsonObject {
  const { trials, excluded, left, state } = end;
  const evals = Map.groupBy(trials, ({ condition, task }) =>
    [condition.agent, condition.model, condition.effort, condition.skills, task.source]
      .filter((part) => part !== undefined && part !== null)
      .join("__"),
  );
  const errors = trials.filter(({ verdict }) => verdict.kind === "error").length;
  return toJsonValue({
    id: config.id,
    started_at: new Date(config.createdAt).toISOString(),
    finished_at: left === 0 ? new Date(finishedAt).toISOString() : null,
    n_total_trials: trials.length + left,
    stats: {
      n_trials: trials.length,
      n_errors: errors,
      evals: Object.fromEntries([...evals].map(([name, some]) => [name, evalOf(some)])),
    },
    agent33: { format: "agent33-job-result/1", state, left, excluded },
  }) as JsonObject;
}

function evalOf(trials: readonly Trial[]): JsonObject {
  const rewards = namesBy(trials, (trial) => {
    const reward = rewardOf(trial);
    return reward === undefined ? undefined : String(reward);
  });
  const exceptions = namesBy(trials, ({ verdict }) =>
    verdict.kind === "error" ? verdict.error.code : verdict.agentError?.code,
  );
  return {
    n_trials: trials.length,
    n_errors: trials.filter(({ verdict }) => verdict.kind === "error").length,
    metrics: [],
    reward_stats: { reward: rewards },
    exception_stats: exceptions,
  };
}

/** The names of trials by what they have in common; those that have nothing are left out. */
function namesBy(
  trials: readonly Trial[],
  of: (trial: Trial) => string | undefined,
): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const trial of trials) {
    const key = of(trial);
    if (key !== undefined) (names[key] ??= []).push(trial.name);
  }
  return names;
}
