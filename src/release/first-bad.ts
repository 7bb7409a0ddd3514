import type { Git } from "./git.ts";

/** What to take back, and why. */
export interface RevertAdvice {
  readonly commit: string;
  readonly subject: string;
  /** To be pasted. */
  readonly command: string;
  /** Commits that were tried to find it. */
  readonly tried: number;
}

/**
 * Finds the first bad merge by halving what landed since the last green commit, first parents only:
 * a merge is taken back as a whole. It takes for granted that what broke stays broken.
 * @param range a commit that passed, and a later one that fails
 * @param isBad tries a commit
 * @returns null where the good commit is not in the history of the bad one
 */
export async function firstBad(
  git: Git,
  { good, bad }: { readonly good: string; readonly bad: string },
  isBad: (commit: string) => Promise<boolean>,
): Promise<RevertAdvice | null> {
  const reached = await git.ask("merge-base", "--is-ancestor", good, bad);
  if (reached === undefined) return null;
  const log = await git.run("rev-list", "--first-parent", "--reverse", `${good}..${bad}`, "--");
  const commits = log.split("\n").filter((line) => line !== "");
  let [low, high, tried] = [0, commits.length - 1, 0];
  // Always: all before low are good, and high is bad.
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    tried += 1;
    if (await isBad(commits[middle] ?? bad)) high = middle;
    else low = middle + 1;
  }
  const commit = commits[high];
  if (commit === undefined) return null;
  const told = await git.run("show", "--no-patch", "--format=%P%x1f%s", commit, "--");
  const [parents = "", subject = ""] = told.trim().split("\u001f");
  const merge = parents.includes(" ") ? " -m 1" : "";
  return { commit, subject, command: `git revert${merge} ${commit}`, tried };
}
