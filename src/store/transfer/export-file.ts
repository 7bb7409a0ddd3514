import { existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { Agent33Error, isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { type ExportOptions, type ExportReport, exportStore } from "./export.ts";

/**
 * Writes a store as lines of JSON into a new file. The file has its name once it is whole; what is
 * written until then has a name that no other export has, and is removed after a failure.
 * @throws Agent33Error `store.export_failed`, other `store.*`
 */
export async function exportToFile(
  path: string,
  options: Omit<ExportOptions, "write">,
): Promise<ExportReport> {
  if (existsSync(path)) throw exportFailed(path, "there is such a file already");
  const partial = `${path}.${options.ids()}.partial`;
  try {
    const report = await writeNew(partial, options);
    await rename(partial, path);
    return report;
  } catch (error) {
    await rm(partial, { force: true });
    throw isAgent33Error(error) ? error : exportFailed(path, messageOf(error), error);
  }
}

async function writeNew(
  path: string,
  options: Omit<ExportOptions, "write">,
): Promise<ExportReport> {
  // For this user's eyes, as the store is.
  const handle = await open(path, "wx", 0o600);
  try {
    const write = (text: string): Promise<void> => handle.appendFile(text);
    const report = await exportStore({ ...options, write });
    await handle.sync();
    return report;
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
