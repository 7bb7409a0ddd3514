import { chmod, copyFile, lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { Agent33Error, isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { isWithin } from "../paths.ts";

/** What may be copied out of a folder. */
export interface SourceGuard {
  /** The folder that nothing may lead out of, links resolved. */
  readonly root: string;
  /** Paths that are passed over. */
  readonly skip: (path: string) => boolean;
}

/** @param root an existing folder */
export async function sourceGuard(
  root: string,
  skip: (path: string) => boolean,
): Promise<SourceGuard> {
  return { root: await realpath(root), skip };
}

/**
 * Copies a file, or what is in a folder, keeping permissions. A link to a file inside the guarded
 * folder becomes a copy of that file; links to folders are refused, because they can form circles.
 * @param to the file to write, or an existing folder
 * @param mode file permissions instead of the source's
 * @throws Agent33Error `evaluation.path_escape` for a link that leads out of the guarded folder,
 * `evaluation.copy_failed`
 */
export async function copyTree(
  from: string,
  to: string,
  guard: SourceGuard,
  mode: number | undefined,
): Promise<void> {
  try {
    await copyEntry(from, to, guard, mode);
  } catch (cause) {
    if (isAgent33Error(cause)) throw cause;
    throw new Agent33Error(
      "evaluation.copy_failed",
      `Cannot copy "${from}" to "${to}": ${messageOf(cause)}.`,
      { hint: "Check permissions and the space on the disk.", cause },
    );
  }
}

async function copyEntry(
  from: string,
  to: string,
  guard: SourceGuard,
  mode: number | undefined,
): Promise<void> {
  if (guard.skip(from)) return;
  const real = await realPathOf(from);
  if (!isWithin(guard.root, real)) throw escapes(from, real);
  const found = await lstat(real);
  if (found.isDirectory()) {
    if (real !== from && (await lstat(from)).isSymbolicLink()) throw folderLink(from);
    await mkdir(to, { recursive: true });
    for (const name of await readdir(from)) {
      await copyEntry(join(from, name), join(to, name), guard, mode);
    }
  } else if (found.isFile()) {
    await copyFile(real, to);
    if (mode !== undefined) await chmod(to, mode);
  }
}

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    if (systemCodeOf(cause) !== "ENOENT" && systemCodeOf(cause) !== "ELOOP") throw cause;
    throw new Agent33Error("evaluation.path_escape", `The link "${path}" leads nowhere.`, {
      hint: "Replace the link by the file that is meant.",
      cause,
    });
  }
}

function escapes(from: string, real: string): Agent33Error {
  return new Agent33Error(
    "evaluation.path_escape",
    `"${from}" leads to "${real}", outside the task's environment folder.`,
    { hint: "Replace the link by a copy of the file." },
  );
}

function folderLink(from: string): Agent33Error {
  return new Agent33Error(
    "evaluation.copy_unsupported",
    `"${from}" is a link to a folder, which is not copied.`,
    { hint: "Replace the link by the folder that is meant." },
  );
}
