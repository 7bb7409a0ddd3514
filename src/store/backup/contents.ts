import { copyFileSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { sha256OfFile } from "../../base/digest.ts";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error, systemCodeOf } from "../../base/errors.ts";
import type { BackedUpFile } from "./manifest.ts";

/** Contents of workspaces, each once for all runs; a run's own files are right in its folder. */
const contentsOfRuns = "kept";
const runFolders = "runs";
/** Sealed secrets, which are worth nothing without a key that lies elsewhere. */
export const secretsFile = "secrets.json";

/**
 * The files below a data folder that belong to what the store says: the contents that were kept of
 * workspaces, and what lies right in the folder of a run. Scratch workspaces are folders there and
 * are not among them, nor are keys and logins; secrets are, as they are sealed.
 */
export function filesBeside(dataDir: string): readonly string[] {
  const kept = foldersIn(join(dataDir, contentsOfRuns)).flatMap((folder) =>
    filesIn(dataDir, join(contentsOfRuns, folder)).filter((path) => /\/[0-9a-f]{64}$/.test(path)),
  );
  const runs = foldersIn(join(dataDir, runFolders)).flatMap((folder) =>
    filesIn(dataDir, join(runFolders, folder)).filter((path) => !path.endsWith(".partial")),
  );
  const sealed = filesIn(dataDir, "").filter((path) => path === secretsFile);
  return [...kept, ...runs, ...sealed].sort();
}

function entriesIn(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

function foldersIn(folder: string): readonly string[] {
  return entriesIn(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function filesIn(dataDir: string, folder: string): readonly string[] {
  return entriesIn(join(dataDir, folder))
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name));
}

/** Where a content is kept, below the folder of all backups. */
export function contentPath(backups: string, sha256: string): string {
  return join(backups, "contents", sha256.slice(0, 2), sha256);
}

/** What was kept of the files beside a store. */
export interface KeptContents {
  readonly files: readonly BackedUpFile[];
  /** Contents that are not any more what their names say: there is nothing of them to keep. */
  readonly damaged: readonly string[];
}

/**
 * Keeps the files beside a store among the contents of its backups. What is there already by its
 * digest and size is not read again.
 */
export function keepContents(dataDir: string, backups: string): KeptContents {
  const touched = new Set<string>();
  const files: BackedUpFile[] = [];
  const damaged: string[] = [];
  const partial = join(backups, "contents", "one.partial");
  makeFolder(dirname(partial));
  for (const path of filesBeside(dataDir)) {
    const from = join(dataDir, path);
    const named = path.startsWith(`${contentsOfRuns}/`) ? basename(path) : undefined;
    const bytes = statSync(from, { throwIfNoEntry: false })?.size;
    if (bytes === undefined) continue;
    if (named !== undefined && sizeOf(contentPath(backups, named)) === bytes) {
      files.push({ path, bytes, sha256: named });
      continue;
    }
    // Copied first, digested then: a run's own file may change meanwhile.
    copyFileSync(from, partial);
    const copied = sha256OfFile(partial);
    if (named !== undefined && named !== copied.sha256) {
      damaged.push(path);
      continue;
    }
    const to = contentPath(backups, copied.sha256);
    if (sizeOf(to) !== copied.bytes) {
      makeFolder(dirname(to));
      syncToDisk(partial);
      renameSync(partial, to);
      touched.add(dirname(to));
    }
    files.push({ path, ...copied });
  }
  rmSync(partial, { force: true });
  for (const folder of touched) syncToDisk(folder);
  return { files, damaged };
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** Copies a file under a name of its own first, so that the name always stands for all of it. */
export function copyWhole(from: string, to: string): void {
  makeFolder(dirname(to));
  const partial = `${to}.partial`;
  try {
    copyFileSync(from, partial);
    syncToDisk(partial);
    renameSync(partial, to);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** What a copy of the files beside a store did. */
export interface CopiedFiles {
  /** Files that the source has. */
  readonly files: number;
  /** Those that the target did not have so. */
  readonly copied: number;
}

/**
 * Copies the files beside a store to another store's folder, and reads them back.
 * @throws Agent33Error `store.copy_failed`, and what node:fs throws
 */
export function copyFilesBeside(from: string, to: string): CopiedFiles {
  let copied = 0;
  const paths = filesBeside(from);
  for (const path of paths) {
    const file = { path, ...sha256OfFile(join(from, path)) };
    const target = join(to, path);
    if (contentProblem(target, file) === undefined) continue;
    copyWhole(join(from, path), target);
    syncToDisk(dirname(target));
    const problem = contentProblem(target, file);
    if (problem !== undefined) {
      throw new Agent33Error("store.copy_failed", `${target} is not what was copied: ${problem}.`, {
        hint: "Check the disk of the target, and run the copy again.",
      });
    }
    copied += 1;
  }
  return { files: paths.length, copied };
}

/** What is wrong with a file that should have a digest; undefined where nothing is. */
export function contentProblem(path: string, file: BackedUpFile): string | undefined {
  try {
    const found = sha256OfFile(path);
    if (found.sha256 === file.sha256) return undefined;
    return `${file.path} was altered or cut off`;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return `${file.path} is missing`;
    return `${file.path} cannot be read (${systemCodeOf(error) ?? "unknown"})`;
  }
}
