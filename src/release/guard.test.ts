import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runInProcess } from "../../test/support/cli.ts";
import { grantTests, loopback } from "../../test/support/egress.ts";
import { type GitHubServer, startGitHub } from "../../test/support/github-server.ts";
import { scratchRepository } from "../../test/support/scratch-repository.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import type { SequenceVerdict } from "./sequence.ts";

grantTests("serves GitHub's shapes here", { spawn: true, connect: loopback });

describe("over plain git", () => {
  const guard = async (folder: string, head: string) => {
    const { code, stdout, stderr } = await runInProcess(
      ["release", "guard", "--head", head, "--json"],
      folder,
    );
    expect(stderr).toBe("");
    const verdict = JSON.parse(stdout) as SequenceVerdict;
    expect(code).toBe(verdict.ok ? 0 : 2);
    return verdict;
  };

  test("judges trailers of merges, of what they brought, and of reverts", async () => {
    const { folder, git, commit, land } = scratchRepository();
    const branch = (name: string, message: string): void => {
      git("checkout", "-q", "-b", name, "main");
      commit(message);
      git("checkout", "-q", "main");
    };
    branch("plain", "No place");
    expect(await guard(folder, "plain")).toMatchObject({ ok: true, code: "no_label" });
    branch("early", "Second\n\nSequence: 2");
    expect(await guard(folder, "early")).toMatchObject({
      code: "missing_predecessor",
      ok: false,
    });
    const first = land("one", "First\n\nSequence: 1", { one: "1" });
    expect(await guard(folder, "early")).toMatchObject({
      ok: true,
      series: [{ step: 1, by: first }],
    });
    const second = land("two", "Second\n\nSequence: 2", { two: "2" });
    branch("three", "Third\n\nSequence: 3");
    expect((await guard(folder, "three")).code).toBe("in_order");
    git("revert", "--no-edit", "-m", "1", second);
    const reverted = await guard(folder, "three");
    expect(reverted).toMatchObject({ code: "missing_predecessor", ok: false });
    expect(reverted.message).toContain(`(${second.slice(0, 12)}) was reverted by`);
    git("revert", "--no-edit", "HEAD");
    expect((await guard(folder, "three")).code).toBe("in_order");
    git("checkout", "-q", "three");
    commit("Fourth\n\nSequence: 4");
    expect(await guard(folder, "three")).toMatchObject({ code: "two_labels", ok: false });
  });

  test("knows a revert that names its commit by a short hash, as `git revert --reference` does", async () => {
    const { folder, git, commit, land } = scratchRepository();
    const first = land("one", "First\n\nSequence: 1", { one: "1" });
    git("checkout", "-q", "-b", "two", "main");
    commit("Second\n\nSequence: 2");
    git("checkout", "-q", "main");
    commit("Not this one\n\nThis reverts commit 1234567 (gone, 2026-01-01).");
    expect((await guard(folder, "two")).code).toBe("in_order");
    commit(`Revert it\n\nThis reverts commit ${first.slice(0, 8)} (First, 2026-01-01).`);
    expect(await guard(folder, "two")).toMatchObject({ code: "missing_predecessor", ok: false });
  });

  test("refuses with an exit code of its own, and a wrong revision as wrong use", async () => {
    const { folder, git, commit } = scratchRepository();
    git("checkout", "-q", "-b", "x");
    commit("Bad\n\nSequence: two");
    const refused = await runInProcess(["release", "guard"], folder);
    expect(refused).toMatchObject({ code: 2, stdout: expect.stringContaining("REFUSED") });
    const unknown = await runInProcess(["release", "guard", "--base", "--all"], folder);
    expect(unknown).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("release.unknown_revision"),
    });
  });
});

describe("over GitHub, as an Action is started", () => {
  let server: GitHubServer;
  let folder: string;
  beforeEach(async () => {
    server = await startGitHub(2);
    folder = temporaryFolder("guard");
  });
  afterEach(() => server.close());

  const guard = (event: unknown, extra: Record<string, string> = {}) => {
    const path = join(folder, "event.json");
    writeFileSync(path, typeof event === "string" ? event : JSON.stringify(event));
    return runInProcess(["release", "guard", "--github"], folder, {
      GITHUB_API_URL: server.apiUrl,
      GITHUB_REPOSITORY: "o/r",
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_EVENT_PATH: path,
      GITHUB_TOKEN: "secret-token",
      GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
      GITHUB_OUTPUT: join(folder, "output"),
      ...extra,
    });
  };
  const event = (number: number) => ({ action: "labeled", pull_request: { number } });

  test("reads the label as it is now, and tells the Action", async () => {
    server.set([
      { number: 3, labels: ["sequence:2"] },
      { number: 1, labels: ["sequence:1"], mergedAt: 1 },
    ]);
    const { code, stdout } = await guard(event(3));
    expect(stdout).toContain("pass: sequence:1 to sequence:1 are merged into main.");
    expect(code).toBe(0);
    expect(server.requests[0]?.authorization).toBe("Bearer secret-token");
    expect(readFileSync(join(folder, "summary.md"), "utf8")).toContain("Merge sequence: pass");
    expect(readFileSync(join(folder, "output"), "utf8")).toBe("verdict=pass\ncode=in_order\n");
  });

  test("follows pages as far as the series goes, and no further", async () => {
    const late = [30, 31, 32].map((number) => ({ number, mergedAt: number }));
    const early = Array.from({ length: 9 }, (_, index) => ({
      number: 10 + index,
      mergedAt: index,
    }));
    server.set([
      { number: 40, labels: ["sequence:2"] },
      ...late,
      { number: 20, labels: ["sequence:1"], mergedAt: 20 },
      ...early,
    ]);
    expect((await guard(event(40))).code).toBe(0);
    expect(server.requests.filter(({ path }) => path.includes("state=closed"))).toHaveLength(3);
  });

  test("counts neither what was closed unmerged, nor what is open again, nor another base", async () => {
    server.set([
      { number: 9, labels: ["sequence:2"] },
      { number: 1, labels: ["sequence:1"], state: "closed" },
      { number: 2, labels: ["sequence:1"], state: "open", updatedAt: 5 },
      { number: 3, labels: ["sequence:1"], mergedAt: 1, base: "other" },
    ]);
    expect(await guard(event(9))).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("no series has begun"),
    });
  });

  test("does not count what was reverted", async () => {
    server.set([
      { number: 9, labels: ["sequence:2"] },
      { number: 1, labels: ["sequence:1"], mergedAt: 1 },
      { number: 2, mergedAt: 2, body: "Reverts o/r#1" },
      { number: 3, mergedAt: 3, body: "Reverts someone/else#2" },
    ]);
    expect((await guard(event(9))).stdout).toContain("sequence:1 (#1) was reverted by #2");
  });

  test("tries again when a rate limit ends, however GitHub says it", async () => {
    server.set([{ number: 9, labels: ["sequence:1"] }]);
    server.failNext(429, { "retry-after": "0" });
    server.failNext(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" });
    expect(await guard(event(9))).toMatchObject({ code: 0 });
    expect(server.requests).toHaveLength(4);
  });

  test("with a hundred labels and with merges of one moment still finds its place", async () => {
    const many = Array.from({ length: 99 }, (_, index) => `area:${index}`);
    const rest = Array.from({ length: 120 }, (_, index) => ({ number: 100 + index, mergedAt: 9 }));
    server.set([
      { number: 9, labels: [...many, "Sequence : 3"] },
      { number: 1, labels: [...many, "sequence:1"], mergedAt: 9 },
      { number: 2, labels: ["sequence:2", ...many], mergedAt: 9 },
      ...rest,
    ]);
    expect(await guard(event(9))).toMatchObject({ code: 0 });
  });

  test.each(["opened", "synchronize", "labeled", "unlabeled", "edited", "reopened"])(
    "%s: the label counts as it is now, not as the event has it",
    async (action) => {
      server.set([{ number: 9, labels: ["sequence:2"] }]);
      const stale = { number: 9, labels: [{ name: "sequence:1" }] };
      expect(await guard({ action, pull_request: stale })).toMatchObject({ code: 2 });
    },
  );

  test("says what a refusal means, and never the token", async () => {
    server.failNext(403, {}, '{"message":"secret-token may not"}');
    const { code, stderr } = await guard(event(9));
    expect(code).toBe(1);
    expect(stderr).toContain("may read pull requests");
    expect(stderr).not.toContain("secret-token");
  });

  test("is not led to another server by a page", async () => {
    server.set([{ number: 9, labels: ["sequence:2"] }]);
    server.failNext(200, { link: '<http://127.0.0.1:9/x>; rel="next"' }, "[]");
    expect(await guard(event(9))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("another server"),
    });
  });

  test("knows the pull request of a merge queue", async () => {
    server.set([{ number: 9, labels: ["sequence:1"] }]);
    const head_ref = `refs/heads/gh-readonly-queue/main/pr-9-${"a".repeat(40)}`;
    expect(await guard({ merge_group: { head_ref } })).toMatchObject({ code: 0 });
  });

  test.each([
    [{ ref: "refs/heads/main" }, {}, 64, "release.no_pull_request"],
    ["{", {}, 64, "release.bad_event"],
    [event(9), { GITHUB_REPOSITORY: "../x" }, 64, "release.bad_place"],
    [event(9), { GITHUB_API_URL: "ftp://x" }, 64, "release.bad_place"],
    [event(404), {}, 1, "boundary.upstream_4xx"],
  ])("refuses %j with %j", async (given, env, code, error) => {
    const result = await guard(given, env as Record<string, string>);
    expect(result).toMatchObject({ code, stderr: expect.stringContaining(error) });
  });
});
