import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JobRunRequest } from "../../src/engine.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { testEngine } from "../support/engine.ts";
import { tasksIn } from "../support/tasks.ts";

const host = ["--environment", "host", "--agent", "nop", "--data", "data"];

/** Each row: what is wrong, the words, the code of the error, what its text or hint says. */
const slips: readonly (readonly [string, readonly string[], string, string])[] = [
  ["a task that is not there", ["gone", ...host], "evaluation.task_not_found", "gone"],
  [
    "a mistyped name of a task",
    ["tasks", ...host, "--include", "onne"],
    "evaluation.unknown_task",
    'Did you mean "one"?',
  ],
  ["a task twice", ["tasks", "tasks/one", ...host], "evaluation.duplicate_task", '"one"'],
  ["an agent twice", ["tasks", ...host, "--agent", "nop"], "evaluation.duplicate_agent", "nop"],
  [
    "an agent that nobody defined",
    ["tasks", "--environment", "host", "--agent", "nobody", "--data", "data"],
    "agents.unknown",
    "nobody",
  ],
  ["a place that is none", ["tasks", "--environment", "moon"], "cli.usage", "bwrap"],
  ["a choice of skills", ["tasks", ...host, "--skills", "ow"], "cli.usage", 'Did you mean "own"?'],
  ["a command without a name", ["tasks", "--command", "true"], "cli.usage", "a name"],
  ["no number of trials", ["tasks", ...host, "--trials", "0"], "cli.usage", "above 0"],
  ["no rate", ["tasks", ...host, "--fail-under", "90"], "cli.usage", "from 0 to 1"],
  [
    "a folder of jobs in a task",
    ["tasks", ...host, "--jobs", "tasks/one/jobs"],
    "evaluation.job_in_task",
    "--jobs",
  ],
  ["a name that is a path", ["tasks", ...host, "--job", "../x"], "evaluation.job_request", "job"],
];

describe("what is asked for wrongly of a job", () => {
  test.each(slips)("%s", async (_what, words, code, said) => {
    const root = freshFolder();
    tasksIn(root, { one: {} });
    const { code: exit, stderr } = await runInProcess(["eval", "run", ...words], root);
    expect(stderr).toContain(code);
    expect(stderr).toContain(said);
    expect(exit).toBe(64);
    expect(existsSync(join(root, "jobs"))).toBe(false);
  });

  test("a folder that holds something, or no job", async () => {
    const root = freshFolder();
    tasksIn(root, { one: {} });
    writeFileSync(join(root, "tasks/notes.txt"), "x");
    const into = ["--jobs", ".", "--job", "tasks"];
    const full = await runInProcess(["eval", "run", "tasks", ...host, ...into], root);
    expect(full.stderr).toContain("evaluation.job_exists");
    const none = await runInProcess(["eval", "resume", "tasks", "--data", "data"], root);
    expect(none.stderr).toContain("evaluation.job_not_found");
  });

  test("of the library: wrong types are named, and nothing is begun", async () => {
    const { engine, folder } = testEngine();
    const wrong = { tasks: [1], agents: "oracle", trials: "many", colour: "red" };
    await expect(engine.jobs.run(wrong as unknown as JobRunRequest)).rejects.toMatchObject({
      code: "evaluation.job_request",
      message: expect.stringMatching(/tasks\.0.*agents.*trials.*colour/s),
    });
    await expect(engine.jobs.resume({ job: "" })).rejects.toMatchObject({
      code: "evaluation.job_request",
    });
    expect(existsSync(join(folder, "jobs"))).toBe(false);
    await engine.close();
  });
});
