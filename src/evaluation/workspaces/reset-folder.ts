import {
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
} from "node:fs/promises";
import type { Dirent } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../base/digest.ts";
import { contentPath, type KeptFolder, mapped, unlessGone } from "./kept-folder.ts";

type Entry = KeptFolder["entries"][number];

/**
 * Makes a folder what it was when it was kept, in its place: what came since is removed, what was
 * changed or removed is put back. Done twice it is as done once, so a crash in the middle is mended
 * by doing it again.
 * @param contents where the contents of kept files lie
 * @param leave says which places, by absolute path, are not touched
 * @throws Agent33Error `evaluation.keep_failed`, also where a content is not there any more
 */
export function resetFolder(
  kept: KeptFolder,
  contents: string,
  dir: string,
  leave: (path: string) => boolean,
): Promise<void> {
  return mapped(dir, async () => {
    const wanted = new Map(kept.entries.map((entry) => [entry.path, entry]));
    await removeOthers(dir, "", wanted, leave);
    for (const entry of kept.entries) {
      const place = join(dir, entry.path);
      if (!leave(place)) await putBack(entry, place, contents);
    }
  });
}

/** Removes what was not there, or was something else. Returns whether anything had to stay. */
async function removeOthers(
  dir: string,
  prefix: string,
  wanted: ReadonlyMap<string, Entry>,
  leave: (path: string) => boolean,
): Promise<boolean> {
  let stays = false;
  for (const found of await readdir(join(dir, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? found.name : `${prefix}/${found.name}`;
    const place = join(dir, path);
    if (leave(place)) {
      stays = true;
      continue;
    }
    const isWanted = wanted.get(path)?.kind === kindOf(found);
    const holds = found.isDirectory() && (await removeOthers(dir, path, wanted, leave));
    if (!isWanted && !holds) await rm(place, { recursive: true, force: true });
    stays ||= holds;
  }
  return stays;
}

function kindOf(found: Dirent): Entry["kind"] | undefined {
  if (found.isDirectory()) return "folder";
  if (found.isSymbolicLink()) return "link";
  return found.isFile() ? "file" : undefined;
}

async function putBack(entry: Entry, place: string, contents: string): Promise<void> {
  if (entry.kind === "folder") {
    await mkdir(place, { recursive: true });
  } else if (entry.kind === "link") {
    if ((await unlessGone(() => readlink(place))) === entry.target) return;
    await rm(place, { force: true });
    await symlink(entry.target, place);
  } else {
    const now = await unlessGone(() => lstat(place));
    if (now !== undefined && sha256(await readFile(place)) === entry.sha256) {
      if ((now.mode & 0o777) !== entry.mode) await chmod(place, entry.mode);
      return;
    }
    await rm(place, { force: true });
    await copyFile(contentPath(contents, entry.sha256), place, constants.COPYFILE_FICLONE);
    await chmod(place, entry.mode);
  }
}
