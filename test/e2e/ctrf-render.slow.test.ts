import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { trialsOf } from "../../src/evaluation/trials/trial.fixture.ts";
import { resultFile } from "../../src/evaluation/trials/result-file.ts";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";
import { testGrant } from "../support/egress.ts";

const grant = testGrant("renders a report as GitHub's action does", { spawn: true });

test("github-actions-ctrf renders the report with the same counts", async () => {
  const folder = freshFolder();
  const trials = trialsOf(
    [
      [3, 3],
      [3, 2],
      [3, 0],
      [3, 1],
    ],
    { id: "a" },
  );
  const retried = trials.map((trial, index) =>
    index === 0
      ? {
          ...trial,
          retries: [{ phase: null, code: "sandbox.lost", message: "Gone.", retryable: true }],
        }
      : trial,
  );
  for (const trial of retried) {
    const path = join(folder, "job", trial.id.replaceAll("/", "-"), "result.json");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(resultFile(trial)));
  }
  await runInProcess(["eval", "report", "job", "--output", "ctrf.json"], folder);
  const summary = join(folder, "summary.md");
  writeFileSync(summary, "");
  const program = join(projectRoot, "node_modules/github-actions-ctrf/dist/core/cli.js");
  const { status, stderr } = grant.run(() =>
    spawnSync(process.execPath, [program, "ctrf.json"], {
      cwd: folder,
      encoding: "utf8",
      timeout: 60_000,
      env: {
        PATH: process.env["PATH"] ?? "",
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_REPOSITORY: "a/b",
      },
    }),
  );
  expect([status, stderr]).toEqual([0, ""]);
  const text = readFileSync(summary, "utf8");
  // Tests, passed, failed, skipped, pending, other, flaky.
  expect(text).toContain("| 4 | 2 | 2 | 0 | 0 | 0 | 1 |");
  expect(text).toContain("0 of 3 trials passed");
  expect(text).toMatch(/Flaky[\s\S]*task-00/);
});
