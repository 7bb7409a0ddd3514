import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { systemCodeOf } from "../../base/errors.ts";

/** Places of a file that are looked at, evenly spread. */
const places = 1000;

/** Whether the file system of a file is mounted read-only: one with a fault may become so in use. */
export function isMountedReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return systemCodeOf(error) === "EROFS";
  }
}

const limitsOfProcess = "/proc/self/limits";
/** More than SQLite writes at once: what was refused has to have ended behind the limit. */
const oneWrite = 65_536;

/**
 * Whether a file of a store is as large as this process may make one (`ulimit -f`). SQLite says "disk
 * I/O error" to that, as to a disk that fails. Known on Linux only.
 */
export function reachesFileLimit(path: string): boolean {
  if (!existsSync(limitsOfProcess)) return false;
  const found = /^Max file size +(\d+)/m.exec(readFileSync(limitsOfProcess, "utf8"));
  if (found === null) return false;
  const most = Number(found[1]);
  return ["", "-wal", "-journal"].some((part) => {
    const bytes = statSync(`${path}${part}`, { throwIfNoEntry: false })?.size ?? 0;
    return bytes + oneWrite > most;
  });
}

/**
 * Whether the disk fails to read a store. SQLite says "malformed" to a read that failed with EIO
 * (`SQLITE_IOERR_CORRUPTFS`), as it does to bytes that are not what was written.
 */
export function failsToRead(path: string): boolean {
  return [path, `${path}-wal`].some(fails);
}

function fails(path: string): boolean {
  try {
    const handle = openSync(path, "r");
    try {
      const { size } = fstatSync(handle);
      const piece = Buffer.alloc(1);
      for (let index = 0; index < places; index += 1) {
        readSync(handle, piece, 0, 1, Math.floor((size * index) / places));
      }
      return false;
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    return systemCodeOf(error) === "EIO";
  }
}
