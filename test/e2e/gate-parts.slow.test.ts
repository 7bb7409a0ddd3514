import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gateVerdictSchema } from "../../src/evaluation/gates/verdict.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { releaseFiles, scratchRepository } from "../support/scratch-repository.ts";
import { tasksIn } from "../support/tasks.ts";

grantTests("runs trials, groups and probes on the host", { spawn: true });

const gates = {
  version: 1,
  tasks: [
    { path: "tasks/one", tags: ["smoke", "critical"], owner: "ada", paths: ["src/one/*"] },
    {
      path: "tasks/two",
      tags: ["smoke", "critical", "regression"],
      owner: "bob",
      paths: ["src/two/*"],
    },
  ],
  groups: {
    unit: {
      run: ["node", "run.mjs"],
      report: "out/unit.xml",
      owner: "eve",
      paths: ["src/*", "checks.txt"],
    },
    docs: { run: ["false"], report: "out/docs.xml", owner: "eve", paths: ["docs/*"] },
  },
  gates: {
    merge: {
      tags: ["smoke"],
      agents: [{ kind: "oracle" }],
      environment: "host",
      groups: ["unit", "docs"],
      surface: true,
      thresholds: [
        { metric: "success_rate", at_least: 1, action: "block" },
        { metric: "success_rate", at_least: 1, action: "block", tags: ["regression"] },
      ],
    },
    probes: {
      tags: ["smoke"],
      agents: [{ kind: "oracle" }],
      environment: "host",
      surface: "agent33.surface.yaml",
      thresholds: [{ metric: "success_rate", at_least: 1, action: "block" }],
    },
  },
};
const surface = (seen: number): string =>
  JSON.stringify({
    version: 1,
    probes: [
      {
        id: "counts",
        promise: "It counts to two.",
        owner: "eve",
        paths: ["*"],
        run: ["node", "-p", `JSON.stringify({ seen: ${seen} })`],
        expect: { output: [{ at: "/seen", equals: 2 }] },
      },
    ],
  });

/** A repository with all of that committed on main, and another branch checked out. */
function project() {
  const root = freshFolder();
  tasksIn(root, { one: {}, two: {} });
  const repository = scratchRepository(root);
  const files = releaseFiles(["a", "b"]);
  repository.commit("Gates", {
    ...files,
    ".gitignore": `${files[".gitignore"]}data/\njobs/\n`,
    "agent33.gates.yaml": JSON.stringify(gates),
    "agent33.surface.yaml": surface(2),
  });
  repository.git("checkout", "-q", "-b", "topic");
  const run = async (gate: string, ...words: readonly string[]) => {
    const ended = await runInProcess(
      ["gate", "run", gate, ...words, "--data", "data", "--json"],
      root,
    );
    const line = ended.stdout.trim().split("\n").at(-1) ?? "";
    const said: unknown = line.startsWith("{") ? JSON.parse(line) : undefined;
    return { ...ended, verdict: verdictSchema.parse(said) };
  };
  return { ...repository, root, run };
}
const verdictSchema = gateVerdictSchema.loose().optional();
const checksOf = ({ verdict }: { verdict: ReturnType<typeof verdictSchema.parse> }, kind: string) =>
  (verdict?.checks ?? [])
    .filter((check) => check.kind === kind)
    .map(({ name, outcome, action }) => `${name} ${outcome} ${action}`);

describe("the surface in a gate", () => {
  test("is not of the commit where git was told to ignore its file", async () => {
    const { root, commit, run } = project();
    const own = { ...gates, gates: { probes: { ...gates.gates.probes, surface: "out/own.yaml" } } };
    commit("Elsewhere", { "agent33.gates.yaml": JSON.stringify(own) });
    mkdirSync(join(root, "out"));
    writeFileSync(join(root, "out/own.yaml"), surface(2));
    const { verdict } = await run("probes", "--name", "a");
    expect(verdict?.checkout?.dirty).toEqual(["out/own.yaml"]);
  });
});

describe("agent33 gate run --impacted", () => {
  test("tries what hangs on the change, and names what does not", async () => {
    const { root, commit, run } = project();
    commit("Change one", { "src/one/a.ts": "1\n" });
    const made = await run("merge", "--impacted", "--markdown", "v.md");
    expect(made.code).toBe(0);
    expect(made.verdict).toMatchObject({
      outcome: "passed",
      tasks: [
        { task: "one", status: "passed" },
        { task: "two", status: "not_impacted", trials: 0 },
      ],
      impact: {
        base: "main",
        changed: 1,
        widened: [],
        groups: ["docs"],
        thresholds: ["success_rate at least 1 of regression"],
      },
    });
    expect(checksOf(made, "group")).toEqual(["unit met block"]);
    expect(checksOf(made, "surface")).toEqual(["counts met block"]);
    expect(checksOf(made, "task")).toEqual(["one met block"]);
    const markdown = readFileSync(join(root, "v.md"), "utf8");
    expect(markdown).toContain("1 paths differ from main");
    expect(markdown).toContain("neither tried nor shown: critical task two, group docs, threshold");
  });

  test("sees files that are not committed, and tries all where nobody claims one", async () => {
    const { root, commit, run } = project();
    commit("Change one", { "src/one/a.ts": "1\n" });
    mkdirSync(join(root, "src/two"));
    writeFileSync(join(root, "src/two/b.ts"), "2\n");
    const both = await run("merge", "--impacted", "--name", "a");
    expect(both.verdict?.tasks.map(({ status }) => status)).toEqual(["passed", "passed"]);
    writeFileSync(join(root, "Makefile"), "all:\n");
    const all = await run("merge", "--impacted", "--name", "b");
    expect(all.verdict?.impact?.widened).toEqual([expect.stringContaining("Makefile")]);
    // The group of the documents cannot pass, and was left out before.
    expect([all.code, checksOf(all, "group")]).toEqual([
      2,
      ["unit met block", "docs missed block"],
    ]);
  });

  test("blocks by a group with a test that fails", async () => {
    const { commit, run } = project();
    commit("Break", { "src/one/a.ts": "1\n", "checks.txt": "a\nb fail\n" });
    const { code, verdict } = await run("merge", "--impacted");
    expect(code).toBe(2);
    expect(verdict?.checks.find(({ kind }) => kind === "group")).toMatchObject({
      outcome: "missed",
      message: expect.stringMatching(/Owner eve: 2 tests.*1 of 2 tests failed/),
    });
  });

  test("gives no verdict that a packet takes, where it left out a critical task", async () => {
    const { root, commit, run } = project();
    const settings = releaseFiles(["a"], "packet: { gate: merge }\n")["agent33.release.yaml"] ?? "";
    commit("Settings", { "agent33.release.yaml": settings });
    const head = commit("Change one", { "src/one/a.ts": "1\n" });
    const made = await run("merge", "--impacted", "--base", "HEAD~1", "--name", "a");
    expect(made.verdict).toMatchObject({
      outcome: "passed",
      checkout: { commit: head, dirty: [] },
    });
    await runInProcess(["release", "snapshot"], root);
    const words = ["release", "packet", "create", "--gate", "jobs/a/verdict-merge.json"];
    const packet = await runInProcess(words, root);
    expect(packet.stdout).toContain("left out critical tasks: two (not_impacted)");
    expect(packet.code).toBe(2);
  });

  test("says what is wrong with what it is given", async () => {
    const { run } = project();
    const unknown = await run("merge", "--impacted", "--base", "mian");
    expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining("unknown_base")]);
    const option = await run("merge", "--impacted", "--base", "--all");
    expect([option.code, option.stderr]).toEqual([64, expect.stringContaining("--all")]);
    const alone = await run("merge", "--base", "main");
    expect([alone.code, alone.stderr]).toEqual([64, expect.stringContaining("--impacted")]);
  });
});
