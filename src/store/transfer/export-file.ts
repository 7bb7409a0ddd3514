import { existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { Agent33Error, isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { type ExportOptions, type ExportReport, exportStore } from "./export.ts";

/**
 * Writes a store as lines of JSON into a new file.
 * @throws Agent33Error `store.export_failed`, other `store.*`
 */
export function exportToFile(
  path: string,
  options: Omit<ExportOptions, "write">,
): Promise<ExportReport> {
  return writeNewFile(path, options.ids(), (write) => exportStore({ ...options, write }));
}

/**
 * Writes a new file, for this user's eyes, as the store is. It has its name once it is whole; what
 * is written until then has a name of its own, and is removed after a failure.
 * @param mark what no other write of the same file has
 * @throws Agent33Error `store.export_failed`, and what `work` throws
 */
export async function writeNewFile<T>(
  path: string,
  mark: string,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (existsSync(path)) throw exportFailed(path, "there is such a file already");
  const partial = `${path}.${mark}.partial`;
  try {
    const result = await writeAll(partial, work);
    await rename(partial, path);
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw isAgent33Error(error) ? error : exportFailed(path, messageOf(error), error);
  }
}

async function writeAll<T>(
  path: string,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const handle = await open(path, "wx", 0o600);
  try {
    const result = await work((text) => handle.appendFile(text));
    await handle.sync();
    return result;
  } finally {
    await handle.close();
  }
}

/** A full disk, a used-up quota, a limit on the size of files. */
const noRoom = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

function exportFailed(path: string, why: string, cause?: unknown): Agent33Error {
  return new Agent33Error("store.export_failed", `${path} cannot be written: ${why}.`, {
    hint: noRoom.has(systemCodeOf(cause) ?? "")
      ? "Free space there or name a file on another disk, then export again. Nothing was left behind."
      : "Name a new file in a folder that this user may write to.",
    details: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
