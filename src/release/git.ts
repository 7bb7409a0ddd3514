import { Agent33Error } from "../base/errors.ts";
import { commitNamed, type Git, gitIn } from "../engine/git.ts";

export { type Git, gitIn };

/**
 * The full hash of the commit that a name stands for.
 * @throws Agent33Error `release.unknown_revision`
 */
export async function commitOf(git: Git, revision: string): Promise<string> {
  const found = await commitNamed(git, revision);
  if (found !== undefined) return found;
  throw new Agent33Error(
    "release.unknown_revision",
    `There is no commit ${JSON.stringify(revision)} in ${git.folder}.`,
    { hint: "Name a branch, a tag or a commit of this repository, and fetch it first." },
  );
}

/** The repository at its top folder, where its settings are. @throws Agent33Error `release.git_failed` */
export async function topOf(git: Git, host: Parameters<typeof gitIn>[0]): Promise<Git> {
  return gitIn(host, (await git.run("rev-parse", "--show-toplevel")).trim());
}
