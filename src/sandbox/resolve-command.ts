import { accessSync, constants, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { err, ok, type Result } from "../base/result.ts";

export interface CommandPlaces {
  /** Where the search for `node_modules/.bin` begins, and what a relative path is relative to. */
  readonly startFolder: string;
  /** The entries of PATH, in order. */
  readonly pathEntries: readonly string[];
}

/**
 * Finds a program as npm finds it for its scripts: a path is taken as it is; a bare name is looked
 * for in `node_modules/.bin` of the start folder and of each folder above it, then on PATH.
 * @returns the program's absolute path, or `sandbox.command_not_found`
 */
export function resolveCommand(command: string, places: CommandPlaces): Result<string> {
  if (isAbsolute(command) || command.includes("/")) {
    const path = resolve(places.startFolder, command);
    return isExecutable(path) ? ok(path) : err(notFound(command, [path]));
  }
  const folders = [...binFolders(places.startFolder), ...places.pathEntries.filter(isAbsolute)];
  const path = folders.map((folder) => join(folder, command)).find(isExecutable);
  return path === undefined ? err(notFound(command, folders)) : ok(path);
}

function binFolders(startFolder: string): readonly string[] {
  const folders: string[] = [];
  let folder = resolve(startFolder);
  for (;;) {
    folders.push(join(folder, "node_modules", ".bin"));
    const parent = dirname(folder);
    if (parent === folder) return folders;
    folder = parent;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not for us: both mean that the search goes on.
    return false;
  }
}

function notFound(command: string, looked: readonly string[]): Agent33Error {
  return new Agent33Error(
    "sandbox.command_not_found",
    `There is no program "${command}" that can be executed.`,
    {
      hint: "Install it, for example with npm install, or give its path. Looked in node_modules/.bin of the folder and its parents, and on PATH.",
      details: { command, looked },
    },
  );
}
