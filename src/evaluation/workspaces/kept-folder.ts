import {
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { systemClock } from "../../base/clock.ts";
import { sha256 } from "../../base/digest.ts";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { isWithin } from "../paths.ts";

const entrySchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("folder"), path: z.string() }),
  z.object({ kind: z.literal("file"), path: z.string(), sha256: z.string(), mode: z.int() }),
  z.object({ kind: z.literal("link"), path: z.string(), target: z.string() }),
]);

/** What a folder held at one moment; the contents lie by their digests in a place of their own. */
export const keptFolderSchema = z.object({ entries: z.array(entrySchema).readonly() });
export type KeptFolder = z.infer<typeof keptFolderSchema>;

/** Where the contents of a kept folder go, and how much of it may. */
export interface Keeping {
  readonly contents: string;
  /** A name that nobody else who keeps there has at the moment. */
  readonly name: string;
  readonly mostBytes: number;
  readonly mostFiles: number;
  /** Says whether a file may be kept, by what is in it; all may where nobody says. */
  readonly mayKeep?: (content: Buffer, path: string) => boolean;
}

type LeaveOut = (folder: string) => boolean;

interface Found {
  readonly kind: "folder" | "file" | "link";
  /** With `/` between its parts, below the folder. */
  readonly path: string;
  readonly mode: number;
  readonly bytes: number;
}

/**
 * Keeps what is in a folder, each content once however many files and runs have it.
 * What vanishes meanwhile is left out.
 * @param leaveOut says which folders, by absolute path, are not looked into
 * @returns undefined where it is more than the limits allow; then nothing is kept
 * @throws Agent33Error `evaluation.keep_failed`
 */
export function keepFolder(
  dir: string,
  { contents, name, mostBytes, mostFiles, mayKeep = () => true }: Keeping,
  leaveOut: LeaveOut,
): Promise<KeptFolder | undefined> {
  return mapped(dir, async () => {
    const found = await foundIn(dir, leaveOut);
    const files = found.filter(({ kind }) => kind === "file");
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    if (files.length > mostFiles || bytes > mostBytes) return undefined;
    const entries: KeptFolder["entries"][number][] = [];
    for (const { kind, path, mode } of found) {
      const full = join(dir, path);
      if (kind === "folder") entries.push({ kind, path });
      else if (kind === "link") {
        const target = await unlessGone(() => readlink(full));
        if (target !== undefined) entries.push({ kind, path, target });
      } else {
        const content = await unlessGone(() => readFile(full));
        if (content === undefined || !mayKeep(content, path)) continue;
        const digest = await keepContent(content, contents, name);
        entries.push({ kind, path, sha256: digest, mode });
      }
    }
    return { entries };
  });
}

/**
 * Makes a folder as it was when it was kept.
 * @param to is made where it is missing
 * @param from the folder that was kept: links that led into it by its full name lead into the new one
 * @throws Agent33Error `evaluation.keep_failed`, also where a content is not there any more
 */
export function restoreFolder(
  kept: KeptFolder,
  contents: string,
  to: string,
  from: string,
): Promise<void> {
  return mapped(to, async () => {
    await mkdir(to, { recursive: true });
    for (const entry of kept.entries) {
      const place = join(to, entry.path);
      if (entry.kind === "folder") await mkdir(place, { recursive: true });
      else if (entry.kind === "link") await symlink(movedTarget(entry.target, from, to), place);
      else {
        await copyFile(contentPath(contents, entry.sha256), place, constants.COPYFILE_FICLONE);
        await chmod(place, entry.mode);
      }
    }
  });
}

/**
 * Copies what is in a folder, links as links.
 * @param to is made where it is missing; may lie in the folder where that is left out
 * @throws Agent33Error `evaluation.keep_failed`
 */
export function copyFolder(dir: string, to: string, leaveOut: LeaveOut): Promise<void> {
  return mapped(dir, async () => {
    await mkdir(to, { recursive: true });
    for (const { kind, path } of await foundIn(dir, leaveOut)) {
      const [from, place] = [join(dir, path), join(to, path)];
      if (kind === "folder") await mkdir(place, { recursive: true });
      else if (kind === "link") await symlink(movedTarget(await readlink(from), dir, to), place);
      else await copyFile(from, place, constants.COPYFILE_FICLONE);
    }
  });
}

/** Folders before what is in them. Sockets, pipes and devices are left out. */
async function foundIn(dir: string, leaveOut: LeaveOut, prefix = ""): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const entry of await readdir(join(dir, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    const full = join(dir, path);
    if (entry.isDirectory()) {
      if (leaveOut(full)) continue;
      found.push({ kind: "folder", path, mode: 0, bytes: 0 });
      found.push(...(await foundIn(dir, leaveOut, path)));
    } else if (entry.isSymbolicLink()) {
      found.push({ kind: "link", path, mode: 0, bytes: 0 });
    } else if (entry.isFile()) {
      const state = await unlessGone(() => lstat(full));
      if (state === undefined) continue;
      found.push({ kind: "file", path, mode: state.mode & 0o777, bytes: state.size });
    }
  }
  return found;
}

/** Where the content of a kept file lies. */
export function contentPath(contents: string, digest: string): string {
  return join(contents, digest.slice(0, 2), digest);
}

async function keepContent(content: Buffer, contents: string, name: string): Promise<string> {
  const digest = sha256(content);
  const path = contentPath(contents, digest);
  // Marked as used now, so that it is not removed as one that no run refers to.
  const used = systemClock.now() / 1_000;
  if ((await unlessGone(async () => utimes(path, used, used).then(() => true))) === true) {
    return digest;
  }
  // A workspace may hold secrets: nobody else is to read them here.
  makeFolder(dirname(path));
  const half = `${path}.${name}`;
  // On the disk before the run's log can name it.
  await writeFile(half, content, { mode: 0o600, flush: true });
  await rename(half, path);
  syncToDisk(dirname(path));
  return digest;
}

/** What is read of a file; undefined where it is not there. */
export async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw cause;
  }
}

function movedTarget(target: string, from: string, to: string): string {
  return target.startsWith("/") && isWithin(from, target)
    ? join(to, target.slice(from.length))
    : target;
}

/** Does work on a folder. @throws Agent33Error `evaluation.keep_failed` for whatever goes wrong */
export async function mapped<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Agent33Error(
      "evaluation.keep_failed",
      `The folder "${dir}" cannot be copied: ${messageOf(cause)}.`,
      { hint: "Check permissions and the space on the disk.", cause },
    );
  }
}
