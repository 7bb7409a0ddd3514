import { basename, dirname, resolve } from "node:path";
import { Agent33Error, type ErrorData, errorOfData } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { globMatcher } from "../../base/glob.ts";
import { isWithin } from "../paths.ts";
import { findTasks } from "../tasks/find-tasks.ts";
import { taskDigest } from "../tasks/task-digest.ts";
import type { Task } from "../tasks/task.ts";

/** A task of a job. */
export interface JobTask {
  readonly task: Task;
  /** The set that it is of; null for one that was named by itself. */
  readonly source: string | null;
  readonly digest: string;
}

/** The tasks that were asked for, and what looked like one and is none. */
export interface JobTasks {
  readonly tasks: readonly JobTask[];
  readonly refused: readonly { readonly path: string; readonly error: ErrorData }[];
}

/** Which tasks are meant. Paths are absolute. */
export interface TaskChoice {
  readonly paths: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * The tasks at several places, in the order of these and of their names.
 * @throws Agent33Error `evaluation.no_tasks`, `evaluation.duplicate_task`, `evaluation.task_*`
 */
export async function tasksOf({ paths, include, exclude }: TaskChoice): Promise<JobTasks> {
  const tasks: JobTask[] = [];
  const refused: JobTasks["refused"][number][] = [];
  for (const path of paths) {
    const dir = resolve(path);
    const filter = { ...(include.length === 0 ? {} : { include }), exclude };
    const found = await findTasks(dir, filter);
    for (const { path: place, error } of found.refused) {
      // What was named itself is no stray folder among tasks.
      if (resolve(place) === dir) throw errorOfData(error);
      refused.push({ path: place, error });
    }
    for (const task of found.tasks) {
      const source = resolve(task.dir) === dir ? null : basename(dir);
      tasks.push({ task, source, digest: await taskDigest(task) });
    }
  }
  await refuseUnmatched(include, tasks, paths);
  if (tasks.length === 0) throw await noTasks({ paths, include, exclude }, refused);
  const byName = new Map<string, JobTask>();
  for (const one of tasks) {
    const other = byName.get(one.task.name);
    if (other !== undefined) throw duplicate(other.task, one.task);
    byName.set(one.task.name, one);
  }
  return { tasks, refused };
}

/** A name that is asked for and not there is a slip, not a smaller job. */
async function refuseUnmatched(
  include: readonly string[],
  tasks: readonly JobTask[],
  paths: readonly string[],
): Promise<void> {
  for (const glob of include) {
    const matches = globMatcher([glob]);
    if (tasks.some(({ task }) => matches(task.name))) continue;
    const all = await namesAt(paths);
    throw new Agent33Error("evaluation.unknown_task", `No task is named "${glob}".`, {
      hint: suggestName(glob, all),
    });
  }
}

async function namesAt(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map((path) => findTasks(path)));
  return found.flatMap(({ tasks }) => tasks.map(({ name }) => name));
}

async function noTasks(
  { paths, include, exclude }: TaskChoice,
  refused: JobTasks["refused"],
): Promise<Agent33Error> {
  const all = include.length + exclude.length === 0 ? [] : await namesAt(paths);
  const [first] = refused;
  const places = paths.map((path) => `"${path}"`).join(", ");
  if (all.length > 0) {
    return new Agent33Error("evaluation.unknown_task", `No task of ${places} is left.`, {
      hint: `There are: ${all.slice(0, 20).join(", ")}. See --include and --exclude.`,
    });
  }
  return new Agent33Error("evaluation.no_tasks", `There is no task in ${places}.`, {
    hint:
      first === undefined
        ? "Give a task's folder, or a folder of tasks."
        : `${refused.length} folders are none; the first: ${first.error.message}`,
  });
}

function duplicate(one: Task, other: Task): Agent33Error {
  return new Agent33Error(
    "evaluation.duplicate_task",
    `Two tasks are named "${one.name}": "${one.dir}" and "${other.dir}".`,
    { hint: "Results are told apart by the task's name: leave one out, or rename its folder." },
  );
}

/**
 * Refuses to write results into a task: they would become part of it, and change its digest.
 * @throws Agent33Error `evaluation.job_in_task`
 */
export function refuseInsideTask(dir: string, tasks: readonly JobTask[]): void {
  const around = tasks.find(({ task }) => isWithin(task.dir, dir));
  if (around === undefined) return;
  throw new Agent33Error(
    "evaluation.job_in_task",
    `The job's folder "${dir}" lies in the task "${around.task.name}".`,
    { hint: `Give --jobs a folder outside, such as "${dirname(around.task.dir)}-jobs".` },
  );
}
