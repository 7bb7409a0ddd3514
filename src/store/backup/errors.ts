import { Agent33Error, isAgent33Error, systemCodeOf, toAgent33Error } from "../../base/errors.ts";

/** A full disk, a used-up quota, a limit on the size of files. */
const noRoom = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What the file system threw while backups were read or written; typed errors pass unchanged. */
export function mapFileError(error: unknown, path: string): Agent33Error {
  if (isAgent33Error(error)) return error;
  const code = systemCodeOf(error);
  if (code === undefined) return toAgent33Error(error);
  if (noRoom.has(code)) {
    return new Agent33Error("store.full", `There is no space left for ${path}.`, {
      hint: "Free space on the disk that holds it, then try again. The store is as it was.",
      details: { path },
      cause: error,
    });
  }
  return new Agent33Error("store.backup_folder", `${path} cannot be read or written: ${code}.`, {
    hint: "Give a folder that this user may read and write, with --from, --to or the setting backup.folder. The store is as it was.",
    details: { path },
    cause: error,
  });
}

/** The error for a backup that is not as it was made. */
export function damagedBackup(path: string, why: string, cause?: unknown): Agent33Error {
  return new Agent33Error("store.backup_damaged", `The backup ${path} is damaged: ${why}.`, {
    hint: "Take another one: `agent33 store verify` says which are whole. The store is as it was.",
    details: { path },
    cause,
  });
}
