import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAgent33Error } from "../../base/errors.ts";
import type { JobFiles } from "../jobs/job-folder.ts";
import { readJob } from "../jobs/job-folder.ts";
import { planTrials } from "../jobs/matrix.ts";
import { type ExcludedTask, readResult } from "../trials/result-file.ts";
import { readTrials, type TrialFolder } from "../trials/read-trials.ts";
import type { Trial } from "../trials/trial.ts";
import type { GoldenTask } from "./golden-tasks.ts";
import { figuresOfTrial, type TrialFigures } from "./trial-figures.ts";

/** A job as a gate looks at it. */
export interface JudgedJob extends JobFiles {
  readonly dir: string;
  readonly trials: readonly Trial[];
  /** By the trial's id. */
  readonly figures: ReadonlyMap<string, TrialFigures>;
  readonly excluded: readonly ExcludedTask[];
  /** Trials without a result, of tasks that were not left out. */
  readonly left: number;
}

/**
 * Reads a job for a gate.
 * @param golden whose scope its trials are held to
 * @throws Agent33Error `evaluation.job_*`, `evaluation.result*`, `evaluation.trajectory_malformed`
 */
export async function readJudgedJob(
  dir: string,
  golden: readonly GoldenTask[],
): Promise<JudgedJob> {
  const files = readJob(dir);
  const { trials, places } = await trialsOf(dir);
  const excluded = excludedIn(dir);
  const out = new Set(excluded.map(({ task }) => task));
  const planned = planTrials(files.config, Object.keys(files.pins.tasks));
  const done = new Set(trials.map(({ name }) => name));
  // In Docker nobody looks what was written: no list of it does not say that nothing was.
  const seen = files.config.environment !== "docker";
  const figures = new Map<string, TrialFigures>();
  for (const trial of trials) {
    const scope = golden.find(({ name }) => name === trial.task.name)?.scope ?? null;
    const place = join(dir, places.get(trial.id) ?? "");
    figures.set(trial.id, await figuresOfTrial(trial, place, seen ? scope : null));
  }
  const left = planned.filter(({ name, task }) => !done.has(name) && !out.has(task)).length;
  return { ...files, dir, trials, figures, excluded, left };
}

/** No trials where none has ended: a job all of whose tasks were left out is a job all the same. */
async function trialsOf(dir: string): Promise<Pick<TrialFolder, "trials" | "places">> {
  try {
    return await readTrials(dir);
  } catch (error) {
    if (!isAgent33Error(error) || error.code !== "evaluation.results_not_found") throw error;
    return { trials: [], places: new Map() };
  }
}

function excludedIn(dir: string): readonly ExcludedTask[] {
  const path = join(dir, "result.json");
  if (!existsSync(path)) return [];
  const content = readResult(readFileSync(path, "utf8"), path);
  return content.kind === "job" ? content.excluded : [];
}
