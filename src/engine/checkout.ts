import { dirname, join, relative } from "node:path";
import { isAgent33Error } from "../base/errors.ts";
import type { Checkout } from "../evaluation/gates/verdict.ts";
import { type Git, gitIn } from "./git.ts";
import { gitHead } from "./git-head.ts";
import type { Host } from "./host.ts";

/** The checkout that a file is in, or why it is in none. */
export type FoundCheckout =
  | {
      readonly checkout: Checkout;
      /** Those of its `dirty` that git tracks: what a job leaves beside them is not among them. */
      readonly edited: readonly string[];
    }
  | { readonly checkout: null; readonly whyNoCheckout: string };

/**
 * What is checked out where a file is: commit, tree, and what is not as in the commit. A file that
 * git does not track, also one that it was told to ignore, is not as in the commit either.
 * @param file absolute path
 * @param others files that say what is judged, too; absolute paths
 */
export async function checkoutOf(
  host: Pick<Host, "clock" | "env" | "nodePath" | "cwd">,
  file: string,
  others: readonly string[] = [],
): Promise<FoundCheckout> {
  const folder = dirname(file);
  const none = (whyNoCheckout: string): FoundCheckout => ({ checkout: null, whyNoCheckout });
  if (gitHead(folder).commit === null) {
    return none(`${folder} is in no checkout of git that has a commit.`);
  }
  try {
    const git = gitIn(host, folder);
    const [top, commit, tree] = [
      await lineOf(git, "rev-parse", "--show-toplevel"),
      await lineOf(git, "rev-parse", "--verify", "HEAD^{commit}"),
      await lineOf(git, "rev-parse", "--verify", "HEAD^{tree}"),
    ];
    const status = await git.run("status", "--porcelain=v1", "-z", "--no-renames");
    const entries = status.split("\0").filter((entry) => entry !== "");
    const pathOf = (entry: string): string => entry.slice(3);
    const changed = entries.map(pathOf);
    const prefix = await lineOf(git, "rev-parse", "--show-prefix");
    const pathFromTop = (one: string): string => join(prefix, relative(folder, one));
    const path = pathFromTop(file);
    const untracked: string[] = [];
    for (const one of [file, ...others]) {
      const tracked = await git.ask("ls-files", "--error-unmatch", "--", one);
      if (tracked === undefined) untracked.push(pathFromTop(one));
    }
    const dirty = [...new Set([...changed, ...untracked])];
    return {
      checkout: { folder: top, file: path, commit, tree, dirty },
      edited: entries.filter((entry) => !entry.startsWith("??")).map(pathOf),
    };
  } catch (error) {
    // Git that is not there or does not want to: a gate judges all the same.
    if (!isAgent33Error(error)) throw error;
    return none(error.message);
  }
}

const lineOf = async (git: Git, ...args: readonly string[]): Promise<string> =>
  (await git.run(...args)).trim();
