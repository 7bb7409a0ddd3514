import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withTests } from "./gather-tests.ts";
import { loadTask, tryLoadTask } from "./load-task.ts";
import { type TaskFiles, writeTomlTask } from "./task.fixture.ts";
import { onlyStep } from "./task.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-steps-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const toml = [
  'multi_step_reward_strategy = "final"',
  "[agent]",
  "timeout_sec = 900",
  "[verifier]",
  "timeout_sec = 40",
  'env = { A = "1", B = "1" }',
  "[[steps]]",
  'name = "scaffold"',
  "min_reward = 0.5",
  "[steps.agent]",
  "timeout_sec = 60",
  "[steps.verifier]",
  "timeout_sec = 30",
  'env = { B = "2" }',
  "[[steps]]",
  'name = "document"',
  "min_reward = { reward = 1.0, style = 0.5 }",
].join("\n");

/** A task of two steps: the first has all of its own, the second the tests that both share. */
const task = (files: TaskFiles = {}) =>
  writeTomlTask(join(root, "long"), {
    "task.toml": toml,
    "instruction.md": undefined,
    "steps/scaffold/instruction.md": "Begin.\n",
    "steps/scaffold/tests/test.sh": "exit 0\n",
    "steps/scaffold/solution/solve.sh": "true\n",
    "steps/scaffold/workdir/setup.sh": "true\n",
    "steps/document/instruction.md": "Go on.\n",
    ...files,
  });

describe("a task of several steps", () => {
  test("has each step's own words, tests, solution, setup and limits", async () => {
    const dir = await task();
    const loaded = await loadTask(dir);
    expect(loaded.stepReward).toBe("final");
    expect(loaded.notices).toEqual([]);
    expect(loaded.steps).toEqual([
      {
        name: "scaffold",
        instruction: "Begin.\n",
        agentTimeoutMs: 60_000,
        verifier: {
          dirs: [join(dir, "tests"), join(dir, "steps", "scaffold", "tests")],
          at: "/tests",
          timeoutMs: 30_000,
          env: { A: "1", B: "2" },
        },
        solution: { dir: join(dir, "steps", "scaffold", "solution"), at: "/solution", env: {} },
        setupDir: join(dir, "steps", "scaffold", "workdir"),
        minReward: { reward: 0.5 },
      },
      {
        name: "document",
        instruction: "Go on.\n",
        agentTimeoutMs: 900_000,
        verifier: {
          dirs: [join(dir, "tests")],
          at: "/tests",
          timeoutMs: 40_000,
          env: { A: "1", B: "1" },
        },
        solution: undefined,
        setupDir: undefined,
        minReward: { reward: 1, style: 0.5 },
      },
    ]);
  });

  test("is no task for whoever can do one step only", async () => {
    const loaded = await loadTask(await task());
    expect(() => onlyStep(loaded)).toThrow(
      expect.objectContaining({ code: "evaluation.several_steps" }),
    );
  });

  test("may say what is not kept, each with the step that says it", async () => {
    const more = "\n[steps.agent]\nuser = 'root'\n[steps.healthcheck]\ncommand = 'true'\n";
    const loaded = await loadTask(await task({ "task.toml": toml + more }));
    expect(loaded.notices).toEqual([
      'task.toml: the key "steps[1].healthcheck" is not kept: the environment counts as ready when it has started',
      'task.toml: the key "steps[1].agent.user" is not kept: agents work as the user of the environment',
    ]);
  });

  // Each row: what, the files that differ, the code, a word of the message.
  const wrong: [string, TaskFiles, string, string][] = [
    [
      "a step without an instruction",
      { "steps/document/instruction.md": undefined },
      "evaluation.instruction_missing",
      "steps/document/instruction.md",
    ],
    [
      "a step that no tests judge",
      { "tests/test.sh": undefined },
      "evaluation.tests_missing",
      "steps/document/tests/test.sh",
    ],
    [
      "shared tests without a script and a step without one",
      { "tests/test.sh": undefined, "tests/helpers.sh": "" },
      "evaluation.tests_missing",
      "steps/document/tests/test.sh",
    ],
    [
      "two steps of one name",
      { "task.toml": "[[steps]]\nname = 'scaffold'\n[[steps]]\nname = 'scaffold'" },
      "evaluation.task_malformed",
      '"scaffold"',
    ],
    [
      "a step that is elsewhere",
      { "task.toml": "[[steps]]\nname = '../../etc'" },
      "evaluation.task_malformed",
      "steps.0.name",
    ],
    [
      "a step without a name",
      { "task.toml": "[[steps]]\nmin_reward = 1" },
      "evaluation.task_malformed",
      "steps.0.name",
    ],
    [
      "an unknown way to count",
      { "task.toml": "multi_step_reward_strategy = 'best'" },
      "evaluation.task_malformed",
      "multi_step_reward_strategy",
    ],
  ];
  test.each(wrong)("is refused with %s", async (_what, files, code, word) => {
    const outcome = await tryLoadTask(await task(files));
    expect(outcome).toMatchObject({ ok: false, error: { code } });
    if (!outcome.ok) expect(outcome.error.message).toContain(word);
  });

  test("is refused where a step's folder is a link out of the task", async () => {
    const dir = await task({ "steps/document/instruction.md": undefined });
    await symlink("/etc", join(dir, "steps", "document"));
    await expect(loadTask(dir)).rejects.toMatchObject({ code: "evaluation.task_unreadable" });
  });
});

describe("the tests of a step", () => {
  test("are those that all steps share, and in their place those of its own", async () => {
    const dir = await task({
      "tests/helpers.sh": "shared",
      "tests/test.sh": "shared",
      "steps/scaffold/tests/test.sh": "own",
      "steps/scaffold/tests/data/x": "own",
    });
    const { steps } = await loadTask(dir);
    const files = await withTests(steps[0].verifier, async (folder) => {
      const read = (path: string) => readFile(join(folder, path), "utf8");
      return [folder, await read("helpers.sh"), await read("test.sh"), await read("data/x")];
    });
    expect(files.slice(1)).toEqual(["shared", "own", "own"]);
    await expect(readFile(files[0] ?? "")).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("an instruction", () => {
  // Each row: the file, what the agent is told.
  test.each([
    ["# canary GUID 1-2-3\n\nDo it.\n", "Do it.\n"],
    ["<!-- a canary string -->\n# The canary: count it\nDo it.\n", "Do it.\n"],
    ["Do it.\n# canary\n", "Do it.\n# canary\n"],
    ["# Canaries are birds, but this is no canary line? It is.\nx", "x"],
  ])("%j tells %j", async (text, told) => {
    const dir = await writeTomlTask(join(root, "marked"), { "instruction.md": text });
    expect((await loadTask(dir)).steps[0].instruction).toBe(told);
  });

  test("that is nothing but a mark tells nothing", async () => {
    const dir = await writeTomlTask(join(root, "marked"), { "instruction.md": "# canary\n\n" });
    await expect(loadTask(dir)).rejects.toMatchObject({ code: "evaluation.instruction_missing" });
  });
});
