import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { digestOf } from "../../src/base/digest.ts";
import { seal } from "../../src/base/seal.ts";
import { readGateVerdict } from "../../src/release/gate-verdict.ts";
import { readPacket } from "../../src/release/packet.ts";
import { startCli } from "../support/cli.ts";
import { type GivenPull, startGitHub } from "../support/github-server.ts";
import { tasksIn } from "../support/tasks.ts";
import { releaseFiles, scratchRepository } from "../support/scratch-repository.ts";
import type { HeavySuite } from "./suite.ts";

/** One golden task. Its own solution is tried first: where that fails, the task is left out. */
const gatesFile = `version: 1
tasks:
  - { path: tasks/one, tags: [critical], owner: ada }
gates:
  merge:
    tags: [critical]
    agents: [{ kind: command, name: worker, line: 'sh -c "echo yes > done"' }]
    environment: host
    thresholds: [{ metric: success_rate, at_least: 1, action: block }]
`;

/** Changes of a series through guard, packet, gate and smoke, by the program as users start it. */
export const releaseFlow: HeavySuite = {
  about:
    "a series through guard, packet, gate and smoke, every refusal seen; a round is a branch (from 2 on)",
  defaultRounds: 5,
  run: async (rounds, say) => {
    let passed = 0;
    let failed = 0;
    const check = (what: string, holds: boolean): void => {
      if (holds) passed += 1;
      else failed += 1;
      say(`${holds ? "held" : "NOT HELD"}: ${what}`);
    };
    const folder = mkdtempSync(join(tmpdir(), "agent33-heavy-release-"));
    try {
      await flow(folder, Math.max(2, rounds), check);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return { passed, failed };
  },
};

type Check = (what: string, holds: boolean) => void;

async function flow(folder: string, length: number, check: Check): Promise<void> {
  const github = await startGitHub(2);
  const repository = scratchRepository(folder);
  const { git, commit } = repository;
  const release = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await startCli(["release", ...words], { cwd: folder }).ended;
    return { code, said: stdout + stderr };
  };
  /** Held where the program says no with these words. */
  const refused = async (what: string, word: string, ...words: readonly string[]) => {
    const { code, said } = await release(...words);
    check(`refused: ${what} (${word})`, code === 2 && said.includes(word));
  };
  const overGitHub = (number: number) => [
    "guard",
    "--github",
    "--api-url",
    github.apiUrl,
    "--repository",
    "o/r",
    "--pull-request",
    String(number),
  ];
  try {
    tasksIn(folder, { one: {} });
    const files = releaseFiles(["step0"], "packet: { gate: merge }\n");
    commit("Checks", {
      ...files,
      ".gitignore": `${files[".gitignore"]}/jobs/\n`,
      "agent33.gates.yaml": gatesFile,
    });
    check("smoke of the start is green", (await release("smoke")).code === 0);
    const merged: GivenPull[] = [];
    const offered = (number: number, ...labels: readonly string[]): void =>
      github.set([{ number, labels }, ...merged]);
    for (let step = 1; step <= length; step += 1) {
      const branch = `step-${step}`;
      git("checkout", "-q", "-b", branch, "main");
      const checks = Array.from({ length: step + 1 }, (_, index) => `step${index}`);
      const head = commit(`Step ${step}\n\nSequence: ${step}`, {
        "checks.txt": `${checks.join("\n")}\n`,
      });
      await outOfTurn(step, { repository, refused, offered, overGitHub });
      git("checkout", "-q", branch);
      offered(100 + step, `sequence:${step}`);
      check(`guard lets step ${step} pass, by git`, (await release("guard")).code === 0);
      check(
        `guard lets step ${step} pass, by GitHub`,
        (await release(...overGitHub(100 + step))).code === 0,
      );
      const packet = await packetFor(head, step === 1, { folder, release, refused, check, git });
      git("checkout", "-q", "main");
      await refused("a packet of another commit", "stale", "packet", "verify", packet);
      git("merge", "-q", "--no-ff", "-m", `Merge ${branch}`, branch);
      merged.push({ number: 100 + step, labels: [`sequence:${step}`], mergedAt: step * 10 });
      const smoke = await release("smoke", "--packet", packet);
      check(`smoke of step ${step} is as promised`, smoke.code === 0);
      if (step === length)
        await afterwards(packet, length, { repository, release, refused, check });
    }
    merged.push({ number: 200, mergedAt: 100, body: `Reverts o/r#${100 + length}` });
    offered(201, `sequence:${length + 1}`);
    await refused("a step after a reverted one, by GitHub", "was reverted", ...overGitHub(201));
  } finally {
    await github.close();
  }
}

type Refused = (what: string, word: string, ...words: readonly string[]) => Promise<void>;
type Release = (...words: readonly string[]) => Promise<{ code: number | null; said: string }>;

async function outOfTurn(
  step: number,
  parts: {
    readonly repository: ReturnType<typeof scratchRepository>;
    readonly refused: Refused;
    readonly offered: (number: number, ...labels: readonly string[]) => void;
    readonly overGitHub: (number: number) => readonly string[];
  },
): Promise<void> {
  const { repository, refused, offered, overGitHub } = parts;
  const { git, commit } = repository;
  git("checkout", "-q", "-b", `early-${step}`, "main");
  commit(`Too early\n\nSequence: ${step + 1}`);
  await refused(`step ${step + 1} before ${step}, by git`, "must wait", "guard");
  offered(300, `sequence:${step + 1}`);
  await refused(`step ${step + 1} before ${step}, by GitHub`, "must wait", ...overGitHub(300));
  commit(`Two places\n\nSequence: ${step}`);
  await refused("two places, by git", "one place", "guard");
  offered(300, `sequence:${step}`, `sequence:${step + 1}`);
  await refused("two places, by GitHub", "one place", ...overGitHub(300));
  if (step === 1) return;
  git("checkout", "-q", "-b", `again-${step}`, "main");
  commit(`Once more\n\nSequence: ${step - 1}`);
  // A step 1 begins a series of its own.
  if (step > 2) await refused("a step that was merged, by git", "already", "guard");
}

async function packetFor(
  head: string,
  first: boolean,
  parts: {
    readonly folder: string;
    readonly release: Release;
    readonly refused: Refused;
    readonly check: Check;
    readonly git: (...args: readonly string[]) => string;
  },
): Promise<string> {
  const { folder, release, refused, check, git } = parts;
  const place = join(folder, ".git", "agent33");
  const judge = async (name: string, ...words: readonly string[]) => {
    const { code } = await startCli(["gate", "run", "merge", "--name", name, ...words], {
      cwd: folder,
    }).ended;
    return { code, file: join(folder, "jobs", name, "verdict-merge.json") };
  };
  const create = (file: string) => ["packet", "create", "--gate", file];
  const name = head.slice(0, 12);
  const { code, file } = await judge(name);
  check("the gate passes", code === 0);
  if (first) await refused("a packet without evidence", "no usable snapshot", ...create(file));
  check("a snapshot is taken", (await release("snapshot")).code === 0);
  if (first) await badVerdicts(file, { ...parts, judge, create });
  check("a packet is made", (await release(...create(file))).code === 0);
  const packet = join(place, "packets", head.slice(0, 12), "packet.json");
  const verify = ["packet", "verify", packet, "--gate", file];
  check("it stands when it is run again", (await release(...verify)).code === 0);
  if (first) {
    await editedPackets(packet, refused);
    git("checkout", "-q", "main");
    const other = await judge("main");
    git("checkout", "-q", "-");
    await refused("a verdict of another commit", "another commit", ...create(other.file));
    check("the packet is put back", (await release(...create(file))).code === 0);
  }
  return packet;
}

/** Verdicts that do not stand for this commit, each made by the gate itself or edited after it. */
async function badVerdicts(
  file: string,
  parts: {
    readonly folder: string;
    readonly release: Release;
    readonly refused: Refused;
    readonly check: Check;
    readonly judge: (
      name: string,
      ...words: readonly string[]
    ) => Promise<{ code: number | null; file: string }>;
    readonly create: (file: string) => readonly string[];
  },
): Promise<void> {
  const { folder, release, refused, check, judge, create } = parts;
  await refused("a packet without its gate", "no verdict", "packet", "create");
  const edited = join(folder, ".git", "verdict.json");
  const { body, digest } = readGateVerdict(file);
  writeFileSync(edited, JSON.stringify({ body: { ...body, level: 0.5 }, digest }));
  await refused("a verdict that was edited", "was edited", ...create(edited));
  const checks = body.checks.map((one) => ({ ...one, outcome: "unknown" as const }));
  const sealed = seal({ ...body, checks }, {});
  writeFileSync(edited, JSON.stringify(sealed));
  await refused("an outcome that does not follow", "its checks say failed", ...create(edited));
  writeFileSync(edited, JSON.stringify({ gate: "merge", commit: "a", outcome: "pass" }));
  const byHand = await release(...create(edited));
  check(
    "refused: a verdict that was made by hand",
    byHand.code === 64 && byHand.said.includes("made by hand"),
  );
  const solution = join(folder, "tasks/one/solution/solve.sh");
  const good = readFileSync(solution, "utf8");
  writeFileSync(solution, "true\n");
  const skipped = await judge("skipped");
  check("a gate with a skipped critical task fails", skipped.code === 2);
  await refused("a skipped critical task", "one (skipped)", ...create(skipped.file));
  await refused("a gate that fails", "says no", ...create(skipped.file));
  await refused("a checkout that is not clean", "1 changed files", ...create(skipped.file));
  writeFileSync(solution, good);
  const before = await startCli(["gate", "run", "merge", "--job", dirname(file)], { cwd: folder })
    .ended;
  check("a job that was made before may be judged", before.code === 0);
  await refused("a job that was made before", "made before", ...create(file));
  const now = await judge("again");
  copyFileSync(now.file, file);
}

async function editedPackets(packet: string, refused: Refused): Promise<void> {
  const { body, digest } = readPacket(packet);
  const edited = packet.replace("packet.json", "edited.json");
  const evidence = body.evidence.map((one) => ({ ...one, counts: { ...one.counts, tests: 500 } }));
  const changed = { ...body, evidence };
  writeFileSync(edited, JSON.stringify({ body: changed, digest }));
  await refused("evidence that was edited", "was edited", "packet", "verify", edited);
  writeFileSync(edited, JSON.stringify({ body: changed, digest: digestOf(changed) }));
  await refused("evidence edited and sealed again", "snapshot says", "packet", "verify", edited);
  const loose = evidence.map((one) => ({ ...one, snapshot: "0".repeat(64) }));
  const foreign = { ...body, evidence: loose };
  writeFileSync(edited, JSON.stringify({ body: foreign, digest: digestOf(foreign) }));
  await refused("the same of no known snapshot", "run again it is", "packet", "verify", edited);
}

async function afterwards(
  packet: string,
  length: number,
  parts: {
    readonly repository: ReturnType<typeof scratchRepository>;
    readonly release: Release;
    readonly refused: Refused;
    readonly check: Check;
  },
): Promise<void> {
  const { repository, release, refused, check } = parts;
  const { git, commit, land } = repository;
  const all = readFileSync(join(repository.folder, "checks.txt"), "utf8");
  commit("Lose checks", { "checks.txt": "step0\n" });
  await refused(
    "fewer tests than promised",
    `packet promised ${length + 1}`,
    "smoke",
    "--packet",
    packet,
  );
  commit("Put them back", { "checks.txt": all.replace("step0", "step0 flaky") });
  const flaky = await release("smoke", "--packet", packet);
  check(
    "a flaky test is marked and passes",
    flaky.code === 0 && flaky.said.includes("flaky: step0"),
  );
  land("fine", "Fine", { fine: "1" });
  const bad = land("bad", "Break", { "checks.txt": all.replace("step2", "step2 fail") });
  land("later", "Later", { later: "1" });
  await refused(
    "a merge that breaks a test",
    `git revert -m 1 ${bad}`,
    "smoke",
    "--packet",
    packet,
  );
  git("revert", "--no-edit", "-m", "1", bad);
  check("what was advised mends it", (await release("smoke", "--packet", packet)).code === 0);
  const merge = git("log", "--first-parent", "--format=%H", `--grep=^Merge step-${length}`).trim();
  git("revert", "--no-edit", "-m", "1", "--strategy-option=ours", merge);
  git("checkout", "-q", "-b", "six");
  commit(`One more\n\nSequence: ${length + 1}`);
  await refused("a step after a reverted one, by git", "was reverted", "guard");
}
