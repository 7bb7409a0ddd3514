import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

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
