import type { Git } from "./git.ts";

/** Most files of one commit that are read at the same time. */
const together = 8;

/**
 * The paths of all files of a commit; submodules are none.
 * @throws Agent33Error `release.git_failed`
 */
export async function pathsAt(git: Git, commit: string): Promise<readonly string[]> {
  const text = await git.run("ls-tree", "-r", "-z", "--full-tree", commit);
  // `mode SP type SP hash TAB path NUL`
  return text.split("\0").flatMap((entry) => {
    const tab = entry.indexOf("\t");
    return entry.slice(0, tab).split(" ")[1] === "blob" ? [entry.slice(tab + 1)] : [];
  });
}

/**
 * Reads files of a commit, by their paths.
 * @param paths that {@link pathsAt} lists: what is there and cannot be read is never taken for missing
 * @throws Agent33Error `release.git_failed`
 */
export async function textsAt(
  git: Git,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (let from = 0; from < paths.length; from += together) {
    const some = paths.slice(from, from + together);
    const read = await Promise.all(
      some.map(async (path) => {
        return [path, await git.run("cat-file", "blob", `${commit}:${path}`)] as const;
      }),
    );
    for (const [path, text] of read) texts.set(path, text);
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
