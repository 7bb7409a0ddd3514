import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { readTrials } from "../trials/read-trials.ts";
import { isFinished } from "../trials/trial-folder.ts";
import { passedOf } from "../trials/trial.ts";
import type { JobConfig } from "./job-config.ts";
import { isJob, readJob } from "./job-folder.ts";
import { planTrials } from "./matrix.ts";

/** How a job stands, as its folder says. */
export interface JobState {
  readonly dir: string;
  readonly config: JobConfig;
  readonly tasks: number;
  readonly trials: number;
  /** With their result. */
  readonly done: number;
  readonly passed: number;
  /** Without a verdict. */
  readonly errors: number;
  /** Begun, and cut short or still at work. */
  readonly begun: number;
}

/**
 * The jobs of a folder, by name; or the one that it is.
 * @throws Agent33Error `evaluation.job_not_found`, `evaluation.job_malformed`, and what reading
 * trials throws
 */
export async function jobsIn(folder: string): Promise<readonly JobState[]> {
  const dirs = isJob(folder) ? [folder] : jobFolders(folder);
  const states: JobState[] = [];
  for (const dir of dirs) states.push(await stateOf(dir));
  return states;
}

/**
 * The folders of jobs in a folder, by name.
 * @throws Agent33Error `evaluation.job_not_found` where there is no such folder
 */
export function jobFolders(folder: string): readonly string[] {
  return foldersIn(folder).filter(isJob);
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name))
      .toSorted();
  } catch (cause) {
    const missing = ["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause) ?? "");
    throw new Agent33Error(
      "evaluation.job_not_found",
      missing ? `There is no folder "${folder}".` : `"${folder}": ${messageOf(cause)}`,
      { hint: "Give the folder of jobs, or of one; `agent33 eval run` makes jobs/.", cause },
    );
  }
}

/** How a job stands. @throws Agent33Error as {@link jobsIn} */
export async function stateOf(dir: string): Promise<JobState> {
  const { config, pins } = readJob(dir);
  const planned = planTrials(config, Object.keys(pins.tasks));
  const places = planned.map(({ name }) => join(dir, name)).filter((place) => existsSync(place));
  const finished = places.filter(isFinished).length;
  const { trials } = finished === 0 ? { trials: [] } : await readTrials(dir);
  return {
    dir,
    config,
    tasks: Object.keys(pins.tasks).length,
    trials: planned.length,
    done: trials.length,
    passed: trials.filter(passedOf).length,
    errors: trials.filter(({ verdict }) => verdict.kind === "error").length,
    begun: places.length - finished,
  };
}
