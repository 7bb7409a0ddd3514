import { readFile, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { systemCodeOf } from "../../base/errors.ts";
import { isBelow } from "../paths.ts";
import { linkOutside, pathOutside, unreadable } from "./task-errors.ts";

export type PathKind = "missing" | "folder" | "file" | "other";

/** What a path is, links followed. @throws Agent33Error `evaluation.task_unreadable` */
export async function kindOf(path: string): Promise<PathKind> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return "folder";
    return found.isFile() ? "file" : "other";
  } catch (cause) {
    if (isAbsent(cause)) return "missing";
    throw unreadable(path, cause);
  }
}

/** Nothing there, or something in its place that cannot have anything below it. */
function isAbsent(cause: unknown): boolean {
  const code = systemCodeOf(cause);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The text of a file, or undefined where there is none. @throws Agent33Error `evaluation.task_unreadable` */
export async function textOf(path: string): Promise<string | undefined> {
  if ((await kindOf(path)) !== "file") return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** @throws Agent33Error `evaluation.task_unreadable` when the real file lies outside the task */
export async function refuseLinkOutside(dir: string, path: string): Promise<void> {
  if ((await kindOf(path)) === "missing") return;
  const [realDir, realPath] = await Promise.all([realpath(dir), realpath(path)]);
  if (!isBelow(realDir, realPath)) throw linkOutside(path, dir);
}

/**
 * The path of something that the task's settings name.
 * @throws Agent33Error `evaluation.task_malformed` where it lies outside the task
 */
export function inside(dir: string, named: string, key: string): string {
  const path = resolve(dir, named);
  if (!isBelow(dir, path)) throw pathOutside(key, named, dir);
  return path;
}
