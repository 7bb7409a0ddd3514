import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runInProcess } from "../../test/support/cli.ts";
import { grantTests } from "../../test/support/egress.ts";
import { releaseFiles, scratchRepository } from "../../test/support/scratch-repository.ts";
import type { SmokeReport } from "./smoke.ts";

grantTests("runs git and a small program", { spawn: true });

const smoke = async (folder: string, ...words: readonly string[]) => {
  const { code, stdout } = await runInProcess(["release", "smoke", "--json", ...words], folder);
  return { code, ...(JSON.parse(stdout) as SmokeReport & { folder: string }) };
};
const land = (repository: ReturnType<typeof scratchRepository>, name: string, text: string) =>
  repository.land(name, `Land ${name}`, {
    [name === "tests" ? "checks.txt" : `${name}.txt`]: text,
  });

describe("smoke", () => {
  test("passes, remembers it, and later names the first bad merge since", async () => {
    const repository = scratchRepository();
    const { folder, git, commit } = repository;
    const first = commit("Checks", releaseFiles(["a", "b"]));
    expect(await smoke(folder)).toMatchObject({ code: 0, ok: true, lastGreen: null });
    expect(git("rev-parse", "refs/agent33/green/main").trim()).toBe(first);
    land(repository, "x", "1");
    land(repository, "y", "1");
    const bad = repository.land("bad", "Break b", { "checks.txt": "a\nb fail\n" });
    land(repository, "z", "1");
    const report = await smoke(folder);
    expect(report).toMatchObject({
      code: 2,
      lastGreen: first,
      groups: [{ name: "unit", reruns: 1, problems: ["it ended with 1", "1 of 2 tests failed"] }],
      advice: { commit: bad, command: `git revert -m 1 ${bad}`, tried: 2 },
    });
    expect(git("rev-parse", "refs/agent33/green/main").trim()).toBe(first);
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
    const ctrf = JSON.parse(readFileSync(join(report.folder, "smoke.ctrf.json"), "utf8")) as {
      results: { summary: object };
    };
    expect(ctrf.results.summary).toMatchObject({ tests: 4, passed: 1, failed: 3 });
    expect(readFileSync(join(report.folder, "smoke.md"), "utf8")).toContain(
      `git revert -m 1 ${bad}`,
    );
    const { stdout } = await runInProcess(["learn", "list", "--json"], folder);
    expect(stdout).toContain("Smoke of unit fails after a merge");
  });

  test("marks what passes only when it is run again, and does not fail for it", async () => {
    const { folder, commit } = scratchRepository();
    commit("Checks", releaseFiles(["a", "b flaky"]));
    const report = await smoke(folder);
    expect(report).toMatchObject({ code: 0, groups: [{ reruns: 1, flaky: ["b"], problems: [] }] });
    const text = readFileSync(join(report.folder, "smoke.ctrf.json"), "utf8");
    expect(text).toContain('"flaky":true');
  });

  test("with fewer tests than the packet promised, or fewer that pass, fails", async () => {
    const { folder, commit, git } = scratchRepository();
    commit("Checks", releaseFiles(["a"]));
    git("checkout", "-q", "-b", "change");
    commit("More checks", { "checks.txt": "a\nb\nc\n" });
    await runInProcess(["release", "snapshot"], folder);
    const made = await runInProcess(["release", "packet", "create", "--json"], folder);
    const { file } = JSON.parse(made.stdout) as { file: string };
    git("checkout", "-q", "main");
    git("merge", "-q", "--no-ff", "-m", "Merge change", "change");
    expect(await smoke(folder, "--packet", file)).toMatchObject({ code: 0 });
    commit("Lose a check", { "checks.txt": "a\nb\n" });
    expect(await smoke(folder, "--packet", file)).toMatchObject({
      code: 2,
      groups: [{ problems: ["2 tests ran; the packet promised 3"] }],
      advice: null,
    });
    commit("Skip a check", { "checks.txt": "a\nb\nc skip\n" });
    expect((await smoke(folder, "--packet", file)).groups[0]?.problems).toEqual([
      "2 tests passed; the packet promised 3",
    ]);
    expect((await smoke(folder, "--packet", file, "--commit", "main~3")).problems[0]).toContain(
      "is not part of",
    );
  });

  test("does what the settings say makes a checkout ready, and says where that fails", async () => {
    const { folder, commit } = scratchRepository();
    commit("Checks", releaseFiles(["a"], "prepare: [[node, -e, process.exit(3)]]\n"));
    const { code, stderr } = await runInProcess(["release", "smoke"], folder);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("release.prepare_failed"),
    });
  });

  test("tells what failed also where a commit in between cannot be made ready", async () => {
    const repository = scratchRepository();
    const { folder, commit, land: merge } = repository;
    const prepare = "prepare: [[node, -e, 'fs.existsSync(`unready`) && process.exit(3)']]\n";
    commit("Checks", releaseFiles(["a"], prepare));
    expect(await smoke(folder)).toMatchObject({ code: 0 });
    merge("one", "One", { unready: "1" });
    merge("two", "Two", { "checks.txt": "a fail\n" });
    repository.git("rm", "-q", "unready");
    commit("Ready again");
    const report = await smoke(folder);
    expect(report).toMatchObject({
      code: 2,
      advice: null,
      groups: [{ problems: ["it ended with 1", "1 of 1 tests failed"] }],
      problems: [expect.stringContaining("first bad merge was not found")],
    });
    expect(readFileSync(join(report.folder, "smoke.md"), "utf8")).toContain("was not found");
  });

  test("refuses a branch that is no name", async () => {
    const { folder, commit } = scratchRepository();
    commit("Checks", releaseFiles(["a"]));
    const { code, stderr } = await runInProcess(["release", "smoke", "--branch", "../x"], folder);
    expect({ code, stderr }).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("release.bad_branch"),
    });
  });
});
