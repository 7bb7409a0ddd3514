import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { Agent33Error } from "../base/errors.ts";

/**
 * Commands may write all of the workspace, so nothing that this program reads or trusts may lie in
 * it: a command could forge the store or choose what the next run starts.
 * @param trusted absolute paths, which need not exist
 * @throws Agent33Error `engine.shell_without_workspace`, `engine.data_in_workspace`
 */
export function checkShellPlace(workspace: string | null, trusted: readonly string[]): void {
  if (workspace === null) {
    throw new Agent33Error(
      "engine.shell_without_workspace",
      "A shell needs a workspace to work in.",
      {
        hint: "Add --workspace FOLDER.",
      },
    );
  }
  for (const path of trusted) {
    if (!liesIn(workspace, path)) continue;
    throw new Agent33Error(
      "engine.data_in_workspace",
      `${path} lies in the workspace, where commands could change it.`,
      {
        hint: "Choose a workspace of its own, or keep that elsewhere (--data, --config, --agent).",
      },
    );
  }
}

/** Whether a path is a folder or in it; neither need exist, and links are followed. */
export function liesIn(folder: string, path: string): boolean {
  const way = relative(realPlace(folder), realPlace(path));
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function realPlace(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return dirname(path) === path ? path : join(realPlace(dirname(path)), basename(path));
}
