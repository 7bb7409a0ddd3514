import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, systemCodeOf } from "../../base/errors.ts";

/** What a file was when a folder was looked at: cheap, for the files may be many and large. */
type Stamp = string;

/** A look at a folder. It is partial where there is more than is looked at. */
export interface FolderLook {
  readonly files: ReadonlyMap<string, Stamp>;
  readonly partial: boolean;
}

const mostFiles = 20_000;
const deepest = 30;
const mostCopied = 200;
const mostBytes = 16 * 1024 * 1024;

/** Looks at the regular files below a folder. What cannot be looked into is passed over. */
export async function lookAt(dir: string): Promise<FolderLook> {
  const files = new Map<string, Stamp>();
  let partial = false;
  const folders: { readonly path: string; readonly depth: number }[] = [{ path: "", depth: 0 }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { path, depth } = folder;
    const entries = await unlessGone(() => readdir(join(dir, path), { withFileTypes: true }));
    if (entries === undefined) partial = true;
    for (const entry of entries ?? []) {
      const place = path === "" ? entry.name : `${path}/${entry.name}`;
      if (files.size >= mostFiles) return { files, partial: true };
      if (entry.isDirectory()) {
        if (depth < deepest) folders.push({ path: place, depth: depth + 1 });
        else partial = true;
      } else if (entry.isFile()) {
        const found = await unlessGone(() => lstat(join(dir, place)));
        if (found !== undefined) {
          files.set(place, `${found.size}:${found.mtimeMs}:${found.ctimeMs}:${found.ino}`);
        }
      }
    }
  }
  return { files, partial };
}

/**
 * Copies what was written since a look, within bounds, with a list of all of it in `manifest.json`.
 * Call it when nothing writes there any more. Links are neither listed nor followed.
 * @returns whether anything was written
 */
export async function keepChanged(before: FolderLook, dir: string, to: string): Promise<boolean> {
  const after = await lookAt(dir);
  const written = [...after.files].filter(([path, stamp]) => before.files.get(path) !== stamp);
  const deleted = [...before.files.keys()].filter((path) => !after.files.has(path));
  if (written.length === 0 && deleted.length === 0) return false;
  const list: { readonly path: string; readonly bytes: number; readonly kept: boolean }[] = [];
  let bytesLeft = mostBytes;
  let copied = 0;
  for (const [path, stamp] of written.toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const bytes = Number(stamp.split(":")[0]);
    const kept =
      copied < mostCopied && bytes <= bytesLeft && (await copyOne(join(dir, path), join(to, path)));
    if (kept) {
      copied += 1;
      bytesLeft -= bytes;
    }
    list.push({ path, bytes, kept });
  }
  await mkdir(to, { recursive: true });
  const partial = before.partial || after.partial;
  // With half a look nobody can say what is gone.
  const manifest = { written: list, deleted: partial ? [] : deleted.toSorted(), partial };
  await writeFile(join(to, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return true;
}

async function copyOne(from: string, to: string): Promise<boolean> {
  const done = await unlessGone(async () => {
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    return true;
  });
  return done ?? false;
}

/** Nothing where it is gone, or closed to us by whoever wrote it. */
async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const known = ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP", "ENAMETOOLONG", "EEXIST"];
    if (known.includes(systemCodeOf(error) ?? "")) return undefined;
    throw new Error(`Cannot look at what was written: ${messageOf(error)}`, { cause: error });
  }
}
