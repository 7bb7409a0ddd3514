import { isAbsolute, relative } from "node:path";

/** Whether `path` is `dir` itself or below it, by name alone. Both must be absolute. */
export function isWithin(dir: string, path: string): boolean {
  const way = relative(dir, path);
  return way === "" || isBelow(dir, path);
}

/** Whether `path` is below `dir`, by name alone: links are not resolved. Both must be absolute. */
export function isBelow(dir: string, path: string): boolean {
  const way = relative(dir, path);
  return way !== "" && way !== ".." && !/^\.\.[\\/]/.test(way) && !isAbsolute(way);
}
