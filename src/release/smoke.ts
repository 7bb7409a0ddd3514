import type { CtrfTest } from "../base/ctrf.ts";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import type { Host } from "../engine/host.ts";
import { firstBad, type RevertAdvice } from "./first-bad.ts";
import { commitOf, type Git } from "./git.ts";
import { type Counts, type GroupRun, runGroup } from "../evaluation/groups/run-group.ts";
import type { Packet } from "./packet.ts";
import { type SealKeys, type Sealed, sealProblems } from "../base/seal.ts";
import type { GroupSettings } from "../evaluation/groups/group-form.ts";
import { groupsNamed, type ReleaseSettings } from "./settings.ts";
import { inWorktree } from "./worktree.ts";

export interface SmokeRequest {
  /** What was merged: a branch or a commit. */
  readonly commit: string;
  /** The branch whose last green commit is remembered. */
  readonly branch: string;
  /** What was promised. */
  readonly packet: Sealed<Packet> | undefined;
  readonly settings: ReleaseSettings;
  readonly keys: SealKeys;
  /** Whether the first bad merge is looked for. */
  readonly bisect: boolean;
  readonly onGroup?: (name: string, commit: string) => void;
}

/** A group after its last run. */
export interface SmokeGroup {
  readonly name: string;
  readonly command: readonly string[];
  readonly counts: Counts;
  readonly promised: Counts | null;
  readonly durationMs: number;
  /** Runs besides the first. */
  readonly reruns: number;
  /** Tests that failed before they passed. */
  readonly flaky: readonly string[];
  /** Why it is not as it should be; none where it is. */
  readonly problems: readonly string[];
  readonly tests: readonly CtrfTest[];
  /** The end of what it printed, where it failed. */
  readonly output: string;
}

export interface SmokeReport {
  readonly commit: string;
  readonly branch: string;
  /** The last commit at which smoke passed, before this one. */
  readonly lastGreen: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly ok: boolean;
  readonly groups: readonly SmokeGroup[];
  /** What is wrong besides the groups. */
  readonly problems: readonly string[];
  readonly advice: RevertAdvice | null;
}

/**
 * Runs the declared groups at a merged commit in a fresh checkout, compares them with what its
 * packet promised, and looks for the first bad merge since the last green one.
 * @throws Agent33Error `release.bad_branch`, `release.unknown_revision`, `release.prepare_failed`
 */
export async function runSmoke(git: Git, host: Host, request: SmokeRequest): Promise<SmokeReport> {
  const { settings, packet } = request;
  const green = greenRef(request.branch);
  const startedAt = host.clock.now();
  const commit = await commitOf(git, request.commit);
  const lastGreen = (await git.ask("rev-parse", "--verify", "--quiet", green))?.trim() ?? null;
  const wanted = groupsNamed(settings, settings.smoke.groups);
  const problems = await packetProblems(git, commit, request);
  const at = (revision: string, groups: typeof wanted, promises: Packet | undefined) =>
    smokeAt(git, host, { ...request, commit: revision, groups, promises });
  const groups = await at(commit, wanted, packet?.body);
  const ok = problems.length === 0 && groups.every((group) => group.problems.length === 0);
  if (ok) await git.run("update-ref", green, commit);
  const broken = wanted.filter(([name]) =>
    groups.some((group) => group.name === name && hasFailed(group)),
  );
  const found =
    !request.bisect || broken.length === 0 || lastGreen === null
      ? { advice: null, problems: [] }
      : await advised(() =>
          firstBad(git, { good: lastGreen, bad: commit }, async (revision) =>
            (await at(revision, broken, undefined)).some(hasFailed),
          ),
        );
  const { branch } = request;
  return {
    commit,
    branch,
    lastGreen,
    startedAt,
    endedAt: host.clock.now(),
    ok,
    groups,
    problems: [...problems, ...found.problems],
    advice: found.advice,
  };
}

/** A commit in between that cannot be made ready tells nothing; the report is written all the same. */
async function advised(
  look: () => Promise<RevertAdvice | null>,
): Promise<{ readonly advice: RevertAdvice | null; readonly problems: readonly string[] }> {
  try {
    return { advice: await look(), problems: [] };
  } catch (error) {
    if (!isAgent33Error(error) || error.code !== "release.prepare_failed") throw error;
    return { advice: null, problems: [`the first bad merge was not found: ${error.message}`] };
  }
}

/** Fewer tests than promised are no failure that an older commit could be asked about. */
const hasFailed = ({ problems, counts, promised }: SmokeGroup): boolean =>
  problems.length > promiseProblems(counts, promised).length;

function greenRef(branch: string): string {
  if (/^[\w][\w.-]*(?:\/[\w][\w.-]*)*$/.test(branch) && !branch.includes("..")) {
    return `refs/agent33/green/${branch}`;
  }
  throw new Agent33Error("release.bad_branch", `${JSON.stringify(branch)} is no branch's name.`, {
    hint: "Give the name as `git branch` lists it.",
  });
}

async function packetProblems(
  git: Git,
  commit: string,
  { packet, keys }: SmokeRequest,
): Promise<readonly string[]> {
  if (packet === undefined) return [];
  const broken = sealProblems("the packet", packet, keys);
  const { head, problems } = packet.body;
  const within = await git.ask("merge-base", "--is-ancestor", head, commit);
  return [
    ...broken,
    ...problems.map((problem) => `the packet did not stand: ${problem}`),
    ...(within === undefined
      ? [`the packet's commit ${head.slice(0, 12)} is not part of ${commit.slice(0, 12)}`]
      : []),
  ];
}

interface SmokeAt extends SmokeRequest {
  readonly groups: readonly (readonly [string, GroupSettings])[];
  readonly promises: Packet | undefined;
}

async function smokeAt(git: Git, host: Host, request: SmokeAt): Promise<readonly SmokeGroup[]> {
  const { commit, settings, promises } = request;
  return inWorktree(git, host, { commit, prepare: settings.prepare }, async (worktree) => {
    const done: SmokeGroup[] = [];
    for (const [name, group] of request.groups) {
      request.onGroup?.(name, commit);
      const promised = promises?.evidence.find((one) => one.group === name)?.counts ?? null;
      done.push(await smokeGroup(worktree, [name, group], promised, settings.smoke.reruns));
    }
    return done;
  });
}

/** Runs a group, and again while it fails and may be run again; it counts as its last run does. */
async function smokeGroup(
  { commands, folder }: Git,
  [name, group]: readonly [string, GroupSettings],
  promised: Counts | null,
  mayRerun: number,
): Promise<SmokeGroup> {
  let last = await runGroup(commands, folder, name, group);
  const runs: GroupRun[] = [last];
  while (last.recorded.problems.length > 0 && runs.length <= mayRerun) {
    last = await runGroup(commands, folder, name, group);
    runs.push(last);
  }
  const { recorded, tests, output } = last;
  const failedBefore = new Map<string, number>();
  for (const run of runs.slice(0, -1)) {
    for (const test of run.tests.filter(({ status }) => status === "failed")) {
      failedBefore.set(nameOf(test), (failedBefore.get(nameOf(test)) ?? 0) + 1);
    }
  }
  const marked = tests.map((test): CtrfTest => {
    const retries = failedBefore.get(nameOf(test)) ?? 0;
    return retries === 0 ? test : { ...test, retries: (test.retries ?? 0) + retries };
  });
  const flaky = marked
    .filter((test) => test.status === "passed" && failedBefore.has(nameOf(test)))
    .map(nameOf);
  const { command, counts } = recorded;
  return {
    name,
    command,
    counts,
    promised,
    durationMs: runs.reduce((sum, run) => sum + run.recorded.durationMs, 0),
    reruns: runs.length - 1,
    flaky,
    problems: [...recorded.problems, ...promiseProblems(counts, promised)],
    tests: marked,
    output: recorded.problems.length === 0 ? "" : output,
  };
}

function nameOf({ suite = [], name }: CtrfTest): string {
  return [...suite, name].join(" > ");
}

function promiseProblems(counts: Counts, promised: Counts | null): readonly string[] {
  if (promised === null) return [];
  if (counts.tests < promised.tests) {
    return [`${counts.tests} tests ran; the packet promised ${promised.tests}`];
  }
  // What is skipped now was promised to pass.
  return counts.passed + counts.failed < promised.passed
    ? [`${counts.passed} tests passed; the packet promised ${promised.passed}`]
    : [];
}
