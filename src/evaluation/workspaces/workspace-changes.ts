import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../base/digest.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import type { FileChange } from "../../events/event.ts";

/** What one file was when the folder was looked at. */
export interface FileState {
  readonly bytes: number;
  /** SHA-256 of the content; of the target's name for a symbolic link. */
  readonly sha256: string;
}

/** Every file below a folder, by its path with `/` between the parts, in path order. */
export type FolderSnapshot = ReadonlyMap<string, FileState>;

/**
 * Looks at every file below `dir`. Symbolic links are entries of their own and are not followed;
 * sockets, pipes and devices are left out, because opening one may never return.
 * @param leaveOut says which folders, by absolute path, are not looked into
 * @throws Agent33Error `evaluation.snapshot_failed` when the folder is missing or something in it
 * cannot be read. What vanishes while it is being read counts as absent.
 */
export async function snapshotFolder(
  dir: string,
  leaveOut: (folder: string) => boolean = () => false,
): Promise<FolderSnapshot> {
  const files: [string, FileState][] = [];
  await collect(dir, "", leaveOut, files);
  files.sort(([a], [b]) => compareText(a, b));
  return new Map(files);
}

async function collect(
  root: string,
  prefix: string,
  leaveOut: (folder: string) => boolean,
  files: [string, FileState][],
): Promise<void> {
  const folder = join(root, prefix);
  const list = () => readdir(folder, { withFileTypes: true });
  const entries = await unlessVanished(folder, prefix === "", list);
  for (const entry of entries ?? []) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!leaveOut(join(root, path))) await collect(root, path, leaveOut, files);
      continue;
    }
    const full = join(root, path);
    let state: FileState | undefined;
    if (entry.isSymbolicLink()) state = await unlessVanished(full, false, () => linkState(full));
    else if (entry.isFile()) state = await unlessVanished(full, false, () => fileState(full));
    if (state !== undefined) files.push([path, state]);
  }
}

async function linkState(path: string): Promise<FileState> {
  const target = await readlink(path);
  return { bytes: Buffer.byteLength(target), sha256: sha256(`link:${target}`) };
}

async function fileState(path: string): Promise<FileState> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function unlessVanished<T>(
  path: string,
  mustExist: boolean,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT" && !mustExist) return undefined;
    throw new Agent33Error(
      "evaluation.snapshot_failed",
      `Cannot read "${path}": ${messageOf(cause)}.`,
      { hint: "Check that the folder exists and that everything in it may be read.", cause },
    );
  }
}

/**
 * What changed between two looks at a folder, in path order. `bytes` is the size afterwards, 0 for
 * what was deleted. A renamed file is one deleted and one added.
 */
export function diffSnapshots(before: FolderSnapshot, after: FolderSnapshot): FileChange[] {
  const changes: FileChange[] = [];
  for (const [path, state] of after) {
    const earlier = before.get(path);
    if (earlier === undefined) changes.push({ path, change: "added", bytes: state.bytes });
    else if (earlier.sha256 !== state.sha256 || earlier.bytes !== state.bytes)
      changes.push({ path, change: "modified", bytes: state.bytes });
  }
  for (const path of before.keys()) {
    if (!after.has(path)) changes.push({ path, change: "deleted", bytes: 0 });
  }
  return changes.sort((a, b) => compareText(a.path, b.path));
}

/** By code unit, so that the order does not depend on the machine's locale. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
