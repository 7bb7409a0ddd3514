import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { diffSnapshots, snapshotFolder } from "../evaluation/workspace-changes.ts";
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

function notLookedAt(files: RunFiles): (folder: string) => boolean {
  const dataDir = resolve(files.folder, "../..");
  return (folder) => folder === dataDir || unlistedFolders.includes(basename(folder));
}

const snapshotSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }));
const snapshotName = "workspace-before.json";

/** Remembers what a workspace looked like before the agent touched it. */
export async function rememberWorkspace(files: RunFiles, workspace: string): Promise<void> {
  try {
    mkdirSync(files.folder, { recursive: true });
    const snapshot = await snapshotFolder(workspace, notLookedAt(files));
    writeFileSync(join(files.folder, snapshotName), JSON.stringify(Object.fromEntries(snapshot)));
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
  const text = readFileSync(join(files.folder, snapshotName), "utf8");
  const before = new Map(Object.entries(snapshotSchema.parse(JSON.parse(text))));
  const changes = diffSnapshots(before, await snapshotFolder(workspace, notLookedAt(files)));
  return changes.filter(({ path }) => !others.includes(join(workspace, path)));
}
