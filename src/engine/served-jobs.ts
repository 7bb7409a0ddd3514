import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Agent33Error, type ErrorData, toAgent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import type { Config } from "../config/config.ts";
import { isJob, readJob } from "../evaluation/jobs/job-folder.ts";
import { jobFolders, type JobState, stateOf } from "../evaluation/jobs/job-state.ts";
import {
  endOfJob,
  resultOfTrial,
  trajectoryFile,
  type TrialStanding,
  trialsOfJob,
} from "../evaluation/jobs/job-trials.ts";
import type { Trial } from "../evaluation/trials/trial.ts";
import { trajectoryOf } from "./trajectory.ts";
import type { Engine } from "./engine.ts";
import type { Host } from "./host.ts";
import { listTasks, type TaskListing } from "./job-lists.ts";
import type { BegunJob, JobRunRequest, JobWatch } from "./jobs.ts";
import { closingError } from "./operations.ts";

/** A job as it stands, and who works on it. */
export interface ServedJob extends JobState {
  /** Whether this server works on it now. */
  readonly running: boolean;
  readonly end: ReturnType<typeof endOfJob>;
  /** Why this server could not work on it to its end. */
  readonly error: ErrorData | null;
}

/** What a job of the API is made of: no folders, no commands. */
export type ServedJobRequest = Omit<JobRunRequest, "tasks" | "jobs" | "environment"> & {
  /** Names of the settings' folders of tasks; all of them by default. */
  readonly sets?: readonly string[] | undefined;
};

/** The jobs of the settings' folder, and the work on some of them. */
export interface ServedJobs {
  /** What {@link ServedJobs.folder} and reports name jobs from. */
  readonly folder: string;
  /** The tasks that may be tried. @throws Agent33Error `evaluation.*` */
  tasks(): Promise<{
    readonly tasks: readonly (TaskListing & { readonly set: string })[];
    readonly refused: readonly {
      readonly set: string;
      readonly path: string;
      readonly error: ErrorData;
    }[];
  }>;
  /** Newest first; what is there and cannot be read is told. */
  list(): {
    readonly jobs: readonly { readonly name: string; readonly createdAt: number }[];
    readonly damaged: readonly string[];
  };
  /** @throws Agent33Error `evaluation.job_not_found`, `evaluation.job_malformed` */
  show(name: string): Promise<ServedJob>;
  /** In the order in which they begin. @throws Agent33Error `evaluation.job_*` */
  trials(name: string): readonly TrialStanding[];
  /** What came of one; undefined until it is done. @throws Agent33Error `evaluation.*` */
  result(job: string, trial: string): Trial | undefined;
  /** @throws Agent33Error `evaluation.no_trajectory` */
  trajectory(job: string, trial: string): object;
  /** Begins a job and works on it. @throws Agent33Error `engine.jobs_full`, `engine.closing`, `evaluation.*` */
  start(request: ServedJobRequest): Promise<ServedJob>;
  /** @throws Agent33Error `engine.jobs_full`, `evaluation.job_*` */
  resume(
    name: string,
    options: { readonly retryErrors: boolean; readonly parallel?: number },
  ): Promise<ServedJob>;
  /** Trials at work are left undone. @throws Agent33Error `engine.job_not_running` */
  cancel(name: string): Promise<ServedJob>;
  /** Ends what is worked on, so that it can be gone on with later. */
  close(): Promise<void>;
}

/** @param engine that of the settings' tenant, which works on jobs */
export function createServedJobs(
  { settings }: Pick<Config, "settings">,
  host: Host,
  { jobs, store }: Pick<Engine, "jobs" | "store">,
): ServedJobs {
  const { tasks: sets, jobs: jobsFolder, environment, atOnce } = settings.serve.evaluations;
  const folder = resolve(host.cwd, jobsFolder);
  const running = new Map<
    string,
    { readonly stop: AbortController; readonly over: Promise<void> }
  >();
  const errors = new Map<string, ErrorData>();
  const beginning = new Set<Promise<BegunJob>>();
  const closing = new AbortController();

  const placeOf = (name: string): string => {
    const dir = join(folder, name);
    if (isJob(dir)) return dir;
    throw new Agent33Error("evaluation.job_not_found", `There is no job "${name}".`, {
      hint: "List the jobs that there are.",
    });
  };
  const show = async (name: string): Promise<ServedJob> => {
    const dir = placeOf(name);
    const state = await stateOf(dir);
    return {
      ...state,
      running: running.has(name),
      end: endOfJob(dir),
      error: errors.get(name) ?? null,
    };
  };
  const work = async (
    begin: (watch: JobWatch) => BegunJob | Promise<BegunJob>,
  ): Promise<ServedJob> => {
    if (closing.signal.aborted) throw closingError();
    if (running.size + beginning.size >= atOnce) throw full(atOnce);
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, closing.signal]);
    const begun = Promise.resolve().then(() => begin({ signal }));
    beginning.add(begun);
    try {
      const { dir, ended } = await begun;
      const name = basename(dir);
      errors.delete(name);
      running.set(name, { stop, over: watched(name, ended) });
      return await show(name);
    } finally {
      beginning.delete(begun);
    }
  };
  /** Never fails: what a job fails with is kept, and told to whoever looks at it. */
  const watched = async (name: string, ended: BegunJob["ended"]): Promise<void> => {
    try {
      await ended;
    } catch (thrown) {
      const error = toAgent33Error(thrown);
      host.warn(`serve: job ${name}: ${error.code}: ${error.message}`);
      errors.set(name, error.toJSON());
    } finally {
      running.delete(name);
    }
  };

  return {
    folder,
    show,
    tasks: async () => {
      const found = await Promise.all(
        Object.entries(sets).map(async ([set, place]) => {
          const { tasks, refused } = await listTasks(host, place);
          return {
            tasks: tasks.map((task) => ({ ...task, set })),
            refused: refused.map((one) => ({ ...one, set })),
          };
        }),
      );
      return {
        tasks: found.flatMap(({ tasks }) => tasks),
        refused: found.flatMap(({ refused }) => refused),
      };
    },
    list: () => {
      // The folder is made with the first job.
      const dirs = existsSync(folder) ? jobFolders(folder) : [];
      const damaged: string[] = [];
      const found = dirs.flatMap((dir) => {
        try {
          return [{ name: basename(dir), createdAt: readJob(dir).config.createdAt }];
        } catch (thrown) {
          damaged.push(toAgent33Error(thrown).message);
          return [];
        }
      });
      return { jobs: found.toSorted((a, b) => b.createdAt - a.createdAt), damaged };
    },
    trials: (name) => trialsOfJob(placeOf(name)),
    result: (job, trial) => resultOfTrial(join(placeOf(job), trialNamed(job, trial))),
    trajectory: (job, trial) => {
      const dir = join(placeOf(job), trialNamed(job, trial));
      const result = resultOfTrial(dir);
      const left = result === undefined ? undefined : trajectoryFile(dir, result);
      if (left !== undefined) return left;
      const run = result?.runId === undefined ? undefined : store.runs.get(result.runId);
      if (run !== undefined) return trajectoryOf(store.runLog.read(run.id));
      throw new Agent33Error("evaluation.no_trajectory", `${trial} left no trajectory.`, {
        hint: "Agents of AGENT-33 leave one when their trial is done; others where they write one.",
      });
    },
    start: ({ sets: names = Object.keys(sets), ...request }) =>
      work((watch) => {
        const known = new Map(Object.entries(sets));
        const places = names.map((name) => known.get(name) ?? unknownSet(name, [...known.keys()]));
        if (places.length === 0) return unknownSet("", []);
        return jobs.begin({ ...request, tasks: places, jobs: jobsFolder, environment }, watch);
      }),
    resume: (name, options) =>
      work((watch) => jobs.goOn({ ...options, job: placeOf(name) }, watch)),
    cancel: async (name) => {
      placeOf(name);
      const found = running.get(name);
      if (found === undefined) {
        throw new Agent33Error("engine.job_not_running", "This server does not work on that job.", {
          hint: "It is over, or another process works on it: end that.",
        });
      }
      found.stop.abort();
      return show(name);
    },
    close: async () => {
      closing.abort();
      // Those that are being written down become running ones, or are refused to whoever asked.
      await Promise.allSettled(beginning);
      await Promise.all([...running.values()].map(({ over }) => over));
    },
  };

  /** A name that the job has given, and nothing else, is a folder. */
  function trialNamed(job: string, trial: string): string {
    if (trialsOfJob(placeOf(job)).some(({ name }) => name === trial)) return trial;
    throw new Agent33Error("engine.unknown_trial", `The job has no trial "${trial}".`, {
      hint: "List the job's trials.",
    });
  }
}

function full(atOnce: number): Agent33Error {
  return new Agent33Error(
    "engine.jobs_full",
    atOnce === 0 ? "This server works on no jobs." : `${atOnce} jobs are worked on already.`,
    {
      hint: "Wait for one to end, cancel one, or raise serve.evaluations.atOnce.",
      retryable: atOnce > 0,
    },
  );
}

function unknownSet(name: string, known: readonly string[]): never {
  throw new Agent33Error(
    "engine.unknown_task_set",
    name === "" ? "No folders of tasks may be tried." : `There are no tasks under "${name}".`,
    {
      hint:
        known.length === 0
          ? "Whoever runs the installation names folders under serve.evaluations.tasks."
          : suggestName(name, known),
    },
  );
}
