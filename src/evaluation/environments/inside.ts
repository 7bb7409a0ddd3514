import type { Stats } from "node:fs";
import { chmod, copyFile, lstat, mkdir, readdir, readlink } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { systemCodeOf } from "../../base/errors.ts";

/** As many links as Linux follows for one path: path_resolution(7). */
const mostLinks = 40;
/** Deeper folders are nobody's work; their paths would be too long for the system. */
const deepest = 100;

/**
 * Where a path inside of a folder that stands for `/` is on this machine. Links are followed as they
 * are seen from inside, so that no link leads out, whoever made it. Only for a folder in which nothing
 * runs: what changes meanwhile could lead out after all.
 * @param path absolute, as seen from inside
 * @returns the place, whether there is something or not; undefined where links go round in circles
 */
export async function resolveInside(root: string, path: string): Promise<string | undefined> {
  let ahead = posix.normalize(path).split("/");
  let at: string[] = [];
  let links = 0;
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, -1);
      continue;
    }
    const target = await linkAt(join(root, ...at, name));
    if (target === undefined) {
      at.push(name);
      continue;
    }
    links += 1;
    if (links > mostLinks) return undefined;
    if (target.startsWith("/")) at = [];
    ahead = [...target.split("/"), ...ahead];
  }
  return join(root, ...at);
}

async function linkAt(path: string): Promise<string | undefined> {
  const found = await lookAt(path);
  return found?.isSymbolicLink() === true ? readlink(path) : undefined;
}

/**
 * The names in a folder; none where there is no folder.
 * @param place as {@link resolveInside} gives it
 */
export async function namesIn(place: string): Promise<readonly string[]> {
  const found = await lookAt(place);
  if (found?.isDirectory() !== true) return [];
  await makeReadable(place, found.mode, 0o500);
  return readdir(place);
}

/**
 * Copies a file or a folder out of a folder that stands for `/`. Links to files become copies; other
 * links, and what is neither file nor folder, are left out.
 * @param from absolute, as seen from inside
 * @returns whether there was something to copy
 */
export async function copyOut(root: string, from: string, to: string): Promise<boolean> {
  return copyEntry(root, from, to, 0);
}

async function copyEntry(root: string, from: string, to: string, depth: number): Promise<boolean> {
  const place = await resolveInside(root, from);
  const found = place === undefined ? undefined : await lookAt(place);
  if (place === undefined || found === undefined) return false;
  if (found.isFile()) {
    await makeReadable(place, found.mode, 0o400);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(place, to);
    return true;
  }
  if (!found.isDirectory() || depth > deepest) return false;
  await makeReadable(place, found.mode, 0o500);
  await mkdir(to, { recursive: true });
  for (const name of await readdir(place)) {
    const inner = await lookAt(join(place, name));
    const isFolderLink = inner?.isSymbolicLink() === true && (await isFolder(root, from, name));
    // A link to a folder can form a circle.
    if (!isFolderLink) await copyEntry(root, posix.join(from, name), join(to, name), depth + 1);
  }
  return true;
}

async function isFolder(root: string, from: string, name: string): Promise<boolean> {
  const place = await resolveInside(root, posix.join(from, name));
  return place !== undefined && (await lookAt(place))?.isDirectory() === true;
}

/** An agent may have taken its own rights away; the owner gives them back. */
async function makeReadable(path: string, mode: number, wanted: number): Promise<void> {
  if ((mode & wanted) !== wanted) await chmod(path, (mode & 0o777) | wanted);
}

/**
 * What is at a path, undefined where nothing is. A folder that was closed to hide it is opened first.
 * @param path no folder on the way is a link
 */
export async function lookAt(path: string): Promise<Stats | undefined> {
  return lookInOpened(path, false);
}

/** @param isAgain whether its folder was open already when it was asked before */
async function lookInOpened(path: string, isAgain: boolean): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
    if (code !== "EACCES") throw cause;
    const folder = await lookAt(dirname(path));
    const isOpen = folder !== undefined && (folder.mode & 0o500) === 0o500;
    // Another look at the same folder may have opened it meanwhile. Else it is not this user's.
    if (folder === undefined || (isOpen && isAgain)) throw cause;
    await makeReadable(dirname(path), folder.mode, 0o500);
    return lookInOpened(path, isOpen);
  }
}
