import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { makeFolder, putFile } from "../base/disk.ts";
import { Agent33Error, messageOf } from "../base/errors.ts";
import {
  copyFolder,
  keepFolder,
  keptFolderSchema,
  restoreFolder,
} from "../evaluation/workspaces/kept-folder.ts";
import {
  diffSnapshots,
  type FolderSnapshot,
  snapshotFolder,
} from "../evaluation/workspaces/workspace-changes.ts";
import type { FileChange } from "../events/event.ts";

/** The files of one run below the data folder. */
export interface RunFiles {
  readonly folder: string;
  /** The scratch copy that a task's agent works in. */
  readonly workspace: string;
  /** Where the verifier writes. */
  readonly verifier: string;
}

export function runFiles(dataDir: string, runId: string): RunFiles {
  const folder = join(dataDir, "runs", runId);
  return { folder, workspace: join(folder, "workspace"), verifier: join(folder, "verifier") };
}

/** Folders whose changes are not listed: too large to read twice a run, or ours. */
export const unlistedFolders: readonly string[] = [".git", "node_modules"];

/** The data folder that a run's files lie in. */
export function dataDirOf({ folder }: RunFiles): string {
  return resolve(folder, "../..");
}

function notLookedAt(files: RunFiles): (folder: string) => boolean {
  const dataDir = dataDirOf(files);
  return (folder) => folder === dataDir || unlistedFolders.includes(basename(folder));
}

const snapshotSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }));
const snapshotName = "workspace-before.json";

/** Remembers what a workspace looked like before the agent touched it. */
export async function rememberWorkspace(files: RunFiles, workspace: string): Promise<void> {
  try {
    makeFolder(files.folder);
    const snapshot = await snapshotFolder(workspace, notLookedAt(files));
    putFile(join(files.folder, snapshotName), JSON.stringify(Object.fromEntries(snapshot)), "new");
  } catch (cause) {
    throw new Agent33Error(
      "engine.run_files",
      `The files of the run cannot be written to ${files.folder}: ${messageOf(cause)}`,
      {
        hint: "Free space there, or choose another folder with --data.",
        cause,
      },
    );
  }
}

/** What differs from the remembered state, but for places that are not looked at. Absolute. */
export async function workspaceChanges(
  files: RunFiles,
  workspace: string,
  others: readonly string[],
): Promise<readonly FileChange[]> {
  const now = await snapshotFolder(workspace, notLookedAt(files));
  const changes = diffSnapshots(remembered(files), now);
  return changes.filter(({ path }) => !others.includes(join(workspace, path)));
}

/** What the workspaces of two runs differed in when they began; null where one is not known. */
export function startDifferences(before: RunFiles, now: RunFiles): readonly FileChange[] | null {
  if (![before, now].every(({ folder }) => existsSync(join(folder, snapshotName)))) return null;
  return diffSnapshots(remembered(before), remembered(now));
}

function remembered({ folder }: RunFiles): FolderSnapshot {
  const text = readFileSync(join(folder, snapshotName), "utf8");
  return new Map(Object.entries(snapshotSchema.parse(JSON.parse(text))));
}

const keptName = "workspace-kept.json";
/** What is known of the workspace that a run began with. */
export const startFiles: readonly string[] = [snapshotName, keptName];
const mostKeptFiles = 5_000;

/** Contents of kept workspaces, each once for all runs. */
export function keptContents({ folder }: RunFiles): string {
  return resolve(folder, "../../kept");
}

/**
 * Keeps what is in a workspace before the agent touches it, so that the run can be replayed from
 * there.
 * @param mayKeep says whether a file may be kept, by what is in it
 * @returns whether it is small enough to be kept
 * @throws Agent33Error `evaluation.keep_failed`
 */
export async function keepWorkspace(
  files: RunFiles,
  workspace: string,
  mostBytes: number,
  mayKeep: (content: Buffer, path: string) => boolean,
): Promise<boolean> {
  const kept = await keepFolder(
    workspace,
    {
      contents: keptContents(files),
      name: basename(files.folder),
      mostBytes,
      mostFiles: mostKeptFiles,
      mayKeep,
    },
    notLookedAt(files),
  );
  if (kept === undefined) return false;
  putFile(join(files.folder, keptName), JSON.stringify(kept), "new");
  return true;
}

/**
 * Makes a scratch copy of a run's workspace: as it was before the run, where that was kept, and
 * else as it is now.
 * @returns which of the two
 * @throws Agent33Error `evaluation.keep_failed`
 */
export async function copyWorkspace(
  of: RunFiles,
  workspace: string,
  to: string,
): Promise<"kept" | "now"> {
  const path = join(of.folder, keptName);
  if (existsSync(path)) {
    const kept = keptFolderSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    await restoreFolder(kept, keptContents(of), to, workspace);
    return "kept";
  }
  await copyFolder(workspace, to, notLookedAt(of));
  return "now";
}
