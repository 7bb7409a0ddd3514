import { dirname, posix, relative, sep } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { type Change, pickImpacted } from "../evaluation/gates/impact.ts";
import { commitNamed, gitIn } from "./git.ts";
import type { Host } from "./host.ts";
import type { OpenGate } from "./open-gate.ts";

/**
 * A gate with only what a change touches: what differs between the merge base and the files as they
 * are now, those that git does not track yet too. What is left out is said in its verdict.
 * @param base a branch, a tag or a commit
 * @throws Agent33Error `evaluation.unknown_base`, `release.git_failed`
 */
export async function impactedGate(
  host: Pick<Host, "clock" | "env" | "nodePath" | "cwd">,
  open: OpenGate,
  base: string,
): Promise<OpenGate> {
  const root = dirname(open.file);
  const change = await changeSince(host, root, base);
  const fromRoot = (path: string): string => relative(root, path).split(sep).join("/");
  const rules = [open.file, ...(open.surface === undefined ? [] : [open.surface.path])];
  const { picked, narrowed } = pickImpacted(
    open,
    change,
    ({ dir }) => fromRoot(dir),
    rules.map(fromRoot),
  );
  return { ...open, ...picked, narrowed };
}

async function changeSince(
  host: Parameters<typeof gitIn>[0],
  root: string,
  base: string,
): Promise<Change> {
  const git = gitIn(host, root);
  const found = await commitNamed(git, base);
  const mergeBase = found === undefined ? undefined : await git.ask("merge-base", found, "HEAD");
  if (mergeBase === undefined) {
    throw new Agent33Error(
      "evaluation.unknown_base",
      found === undefined
        ? `There is no commit ${JSON.stringify(base)} in ${root}.`
        : `${JSON.stringify(base)} and what is checked out in ${root} have no commit in common.`,
      {
        hint: "Name a branch, a tag or a commit by --base, and fetch it with its history first.",
      },
    );
  }
  const commit = mergeBase.trim();
  const differs = ["diff", "--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff"];
  const lists = [
    await git.run(...differs, commit, "--"),
    // What is staged, and was then put back in the folder alone.
    await git.run(...differs, "--cached", commit, "--"),
    await git.run("ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/"),
  ];
  const prefix = (await git.run("rev-parse", "--show-prefix")).trim();
  const paths = new Set(lists.flatMap((list) => list.split("\0")).filter((path) => path !== ""));
  return {
    base,
    mergeBase: commit,
    paths: [...paths].map((path) => posix.relative(`/${prefix}`, `/${path}`)).toSorted(),
  };
}
