import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadTask, tryLoadTask } from "./load-task.ts";
import { type TaskFiles, writeDocumentTask } from "./task.fixture.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-document-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const task = (files: TaskFiles = {}) => writeDocumentTask(join(root, "my-task"), files);

/** A `task.md` of this front matter. */
const document = (lines: readonly string[], body = "Do it.") =>
  ["---", ...lines, "---", "", body, ""].join("\n");
const withFront = async (lines: readonly string[], body?: string) =>
  loadTask(await task({ "task.md": document(lines, body) }));
const instructionOf = async (body: string) => (await withFront([], body)).steps[0].instruction;

describe("a task in the task.md layout", () => {
  test("gives everything that a full one says", async () => {
    const dir = await task({
      "task.md": document(
        [
          'schema_version: "1.3"',
          "task: { name: acme/my-task, description: Long, keywords: [a] }",
          "metadata:",
          "  author_name: A",
          "  difficulty: hard",
          "  category: finance",
          "  tags: [csv]",
          "  agent33: { check: [node, check.mjs] }",
          "agent: { timeout_sec: 300, network_mode: allowlist, allowed_hosts: [a.org] }",
          "verifier: { timeout_sec: 1.5, env: { N: 3 } }",
          "sandbox:",
          "  docker_image: ubuntu:24.04",
          "  cpus: 2",
          "  memory_mb: 1024",
          "  storage: 10G",
          "  network_mode: no-network",
          "  workdir: /work",
          "  env: { A: b }",
          "oracle: { env: { MODE: oracle } }",
          "source: elsewhere",
        ],
        "# Title\n\nDo it.",
      ),
      "oracle/solve.sh": "true",
      "environment/skills/s/SKILL.md": "x",
    });
    expect(await loadTask(dir)).toMatchObject({
      name: "my-task",
      formatVersion: "1.3",
      metadata: { authorName: "A", difficulty: "hard", category: "finance", tags: ["csv"] },
      environment: {
        dockerImage: "ubuntu:24.04",
        cpus: 2,
        memoryMb: 1024,
        storageMb: 10_240,
        workdir: "/work",
        network: "allowlist",
        allowedHosts: ["a.org"],
        env: { A: "b" },
      },
      steps: [
        {
          name: undefined,
          instruction: "# Title\n\nDo it.",
          agentTimeoutMs: 300_000,
          verifier: {
            dirs: [join(dir, "verifier")],
            at: "/verifier",
            timeoutMs: 1_500,
            env: { N: "3" },
          },
          solution: { dir: join(dir, "oracle"), at: "/oracle", env: { MODE: "oracle" } },
        },
      ],
      skillsDir: join(dir, "environment", "skills"),
      check: ["node", "check.mjs"],
      notices: [],
    });
  });

  test("counts where a task.toml is there too, and says so", async () => {
    const loaded = await loadTask(
      await task({
        "task.toml": "not TOML at all",
        "instruction.md": "Else.",
        "tests/test.sh": "",
      }),
    );
    expect(loaded.steps[0]).toMatchObject({ instruction: "Do it.", verifier: { at: "/verifier" } });
    expect(loaded.notices).toEqual([
      "task.toml: not read; this folder is used in its task.md layout",
    ]);
  });

  test("uses the folders of the older layout where only these are there", async () => {
    const dir = await task({
      "verifier/test.sh": undefined,
      "tests/test.sh": "exit 0",
      "solution/solve.sh": "true",
    });
    expect((await loadTask(dir)).steps[0]).toMatchObject({
      verifier: { dirs: [join(dir, "tests")], at: "/tests" },
      solution: { dir: join(dir, "solution"), at: "/solution" },
    });
  });

  test("understands the short forms of its name, image and folders", async () => {
    const dir = await task({
      "task.md": document(["name: my-task", "image: x:1", "verifier: judge/", "oracle: answer"]),
      "verifier/test.sh": undefined,
      "judge/test.sh": "exit 0",
      "answer/solve.sh": "true",
    });
    const loaded = await loadTask(dir);
    expect(loaded.environment.dockerImage).toBe("x:1");
    expect(loaded.steps[0]).toMatchObject({
      verifier: { dirs: [join(dir, "judge")] },
      solution: { dir: join(dir, "answer") },
    });
    expect(loaded.notices).toEqual([]);
  });

  test("may have steps, in the folders that the older layout has for them", async () => {
    const dir = await task({
      "task.md": document([
        "steps:",
        "  - name: one",
        "    min_reward: 0.5",
        "    verifier: { sandbox_mode: separate }",
      ]),
      "steps/one/instruction.md": "Begin.",
    });
    const loaded = await loadTask(dir);
    expect(loaded.steps).toMatchObject([
      { name: "one", instruction: "Begin.", minReward: { reward: 0.5 } },
    ]);
    expect(loaded.notices).toEqual([
      'task.md: the key "steps[0].verifier.sandbox_mode" is not kept: the tests run on what the agent left, when the agent is gone',
    ]);
  });

  test("says what it does not keep, in the words of the file", async () => {
    const loaded = await withFront(
      [
        "verifier: { sandbox: { cpus: 1 }, service: target, user: root }",
        "sandbox: { gpus: 1, healthcheck: { command: 'true' } }",
        "oracle: { timeout_sec: 5 }",
        "task: { name: acme/other }",
        "agents: { roles: {} }",
        "scenes: []",
        "benchflow: { anything: 1 }",
      ],
      "## prompt\n\nDo it.\n\n## role:planner\n\nPlan.",
    );
    expect(loaded.steps[0].instruction).toBe("Do it.");
    expect(loaded.notices.map((notice) => notice.replace(/^task.md: /, ""))).toEqual([
      'the key "verifier.service" is not kept: the tests run where the agent worked',
      'the key "verifier.user" is not kept: the tests run as the user of the environment',
      'the key "verifier.sandbox" is not kept: the tests run on what the agent left, when the agent is gone',
      'the key "sandbox.gpus" is not kept: no GPU is given',
      'the key "sandbox.healthcheck" is not kept: the environment counts as ready when it has started',
      'the key "oracle.timeout_sec" is not kept: it has the agent\'s time',
      '"agents" is not kept: one agent is told the prompt',
      '"scenes" is not kept: one agent is told the prompt',
      '"## role:planner" is not kept: one agent is told the prompt',
      'the task calls itself "acme/other"; here it goes by its folder\'s name',
    ]);
  });

  test("says nothing of settings that ask for nothing", async () => {
    const loaded = await withFront([
      "artifacts: []",
      "verifier: { service: main, pytest_plugins: [], type: test-script }",
      "sandbox: { gpus: 0, os: Linux, mcp_servers: [] }",
    ]);
    expect(loaded.notices).toEqual([]);
  });
});

describe("the prompt of a task.md", () => {
  test.each([
    ["Do it.", "Do it."],
    ["## prompt\n\nDo it.", "Do it."],
    ["# Title\n\n## Prompt\nDo it.\n\n## Other\nAll of it.", "Do it.\n\n## Other\nAll of it."],
    ["Before.\n\n## role:a\nAs a.", "Before."],
    ["## prompt\n\nA heading:\n\n\\## prompt\n", "A heading:\n\n## prompt"],
    ["Do it.\n\n---\n\nMore.", "Do it.\n\n---\n\nMore."],
  ])("of %j is %j", async (body, told) => {
    expect(await instructionOf(body)).toBe(told);
  });

  test("is asked for", async () => {
    for (const body of ["", "## prompt\n\n", "## role:a\n\nAs a."]) {
      await expect(instructionOf(body)).rejects.toMatchObject({
        code: "evaluation.instruction_missing",
        message: expect.stringContaining("task.md"),
      });
    }
  });

  test("is there once", async () => {
    await expect(instructionOf("## prompt\na\n## prompt\nb")).rejects.toMatchObject({
      code: "evaluation.task_malformed",
    });
  });
});

describe("a task.md is refused with", () => {
  // Each row: what, its text, the code, a word of the message.
  const wrong: [string, string, string, string][] = [
    ["no front matter", "Do it.", "evaluation.task_malformed", "front matter"],
    [
      "front matter without an end",
      "---\nversion: 1\nDo it.",
      "evaluation.task_malformed",
      "front",
    ],
    ["what is not YAML", document(["agent: {", "x: ]"]), "evaluation.task_malformed", "not YAML"],
    ["a key twice", document(["source: a", "source: b"]), "evaluation.task_malformed", "not YAML"],
    ["a list", document(["- a"]), "evaluation.task_malformed", "no mapping"],
    ["an unknown key", document(["sandobx: {}"]), "evaluation.task_malformed", '"sandobx"'],
    [
      "an unknown key below",
      document(["sandbox: { cpu: 1 }"]),
      "evaluation.task_malformed",
      '"sandbox.cpu"',
    ],
    [
      "an unknown key of oracle",
      document(["oracle: { evn: {} }"]),
      "evaluation.task_malformed",
      '"oracle.evn"',
    ],
    [
      "the older name of sandbox",
      document(["environment: {}"]),
      "evaluation.task_malformed",
      "sandbox",
    ],
    [
      "a wrong type",
      document(["sandbox: { cpus: many }"]),
      "evaluation.task_malformed",
      "sandbox.cpus",
    ],
    [
      "a size that is none",
      document(["sandbox: { memory: much }"]),
      "evaluation.task_malformed",
      "sandbox.memory",
    ],
    [
      "a folder elsewhere",
      document(["verifier: ../tests"]),
      "evaluation.task_malformed",
      "outside",
    ],
    [
      "a version to come",
      document(["schema_version: '2.0'"]),
      "evaluation.layout_unsupported",
      '"2.0"',
    ],
    ["a profile", document(["profile: code-change"]), "evaluation.layout_unsupported", "profile"],
  ];
  test.each(wrong)("%s", async (_what, text, code, word) => {
    const outcome = await tryLoadTask(await task({ "task.md": text }));
    expect(outcome).toMatchObject({ ok: false, error: { code } });
    if (!outcome.ok) expect(outcome.error.message).toContain(word);
  });

  test("no tests", async () => {
    const outcome = await tryLoadTask(await task({ "verifier/test.sh": undefined }));
    expect(outcome).toMatchObject({ ok: false, error: { code: "evaluation.tests_missing" } });
    if (!outcome.ok) expect(outcome.error.message).toContain("verifier/test.sh");
  });

  test("a task.md that is a link out of the task", async () => {
    const dir = await task({ "task.md": undefined });
    await symlink("/etc/hostname", join(dir, "task.md"));
    await expect(loadTask(dir)).rejects.toMatchObject({ code: "evaluation.task_unreadable" });
  });
});

describe("a verifier.md", () => {
  const judgedBy = async (...strategy: string[]) =>
    tryLoadTask(
      await task({
        "verifier/verifier.md": document(
          ["verifier:", "  default_strategy: a", "  strategies:", "    a:", ...strategy],
          "## role:reviewer\n\nLook.",
        ),
      }),
    );

  test.each(["./test.sh", "bash test.sh", "sh ./test.sh", "/verifier/test.sh"])(
    "may name the script %s",
    async (command) => {
      const outcome = await judgedBy("      type: script", `      command: ${command}`);
      expect(outcome).toMatchObject({ ok: true });
    },
  );

  test.each([
    [["      type: llm-judge", "      rubric: r.md"], "llm-judge"],
    [["      type: script", "      command: python3 judge.py"], "python3 judge.py"],
  ])("that wants another judge is refused: %j", async (strategy, word) => {
    const outcome = await judgedBy(...strategy);
    expect(outcome).toMatchObject({ ok: false, error: { code: "evaluation.layout_unsupported" } });
    if (!outcome.ok) expect(outcome.error.message).toContain(word);
  });

  test("that names a strategy that is not there is malformed", async () => {
    const text = document([
      "verifier: { default_strategy: b, strategies: { a: { type: script } } }",
    ]);
    const outcome = await tryLoadTask(await task({ "verifier/verifier.md": text }));
    expect(outcome).toMatchObject({ ok: false, error: { code: "evaluation.task_malformed" } });
  });

  test("without settings is a note to people", async () => {
    const dir = await task({ "verifier/verifier.md": "# How it is judged\n" });
    expect((await loadTask(dir)).notices).toEqual([]);
  });
});
