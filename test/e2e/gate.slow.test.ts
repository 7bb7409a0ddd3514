import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sealedVerdictSchema } from "../../src/evaluation/gates/verdict.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { releaseFiles, scratchRepository } from "../support/scratch-repository.ts";
import { tasksIn } from "../support/tasks.ts";

grantTests("runs trials on the host", { spawn: true });

const worker = { kind: "command", name: "half", line: 'sh -c "echo yes > done; echo x > stray"' };
const gates = (more: object = {}): string =>
  JSON.stringify({
    version: 1,
    tasks: [
      { path: "tasks/one", tags: ["smoke", "critical"], owner: "ada", scope: ["done"] },
      { path: "tasks/two", tags: ["smoke"], owner: "bob" },
    ],
    gates: {
      merge: {
        tags: ["smoke"],
        agents: [worker],
        environment: "host",
        thresholds: [
          { metric: "success_rate", at_least: 1, action: "block" },
          { metric: "scope", at_least: 0.5, tags: ["critical"], action: "block" },
          { metric: "scope", at_least: 0.9, tags: ["critical"], action: "warn" },
        ],
        ...more,
      },
    },
  });

function project(text = gates()): string {
  const root = freshFolder();
  tasksIn(root, { one: {}, two: {} });
  writeFileSync(join(root, "agent33.gates.yaml"), text);
  return root;
}
const gate = (root: string, ...words: readonly string[]) =>
  runInProcess(["gate", ...words, "--data", "data"], root);

describe("agent33 gate run", () => {
  test("tries the golden tasks, says what it found, and keeps it beside the job", async () => {
    const root = project();
    const first = await gate(root, "run", "merge", "--name", "a", "--ctrf", "ctrf.json");
    expect(first.stdout).toContain("# Gate merge: warned");
    expect(first.stdout).toMatch(/\| warns \| threshold: scope at least 0.9 .* 0.5 /);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("Kept as");
    const file = join(root, "jobs/a/verdict-merge.json");
    const { body } = sealedVerdictSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(body).toMatchObject({ outcome: "warned", checkout: null, job: { madeHere: true } });
    expect(first.stdout).toContain("in no checkout of git");
    expect(readFileSync(join(root, "ctrf.json"), "utf8")).toContain('"reportFormat": "CTRF"');
    const again = await gate(root, "run", "merge", "--job", "jobs/a", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({
      ...body,
      kind: "verdict",
      file,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      judgedAt: expect.any(Number),
      job: { ...body.job, madeHere: false },
    });
  });

  test("says which commit it judged, and a packet takes its verdict for that one alone", async () => {
    const root = project();
    const { commit, git } = scratchRepository(root);
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const key = join(freshFolder(), "key.pem");
    const signing = `signing: { privateKeyFile: ${key}, publicKeyFile: key.pub }\n`;
    const files = releaseFiles(["a"], `packet: { gate: merge }\n${signing}`);
    const head = commit("Checks", {
      ...files,
      ".gitignore": `${files[".gitignore"]}data/\njobs/\n`,
      "key.pub": String(publicKey.export({ type: "spki", format: "pem" })),
    });
    const unsigned = await gate(root, "run", "merge", "--name", "u", "--json");
    expect(unsigned.stderr).toContain("The verdict is not signed");
    expect(JSON.parse(unsigned.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      checkout: { commit: head, file: "agent33.gates.yaml", dirty: [] },
    });
    writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
    await gate(root, "run", "merge", "--name", "a");
    await runInProcess(["release", "snapshot"], root);
    const packet = (...words: readonly string[]) =>
      runInProcess(["release", "packet", "create", "--gate", ...words], root);
    const good = await packet("jobs/a/verdict-merge.json");
    expect([good.stdout, good.code]).toEqual([expect.stringContaining("stands"), 0]);
    expect((await packet("jobs/u/verdict-merge.json")).stdout).toContain("is not signed");
    // A file that git was told to ignore judges nothing that is in the commit.
    git("check-ignore", "out/lax.yaml");
    mkdirSync(join(root, "out"), { recursive: true });
    writeFileSync(join(root, "out/lax.yaml"), gates().replaceAll("tasks/", "../tasks/"));
    await gate(root, "run", "merge", "--file", "out/lax.yaml", "--name", "l");
    const lax = await packet("jobs/l/verdict-merge.json");
    expect(lax.stdout).toContain("judged a checkout with 1 changed files (out/lax.yaml)");
    writeFileSync(join(root, "README.md"), "changed\n");
    await gate(root, "run", "merge", "--name", "d");
    expect((await packet("jobs/d/verdict-merge.json")).stdout).toContain("(README.md)");
    commit("More");
    expect((await packet("jobs/a/verdict-merge.json")).stdout).toContain("judged another commit");
  });

  test("runs the surface that the gate asks for, and fails by a probe that is missed", async () => {
    const root = project(gates({ surface: "what/must-work.yaml" }));
    const absent = await gate(root, "run", "merge", "--name", "a");
    expect([absent.code, absent.stderr]).toEqual([64, expect.stringContaining("must-work.yaml")]);
    expect(existsSync(join(root, "jobs/a"))).toBe(false);
    const probe = (id: string, word: string): object => ({
      id,
      promise: `The probe ${id} says yes.`,
      owner: "ada",
      paths: ["*"],
      run: ["node", "-p", `JSON.stringify({ said: "${word}" })`],
      expect: { output: [{ at: "/said", equals: "yes" }] },
    });
    mkdirSync(join(root, "what"));
    const write = (...words: readonly string[]): void =>
      writeFileSync(
        join(root, "what/must-work.yaml"),
        JSON.stringify({ version: 1, probes: words.map((word, at) => probe(`p${at}`, word)) }),
      );
    write("yes", "yes");
    const held = await gate(root, "run", "merge", "--name", "a");
    expect([held.code, held.stdout]).toEqual([0, expect.stringContaining("| ok | surface: p1 |")]);
    write("yes", "no");
    // The probes look at what is there now, also where the job was there before.
    const missed = await gate(root, "run", "merge", "--job", "jobs/a", "--json");
    expect(missed.code).toBe(2);
    expect(JSON.parse(missed.stdout)).toMatchObject({
      outcome: "failed",
      checks: expect.arrayContaining([
        expect.objectContaining({ kind: "surface", name: "p0", outcome: "met" }),
        expect.objectContaining({
          kind: "surface",
          name: "p1",
          outcome: "missed",
          action: "block",
          message: 'The probe p1 says yes. (owner ada); /said is "no"; "yes" is asked for',
        }),
      ]),
    });
  });

  test("is of no commit where another was checked out while it worked", async () => {
    const root = project();
    const { commit, git } = scratchRepository(root);
    const line = `sh -c "git -C ${root} -c user.name=a -c user.email=a@b commit -q --allow-empty -m x; echo yes > done"`;
    commit("Gates", { "agent33.gates.yaml": gates({ agents: [{ ...worker, line }] }) });
    const { code, stderr } = await gate(root, "run", "merge", "--name", "a");
    expect([code, stderr]).toEqual([1, expect.stringContaining("evaluation.head_moved")]);
    expect(git("log", "-1", "--format=%s")).toBe("x\n");
  });

  test("fails where a critical task is left out because its own solution does not pass", async () => {
    const root = project();
    tasksIn(root, { one: { "solution/solve.sh": "true\n" } });
    const { code, stdout } = await gate(root, "run", "merge", "--name", "a");
    expect(code).toBe(2);
    expect(stdout).toMatch(/\| BLOCKS \| task: one .*skipped/);
  });

  test("does not judge a job of other conditions, or of a task that has changed since", async () => {
    const root = project();
    await gate(root, "run", "merge", "--name", "a");
    writeFileSync(join(root, "agent33.gates.yaml"), gates({ agents: [{ kind: "oracle" }] }));
    const other = await gate(root, "run", "merge", "--job", "jobs/a");
    expect([other.code, other.stdout]).toEqual([
      2,
      expect.stringContaining("differs from the gate in agents"),
    ]);
    writeFileSync(join(root, "agent33.gates.yaml"), gates());
    tasksIn(root, { one: { "instruction.md": "Something else.\n" } });
    const changed = await gate(root, "run", "merge", "--job", "jobs/a");
    expect([changed.code, changed.stdout]).toEqual([2, expect.stringContaining("another version")]);
  });

  test("says what is wrong with what it is given", async () => {
    const root = project();
    const unknown = await gate(root, "run", "mergr");
    expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining("merge")]);
    const missing = await gate(root, "run", "merge", "--file", "no.yaml");
    expect([missing.code, missing.stderr]).toEqual([64, expect.stringContaining("no.yaml")]);
    const both = await gate(root, "run", "merge", "--job", "a", "--name", "b");
    expect([both.code, both.stderr]).toEqual([64, expect.stringContaining("--job judges")]);
    const gone = await gate(root, "run", "merge", "--job", "jobs/none");
    expect([gone.code, gone.stderr]).toEqual([64, expect.stringContaining("job_not_found")]);
  });
});

describe("agent33 gate baseline and regressions", () => {
  /** A worker that passes while the file `good` is there. */
  const fickle = (root: string) => ({
    agents: [{ ...worker, line: `sh -c "test ! -e ${root}/good || echo yes > done"` }],
    trials: 5,
    thresholds: [{ metric: "success_rate", at_least: 0.9, action: "warn" }],
  });

  test("find what got worse, keep it, and let people say what becomes of it", {
    timeout: 120_000,
  }, async () => {
    const root = project();
    writeFileSync(join(root, "agent33.gates.yaml"), gates(fickle(root)));
    writeFileSync(join(root, "good"), "");
    await gate(root, "run", "merge", "--name", "before");
    const saved = await gate(root, "baseline", "save", "jobs/before", "--branch", "feature/x");
    expect(saved.stdout).toContain("Kept as the baseline of feature/x.");
    const listed = await gate(root, "baseline", "list", "--json");
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { branch: "feature/x", job: { name: "before" } },
    ]);

    const against = ["--against", "feature/x"];
    const same = await gate(root, "regressions", "check", "merge", "jobs/before", ...against);
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining("2 tasks compared")]);

    rmSync(join(root, "good"));
    await gate(root, "run", "merge", "--name", "after");
    const worse = await gate(
      root,
      "regressions",
      "check",
      "merge",
      "jobs/after",
      ...against,
      "--json",
    );
    expect(worse.code).toBe(2);
    const { regressions } = JSON.parse(worse.stdout) as {
      regressions: { id: string; kind: string; subject: string }[];
    };
    expect(regressions.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual(
      expect.arrayContaining([
        "rate all tasks",
        "task one",
        "task two",
        "threshold success_rate at least 0.9",
      ]),
    );
    const id = regressions.find(({ subject }) => subject === "one")?.id ?? "";
    const shown = await gate(root, "regressions", "show", id.slice(0, 6));
    expect(shown.stdout).toMatch(/owner ada; seen in 1 jobs/);

    const hasty = await gate(root, "regressions", "triage", id, "--state", "wontfix");
    expect([hasty.code, hasty.stderr]).toEqual([64, expect.stringContaining("for a reason")]);
    const words = [
      "--state",
      "wontfix",
      "--note",
      "The task was wrong.",
      "--by",
      "eve",
      "--owner",
      "bob",
    ];
    const left = await gate(root, "regressions", "triage", id, ...words);
    expect(left.stdout).toMatch(/eve +wontfix +Owner: bob. The task was wrong./);
    const open = await gate(root, "regressions", "list", "--state", "new", "--json");
    expect((JSON.parse(open.stdout) as unknown[]).length).toBe(regressions.length - 1);

    const rule = { ...fickle(root), regressions: { against: "feature/x", action: "block" } };
    writeFileSync(join(root, "agent33.gates.yaml"), gates(rule));
    const judged = await gate(root, "run", "merge", "--job", "jobs/after");
    expect(judged.code).toBe(2);
    expect(judged.stdout).toMatch(/\| BLOCKS \| regression: rate of all tasks/);
    expect(judged.stdout).toMatch(/\| ok \| regression: task of one .*wontfix/);
    // No baseline of the branch has shown nothing.
    writeFileSync(
      join(root, "agent33.gates.yaml"),
      gates({ ...rule, regressions: { against: "main", action: "block" } }),
    );
    const none = await gate(root, "run", "merge", "--job", "jobs/before");
    expect([none.code, none.stdout]).toEqual([
      2,
      expect.stringMatching(/BLOCKS \| regression: against main/),
    ]);
  });

  test("say what is wrong with what they are given", async () => {
    const root = project();
    await gate(root, "run", "merge", "--name", "a");
    const branch = await gate(root, "regressions", "check", "merge", "jobs/a", "--against", "mian");
    expect([branch.code, branch.stderr]).toEqual([
      64,
      expect.stringContaining("no baseline of the branch"),
    ]);
    const id = await gate(root, "regressions", "triage", "abc", "--note", "x");
    expect([id.code, id.stderr]).toEqual([64, expect.stringContaining("no regression")]);
    const job = await gate(root, "baseline", "save", "jobs/none", "--branch", "main");
    expect([job.code, job.stderr]).toEqual([64, expect.stringContaining("job_not_found")]);
    const folder = await gate(root, "regressions", "list", "--jobs", "none");
    expect([folder.code, folder.stderr]).toEqual([64, expect.stringContaining("no folder")]);
    const nowhere = await gate(root, "baseline", "save", "jobs/a");
    expect([nowhere.code, nowhere.stderr]).toEqual([64, expect.stringContaining("--branch main")]);
    writeFileSync(join(root, ".git"), "gitdir: elsewhere\n");
    mkdirSync(join(root, "elsewhere/refs/heads"), { recursive: true });
    writeFileSync(join(root, "elsewhere/HEAD"), "ref: refs/heads/topic\n");
    writeFileSync(join(root, "elsewhere/refs/heads/topic"), `${"a".repeat(40)}\n`);
    const here = await gate(root, "baseline", "save", "jobs/a", "--json");
    expect(JSON.parse(here.stdout)).toMatchObject({ branch: "topic", commit: "a".repeat(40) });
  });
});
