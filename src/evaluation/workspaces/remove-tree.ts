import { chmodSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "../../base/errors.ts";

/**
 * Removes a folder and what is in it, also where whoever filled it has closed folders against
 * looking into them. Links are not followed.
 * @throws what node:fs throws where something is of another user
 */
export function removeTree(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true });
  } catch (error) {
    if (!["EACCES", "EPERM", "ENOTEMPTY"].includes(systemCodeOf(error) ?? "")) throw error;
    openFolders(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

function openFolders(dir: string): void {
  const left = [dir];
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) left.push(join(folder, entry.name));
    }
  }
}
