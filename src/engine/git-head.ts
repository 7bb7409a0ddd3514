import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What is checked out; null for what it does not say. */
export interface GitHead {
  readonly branch: string | null;
  readonly commit: string | null;
}

/** What is checked out in a folder, by git's own files: git itself is not needed for that. */
export function gitHead(folder: string): GitHead {
  const dir = gitFolder(resolve(folder));
  const head = dir === undefined ? undefined : textIn(join(dir, "HEAD"));
  if (dir === undefined || head === undefined) return { branch: null, commit: null };
  const [, ref] = /^ref: (.+)$/.exec(head) ?? [];
  if (ref === undefined) return { branch: null, commit: head };
  // A worktree has its own HEAD, and shares the refs.
  const shared = textIn(join(dir, "commondir"));
  const common = shared === undefined ? dir : resolve(dir, shared);
  const packed = textIn(join(common, "packed-refs"))?.split("\n") ?? [];
  const line = packed.find((one) => one.endsWith(` ${ref}`));
  return {
    branch: ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null,
    commit: textIn(join(common, ref)) ?? line?.split(" ")[0] ?? null,
  };
}

function gitFolder(folder: string): string | undefined {
  const place = join(folder, ".git");
  const found = statSync(place, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return place;
  const [, elsewhere] =
    /^gitdir: (.+)$/.exec(found === undefined ? "" : (textIn(place) ?? "")) ?? [];
  if (elsewhere !== undefined) return resolve(folder, elsewhere);
  return dirname(folder) === folder ? undefined : gitFolder(dirname(folder));
}

function textIn(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
