import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { copyFolder, keepFolder, keptFolderSchema } from "../evaluation/workspaces/kept-folder.ts";
import { resetFolder } from "../evaluation/workspaces/reset-folder.ts";
import { dataDirOf, keptContents, type RunFiles, startFiles } from "./run-files.ts";

const cleanName = "workspace-clean.json";
const doneName = "workspace-reset";
const mostCleanFiles = 20_000;

/** Where what an attempt left in its workspace is kept once another begins. */
export function leftBehind({ folder }: RunFiles): string {
  return join(folder, "workspace-left");
}

/**
 * Keeps a workspace before the first attempt, all of it, so that another can begin from there.
 * @returns why it is not kept; undefined where it is
 */
export async function keepClean(
  files: RunFiles,
  workspace: string,
  megabytes: number,
  holdsSecret: (content: Buffer) => boolean,
): Promise<string | undefined> {
  try {
    const kept = await keepFolder(
      workspace,
      {
        contents: keptContents(files),
        name: basename(files.folder),
        mostBytes: megabytes * 1024 * 1024,
        mostFiles: mostCleanFiles,
        mayKeep: (content, path) => {
          if (!holdsSecret(content)) return true;
          // Without it the next attempt would not find the workspace as it was.
          throw new Agent33Error(
            "evaluation.keep_failed",
            `${path} holds a secret of this machine`,
          );
        },
      },
      (folder) => folder === dataDirOf(files),
    );
    if (kept === undefined) {
      return `the workspace is larger than ${megabytes} MB or ${mostCleanFiles} files`;
    }
    mkdirSync(files.folder, { recursive: true });
    writeFileSync(join(files.folder, cleanName), JSON.stringify(kept), { mode: 0o600 });
    return undefined;
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    return error.message;
  }
}

/** The attempts that a clean workspace has to do with. */
export interface AttemptFiles {
  /** Of the first attempt, before which the workspace was kept. */
  readonly first: RunFiles;
  /** Of the one that failed last. */
  readonly failed: RunFiles;
  /** Of the one that is to begin. */
  readonly next: RunFiles;
}

/**
 * Gives the next attempt the workspace that the first began with, after what the failed one left is
 * kept beside. Every step can be done again, so a crash in the middle loses nothing; once all is
 * done nothing is done again, because the attempt may have begun.
 * @param untouched places that no agent can write, which are left as they are
 * @throws Agent33Error `evaluation.keep_failed`
 */
export async function beginClean(
  { first, failed, next }: AttemptFiles,
  workspace: string,
  untouched: readonly string[],
): Promise<void> {
  const done = join(next.folder, doneName);
  if (existsSync(done)) return;
  const dataDir = dataDirOf(next);
  const left = leftBehind(failed);
  if (!existsSync(left)) {
    const half = `${left}.half`;
    await rm(half, { recursive: true, force: true });
    await copyFolder(workspace, half, (folder) => folder === dataDir);
    await rename(half, left);
  }
  const kept = keptFolderSchema.parse(
    JSON.parse(readFileSync(join(first.folder, cleanName), "utf8")),
  );
  const closed = new Set([dataDir, ...untouched]);
  await resetFolder(kept, keptContents(first), workspace, (path) => closed.has(path));
  mkdirSync(next.folder, { recursive: true });
  for (const name of startFiles) {
    const from = join(first.folder, name);
    if (existsSync(from)) copyFileSync(from, join(next.folder, name));
  }
  writeFileSync(done, "");
}
