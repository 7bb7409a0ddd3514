import { resolve } from "node:path";
import { Agent33Error } from "../../base/errors.ts";
import { loadTask } from "../tasks/load-task.ts";
import { taskDigest } from "../tasks/task-digest.ts";
import type { GoldenTag, GoldenTaskEntry } from "./gates-form.ts";

/** A golden task as it is on the disk now. */
export interface GoldenTask {
  readonly name: string;
  readonly dir: string;
  /** Over all its files. */
  readonly digest: string;
  readonly tags: readonly GoldenTag[];
  readonly owner: string;
  readonly scope: readonly string[] | null;
  /** What it hangs on besides its own folder; absent where it hangs on everything. */
  readonly paths?: readonly string[];
}

/**
 * Loads golden tasks. One that cannot be loaded is an error: a gate must not grow smaller by itself.
 * @param root absolute; where the gates' file is
 * @throws Agent33Error `evaluation.duplicate_task`, `evaluation.task_*`
 */
export async function loadGolden(
  entries: readonly GoldenTaskEntry[],
  root: string,
): Promise<readonly GoldenTask[]> {
  const found = new Map<string, GoldenTask>();
  for (const { path, tags, owner, scope, paths } of entries) {
    const dir = resolve(root, path);
    const task = await loadTask(dir);
    const other = found.get(task.name);
    if (other !== undefined) {
      throw new Agent33Error(
        "evaluation.duplicate_task",
        `Two golden tasks are named "${task.name}": "${other.dir}" and "${dir}".`,
        { hint: "List each task once, with all its tags; or rename one of the folders." },
      );
    }
    const digest = await taskDigest(task);
    const own = { name: task.name, dir, digest, tags, owner, scope: scope ?? null };
    found.set(task.name, { ...own, ...(paths === undefined ? {} : { paths }) });
  }
  return [...found.values()];
}
