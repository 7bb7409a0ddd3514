import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { snapshotFolder } from "../workspaces/workspace-changes.ts";
import type { Task } from "./task.ts";

/**
 * SHA-256 over everything that is in a task's folder: each file's path, content and whether it may
 * be executed, each link's target. Results of two runs compare only if it is the same. Times,
 * owners and the folder's own place do not count, so that every machine comes to the same.
 * @throws Agent33Error `evaluation.snapshot_failed`
 */
export async function taskDigest({ dir }: Pick<Task, "dir">): Promise<string> {
  const files = await snapshotFolder(dir);
  const states = await Promise.all(
    [...files].map(async ([path, { sha256 }]) => {
      const found = await lstat(join(dir, path));
      if (found.isSymbolicLink()) return [path, sha256, "link"];
      return (found.mode & 0o100) === 0 ? [path, sha256] : [path, sha256, "x"];
    }),
  );
  return digestOf(states);
}
