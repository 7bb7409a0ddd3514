import type { Git } from "./git.ts";

/** Most files of one commit that are read at the same time. */
const together = 8;

/** Reads a file as a commit has it; undefined where it has none there. */
export function textAt(git: Git, commit: string, path: string): Promise<string | undefined> {
  return git.ask("cat-file", "blob", `${commit}:${path}`);
}

/** The paths of all files of a commit. @throws Agent33Error `release.git_failed` */
export async function pathsAt(git: Git, commit: string): Promise<readonly string[]> {
  const text = await git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit);
  return text.split("\0").filter((path) => path !== "");
}

/** Reads several files of a commit, by their paths; those that are not there are left out. */
export async function textsAt(
  git: Git,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (let from = 0; from < paths.length; from += together) {
    const some = paths.slice(from, from + together);
    const read = await Promise.all(some.map((path) => textAt(git, commit, path)));
    for (const [index, text] of read.entries()) {
      const path = some[index];
      if (path !== undefined && text !== undefined) texts.set(path, text);
    }
  }
  return texts;
}

/** A file that differs, as it is before and after; undefined where it is not there. */
export interface FilePair {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What could not be read, and so was not compared. */
export interface Unread {
  readonly path: string;
  readonly side: "base" | "head";
  readonly why: string;
}
