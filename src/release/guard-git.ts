import { commitOf, type Git } from "./git.ts";
import {
  judgeSequence,
  type Landing,
  type SequenceClaim,
  sequenceClaim,
  type SequenceVerdict,
} from "./sequence.ts";

interface Commit {
  readonly hash: string;
  readonly parents: readonly string[];
  readonly trailers: readonly string[];
  readonly body: string;
}

const format =
  "--format=%H%x1f%P%x1f%(trailers:key=Sequence,valueonly,unfold,separator=%x1e)%x1f%B%x00";

/**
 * Judges a branch by the `Sequence: N` trailers of its commits, against what was merged into the
 * base. Of a merge, its own trailer counts; where it has none, those of the commits that it brought.
 * @param base the branch that it would be merged into
 * @throws Agent33Error `release.unknown_revision`, `release.git_failed`
 */
export async function guardBranch(
  git: Git,
  { base, head }: { readonly base: string; readonly head: string },
): Promise<SequenceVerdict> {
  const [from, to] = [await commitOf(git, base), await commitOf(git, head)];
  const own = claimOf(await commitsOf(git, `${from}..${to}`));
  if (own.steps.length !== 1 || own.malformed.length > 0) return judgeSequence(own, [], base);
  return judgeSequence(own, await landingsOn(git, from), base);
}

/** What landed on a branch, the latest first, back to where its latest series began. */
async function landingsOn(git: Git, base: string): Promise<readonly Landing[]> {
  const landings: Landing[] = [];
  for (const commit of await commitsOf(git, base, "--first-parent")) {
    const landing = await landingOf(git, commit);
    landings.push(landing);
    if (landing.claim.steps.includes(1)) break;
  }
  return landings;
}

async function landingOf(git: Git, commit: Commit): Promise<Landing> {
  const [first, ...merged] = commit.parents;
  const brought =
    first === undefined || merged.length === 0
      ? []
      : await commitsOf(git, ...merged, "--not", first);
  return {
    id: commit.hash,
    claim: claimOf(commit.trailers.length > 0 ? [commit] : [commit, ...brought]),
    covers: brought.map(({ hash }) => hash),
    reverts: await fullHashes(
      git,
      [commit, ...brought].flatMap(({ body }) => revertsIn(body)),
    ),
  };
}

async function commitsOf(git: Git, ...range: readonly string[]): Promise<readonly Commit[]> {
  const text = await git.run("log", format, ...range, "--");
  return text
    .split("\0")
    .map((entry) => entry.replace(/^\n/, ""))
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [hash = "", parents = "", trailers = "", ...body] = entry.split("\u001f");
      return {
        hash,
        parents: wordsOf(parents, " "),
        trailers: wordsOf(trailers, "\u001e"),
        body: body.join("\u001f"),
      };
    });
}

function wordsOf(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function claimOf(commits: readonly Commit[]): SequenceClaim {
  return sequenceClaim(
    commits.flatMap(({ trailers }) =>
      trailers.map((value) => [`Sequence: ${value}`, value] as const),
    ),
  );
}

/** What `git revert` writes into its message; with `--reference` the hash is a short one. */
function revertsIn(body: string): readonly string[] {
  return [...body.matchAll(/^This reverts commit ([0-9a-f]{7,64})\b/gm)].map(
    ([, hash = ""]) => hash,
  );
}

/** Those that are of one commit here; what is not known here has landed nothing. */
async function fullHashes(git: Git, hashes: readonly string[]): Promise<readonly string[]> {
  const full: string[] = [];
  for (const hash of hashes) {
    if (hash.length >= 40) full.push(hash);
    else {
      const found = await git.ask("rev-parse", "--verify", "--quiet", `${hash}^{commit}`);
      if (found !== undefined) full.push(found.trim());
    }
  }
  return full;
}
