import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { ErrorData } from "../../base/errors.ts";
import { globMatcher } from "../../base/glob.ts";
import { kindOf } from "./file-kinds.ts";
import { tryLoadTask } from "./load-task.ts";
import { unreadable } from "./task-errors.ts";
import type { Task } from "./task.ts";

export interface TaskFilter {
  /** Names of tasks, `*` for any characters; without any, all. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** The tasks at a place, by name, and what looked like one and is none. */
export interface FoundTasks {
  readonly tasks: readonly Task[];
  readonly refused: readonly { readonly path: string; readonly error: ErrorData }[];
}

/**
 * The tasks at a path: that folder, where it is a task, or else its subfolders, in the order of
 * their names. Filters look at the names only, so that what they leave out is not even read. Hidden
 * entries and plain files are not taken for tasks. A path that is not there is refused like a task.
 * @throws Agent33Error `evaluation.task_unreadable` where a folder of tasks cannot be listed
 */
export async function findTasks(path: string, filter: TaskFilter = {}): Promise<FoundTasks> {
  const dir = resolve(path);
  const folders = (await isTask(dir)) ? [dir] : await subfolders(dir);
  const included = globMatcher(filter.include ?? ["*"]);
  const excluded = globMatcher(filter.exclude ?? []);
  const tasks: Task[] = [];
  const refused: FoundTasks["refused"][number][] = [];
  for (const folder of folders) {
    const name = basename(folder);
    if (!included(name) || excluded(name)) continue;
    const loaded = await tryLoadTask(folder);
    if (loaded.ok) tasks.push(loaded.value);
    else refused.push({ path: folder, error: loaded.error.toJSON() });
  }
  return { tasks, refused };
}

async function isTask(dir: string): Promise<boolean> {
  const kinds = await Promise.all(["task.md", "task.toml"].map((name) => kindOf(join(dir, name))));
  return kinds.includes("file");
}

async function subfolders(dir: string): Promise<string[]> {
  const kind = await kindOf(dir);
  // Loading says best what is wrong with a path that is no folder.
  if (kind !== "folder") return [dir];
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isFile()).map((entry) => entry.name);
    return names
      .filter((name) => !name.startsWith("."))
      .sort()
      .map((name) => join(dir, name));
  } catch (cause) {
    throw unreadable(dir, cause);
  }
}
