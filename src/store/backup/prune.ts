import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "../../base/errors.ts";
import { type BackupEntry, listBackups } from "./catalogue.ts";
import { type Keep, surplusOf } from "./retention.ts";

/**
 * Removes backups that are not kept any more, and contents that no backup names. The
 * caller holds the lock of the folder. Where a manifest cannot be read, no content is removed.
 * @returns the ids of the backups that were removed
 */
export function pruneBackups(folder: string, keep: Keep): readonly string[] {
  const surplus = surplusOf(listBackups(folder), keep);
  for (const { path } of surplus) {
    // Under a name that is no backup's, so that a kill leaves no half of one.
    renameSync(path, `${path}.partial`);
    rmSync(`${path}.partial`, { recursive: true, force: true });
  }
  if (surplus.length > 0) removeContents(folder, listBackups(folder));
  return surplus.map(({ id }) => id);
}

function removeContents(folder: string, left: readonly BackupEntry[]): void {
  if (left.some(({ manifest }) => manifest === undefined)) return;
  const named = new Set(
    left.flatMap(({ manifest }) => manifest?.files.map(({ sha256 }) => sha256) ?? []),
  );
  const contents = join(folder, "contents");
  for (const part of namesIn(contents)) {
    for (const name of namesIn(join(contents, part))) {
      if (!named.has(name)) rmSync(join(contents, part, name), { force: true });
    }
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
