import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../base/disk.ts";
import type { ExportRecord } from "./record.ts";

/**
 * Adds records to a file, a line each, so that they are on the disk when this returns. What stands
 * behind `length` was written by a process that ended before it could note that: it is cut off, and
 * comes again. A file that is shorter was put in the place of one that somebody moved away.
 * @param length of the file when its place was noted last
 * @returns its length now
 * @throws what node:fs throws
 */
export function appendRecords(
  path: string,
  records: readonly ExportRecord[],
  length: number,
): number {
  makeFolder(dirname(path));
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const { size } = fstatSync(file);
    const begin = Math.min(size, length);
    if (size > begin) ftruncateSync(file, begin);
    const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(file, bytes, written, bytes.length - written, begin + written);
    }
    fsyncSync(file);
    return begin + written;
  } finally {
    closeSync(file);
  }
}

/** How many bytes a file has; 0 where there is none. @throws what node:fs throws */
export function lengthOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/**
 * Puts a file under another name. What stands behind `length` comes again in the file that follows.
 * @returns the new place; undefined where there is nothing to move
 * @throws what node:fs throws
 */
export function moveRecords(path: string, length: number, to: string): string | undefined {
  if (lengthOf(path) === 0 || length === 0) return undefined;
  if (lengthOf(path) > length) truncateSync(path, length);
  renameSync(path, to);
  return to;
}
