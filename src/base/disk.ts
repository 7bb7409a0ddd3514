import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { systemCodeOf } from "./errors.ts";

/** Waits until a file, or the names in a folder, are on the disk. */
export function syncToDisk(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Makes a folder, with those that it is in, for this user's eyes only. Their names are on the disk
 * when this returns: without that a cut of the power takes them with all that is in them, however
 * often that was flushed. One folder after the other: Node's own recursive way never returns below
 * `/proc`.
 * @throws what node:fs throws
 */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it in between; a file in its place is an error all the same.
    if (systemCodeOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
  syncToDisk(parent);
}

/**
 * Puts a file in place, for this user's eyes only: after a power cut there is all of it, or what
 * was there before.
 * @param mark what no other write of the same file has
 */
export function putFile(path: string, content: string | Uint8Array, mark: string): void {
  const partial = `${path}.${mark}.partial`;
  try {
    writeFileSync(partial, content, { mode: 0o600, flush: true });
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  syncToDisk(dirname(path));
}

/**
 * Puts a file where there is none, with its folder, for this user's eyes only. Nobody ever reads half
 * of it, and of several processes that put one at once the first one's stays.
 * @returns false, and what is there stays, where there is one
 * @throws what node:fs throws
 */
export function putNewFile(path: string, content: string | Uint8Array): boolean {
  makeFolder(dirname(path));
  // Written whole beside its place first.
  const folder = mkdtempSync(join(dirname(path), ".new-"));
  try {
    const fresh = join(folder, "content");
    writeFileSync(fresh, content, { mode: 0o600, flush: true });
    linkSync(fresh, path);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  syncToDisk(dirname(path));
  return true;
}
