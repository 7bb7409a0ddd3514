import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { relocate, type Relocation } from "../agents/replay/relocation.ts";
import { isWithin } from "../evaluation/paths.ts";
import type { ServerSpec } from "./run-spec.ts";

/** Servers of a run as its replay starts them: what named the workspace names the scratch copy. */
export function relocatedServers(
  servers: readonly ServerSpec[],
  moved: Relocation,
): readonly ServerSpec[] {
  return servers.map((server) => {
    if (!("args" in server)) return server;
    const { cwd, args } = server;
    return {
      ...server,
      cwd: movedPath(cwd, moved) ?? cwd,
      args: args.map((arg) => movedArgument(arg, cwd, moved)),
    };
  });
}

/** An argument is a path, or has one behind its `=`, or is left as it is. */
function movedArgument(arg: string, cwd: string, moved: Relocation): string {
  const [, flag = "", word = ""] = /^(-[^=]*=)?(.*)$/s.exec(arg) ?? [];
  const path = resolve(cwd, word);
  const isPath = word !== "" && !word.startsWith("-") && existsSync(path);
  // One that is relative to a folder in the workspace means the same in the scratch copy.
  const staysRelative = !word.startsWith("/") && isWithin(moved.from, cwd);
  const to = isPath && !staysRelative ? movedPath(path, moved) : undefined;
  return to === undefined ? relocate(arg, moved) : `${flag}${to}`;
}

function movedPath(path: string, { from, to }: Relocation): string | undefined {
  return isWithin(from, path) ? join(to, relative(from, path)) : undefined;
}
