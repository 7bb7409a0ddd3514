import { Agent33Error } from "../../base/errors.ts";
import type { Trial } from "./trial.ts";

/**
 * Refuses trials from which no figure can be made.
 * @throws Agent33Error `evaluation.duplicate_trial` where two have one id,
 * `evaluation.task_digests_differ` where a task is not one and the same in all of them
 */
export function checkTrials(trials: readonly Trial[]): void {
  const ids = new Map<string, Trial>();
  const digests = new Map<string, Trial>();
  for (const trial of trials) {
    const same = ids.get(trial.id);
    if (same !== undefined) throw duplicate(same, trial);
    ids.set(trial.id, trial);
    if (trial.task.digest === null) continue;
    const other = digests.get(trial.task.name) ?? trial;
    if (other.task.digest !== trial.task.digest) throw digestsDiffer(other, trial);
    digests.set(trial.task.name, other);
  }
}

function duplicate(first: Trial, second: Trial): Agent33Error {
  return new Agent33Error(
    "evaluation.duplicate_trial",
    `The trials "${first.name}" and "${second.name}" of task "${second.task.name}" have one id: ${second.id}.`,
    {
      hint: "Take one of the two folders away: a trial that counts twice makes figures look surer.",
    },
  );
}

function digestsDiffer(first: Trial, second: Trial): Agent33Error {
  return new Agent33Error(
    "evaluation.task_digests_differ",
    `The task "${second.task.name}" is not the same in "${first.name}" (${shown(first)}) and "${second.name}" (${shown(second)}).`,
    { hint: "Results of two versions of a task do not compare; run the older ones again." },
  );
}

const shown = ({ task }: Trial): string => task.digest?.slice(0, 16) ?? "";
