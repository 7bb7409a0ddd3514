import { accessSync, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
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
