import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { Agent33Error, systemCodeOf } from "../../base/errors.ts";
import { BoundaryError } from "../../boundary/errors.ts";

/**
 * The real place of a file that a model named, inside the workspace. The file itself need not
 * exist; its folder must. Links in the folders above it are followed and must stay inside.
 * @param root the workspace, absolute
 * @param path relative to the workspace
 * @param closed folders and files within the workspace, absolute, in which nothing is to be touched
 * @throws Agent33Error `workspace.path_refused` for a path that leads out, `workspace.no_folder`
 * @throws BoundaryError `boundary.transport` where there is no workspace
 */
export async function containedPath(
  root: string,
  path: string,
  closed: readonly string[] = [],
): Promise<string> {
  if (
    path === "" ||
    path.includes("\0") ||
    isAbsolute(path) ||
    path.split(/[/\\]/).includes("..")
  ) {
    throw refused(path, "it must be relative to the workspace, without ..");
  }
  const realRoot = await realpath(root).catch((cause: unknown) => {
    throw new BoundaryError("transport", "The workspace is not there.", {
      phase: "before_send",
      retryable: false,
      // Other runs have workspaces of their own.
      countsAgainstBreaker: false,
      hint: "Look what has become of the folder that the run works in.",
      cause,
    });
  });
  const wanted = resolve(realRoot, path);
  let folder: string;
  try {
    folder = await realpath(dirname(wanted));
  } catch (cause) {
    throw new Agent33Error("workspace.no_folder", `The folder of "${path}" does not exist.`, {
      hint: "Use a folder that exists in the workspace.",
      cause,
    });
  }
  if (wanted === realRoot || !isWithin(realRoot, folder)) {
    throw refused(path, "it leads out of the workspace");
  }
  for (const name of closed) {
    const place = await realPlace(name);
    if (isWithin(realRoot, place) && isWithin(place, resolve(folder, basename(wanted)))) {
      throw refused(path, "AGENT-33 keeps its own files there");
    }
  }
  return resolve(folder, basename(wanted));
}

/** A folder's real place; one that does not exist yet is where its name says. */
async function realPlace(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return resolve(folder);
    throw error;
  }
}

function isWithin(root: string, folder: string): boolean {
  const way = relative(root, folder);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function refused(path: string, why: string): Agent33Error {
  return new Agent33Error("workspace.path_refused", `The path "${path}" is refused: ${why}.`, {
    hint: "Name a file inside the workspace by its path from there.",
  });
}
