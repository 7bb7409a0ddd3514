import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isValid } from "ctrf";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { trialsOf } from "../../src/evaluation/trials/trial.fixture.ts";
import { resultFile } from "../../src/evaluation/trials/result-file.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";

type Counts = Parameters<typeof trialsOf>[0];

/** Two arms of a made-up evaluation, as a runner leaves them. */
function arms(): string {
  const folder = freshFolder();
  const arm = (name: string, counts: Counts, skills: string): void => {
    for (const trial of trialsOf(counts, {
      id: name,
      condition: { agent: "worker", model: "m", skills },
    })) {
      const path = join(folder, "jobs", name, trial.id.replaceAll("/", "-"), "result.json");
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify(resultFile(trial)));
    }
  };
  arm(
    "without",
    [
      [4, 0],
      [4, 2],
      [4, 4],
      [4, 1],
    ],
    "none",
  );
  arm(
    "with",
    [
      [4, 4],
      [4, 3],
      [4, 3],
      [4, 4],
    ],
    "task",
  );
  return folder;
}

describe("agent33 eval", () => {
  test("reports on a job, as Markdown for people and as JSON for programs", async () => {
    const folder = arms();
    const { code, stdout } = await runInProcess(["eval", "report", "jobs/with"], folder);
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toContain("| worker · m · skills task | 4 | 16 | 14 | 0 | 87.5 % |");
    const { stdout: json } = await runInProcess(["eval", "report", "jobs", "--json"], folder);
    expect(JSON.parse(json)).toMatchObject({
      format: "agent33-evaluation/1",
      suites: [{ rate: { ok: true, value: 0.875 } }, { rate: { ok: true, value: 0.4375 } }],
    });
  });

  test("compares two jobs, or two conditions of one folder, to the same figures", async () => {
    const folder = arms();
    const apart = await runInProcess(
      ["eval", "compare", "jobs/without", "jobs/with", "--json"],
      folder,
    );
    const { comparison } = JSON.parse(apart.stdout) as { comparison: Record<string, unknown> };
    expect(comparison).toMatchObject({
      difference: { value: 0.4375 },
      hurt: ["task-02"],
      sameCondition: false,
    });
    const words = [
      "eval",
      "compare",
      "jobs",
      "jobs",
      "--first",
      "none",
      "--second",
      "task",
      "--json",
    ];
    const together = await runInProcess(words, folder);
    const { comparison: again } = JSON.parse(together.stdout) as { comparison: unknown };
    expect(again).toEqual(comparison);
  });

  test("writes the form that the file's name says, and adds to the summary of a step", async () => {
    const folder = arms();
    const summary = join(folder, "summary.md");
    writeFileSync(summary, "before\n");
    const compare = ["eval", "compare", "jobs/without", "jobs/with", "--output"];
    await runInProcess([...compare, "r.json", "--step-summary"], folder, {
      GITHUB_STEP_SUMMARY: summary,
    });
    await runInProcess([...compare, "r.html"], folder);
    const report = JSON.parse(readFileSync(join(folder, "r.json"), "utf8")) as object;
    expect(isValid(report)).toBe(true);
    expect(readFileSync(join(folder, "r.html"), "utf8")).toMatch(/^<!doctype html>/);
    expect(readFileSync(summary, "utf8")).toMatch(/^before\n# worker · m · skills task beside/);
    const without = await runInProcess(["eval", "report", "jobs/with", "--step-summary"], folder);
    expect(without.code).toBe(exitCodes.usage);
  });

  test("judges by another rule, and draws from another seed, where it is told to", async () => {
    const folder = arms();
    const figures = async (...more: readonly string[]): Promise<unknown> => {
      const words = ["eval", "report", "jobs/with", "--json", ...more];
      return (JSON.parse((await runInProcess(words, folder)).stdout) as { suites: unknown[] })
        .suites[0];
    };
    expect(await figures("--pass-at", "reward=0")).toMatchObject({ rate: { value: 1 } });
    expect(await figures("--seed", "5", "--resamples", "50")).toMatchObject({
      seed: 5,
      resamples: 50,
    });
  });

  test.each([
    [["report", "nothing"], "evaluation.results_not_found"],
    [["compare", "jobs", "jobs/with"], "evaluation.several_conditions"],
    [["compare", "jobs", "jobs", "--first", "x"], "evaluation.unknown_condition"],
    [["report", "jobs", "--control", "worker"], "evaluation.unknown_condition"],
    [["report", "jobs", "--pass-at", "high"], "cli.usage"],
    [["report", "jobs", "--format", "pdf"], "cli.usage"],
    [["import", "none.xml"], "evaluation.results_unreadable"],
    [["import", "jobs/with/with-0-0/result.json"], "evaluation.import_malformed"],
  ])("says what is wrong with %j", async (words, code) => {
    const { code: exit, stderr } = await runInProcess(["eval", ...words], arms());
    expect(stderr).toContain(`error ${code}:`);
    expect(stderr).toContain("→");
    expect(exit).toBe(exitCodes.usage);
  });

  test("imports reports of other programs and writes them in their strict form", async () => {
    const folder = freshFolder();
    writeFileSync(
      join(folder, "j.xml"),
      '<testsuite name="s"><testcase name="a" time="1"/></testsuite>',
    );
    writeFileSync(
      join(folder, "p.json"),
      JSON.stringify({ results: { tests: [{ name: "a", status: "failed", duration: 0.5 }] } }),
    );
    const junit = await runInProcess(["eval", "import", "j.xml", "--output", "out.json"], folder);
    expect(junit.stdout).toBe("junit: junit, 1 test: 1 passed\n");
    expect(isValid(JSON.parse(readFileSync(join(folder, "out.json"), "utf8")) as object)).toBe(
      true,
    );
    const pytest = await runInProcess(["eval", "import", "p.json"], folder);
    expect(pytest.stdout).toContain("note: times are in seconds; they were taken as such\n");
  });
});
