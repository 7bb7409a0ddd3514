import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asOrdinaryUser } from "../../../test/support/ordinary-user.ts";
import { loadTask, tryLoadTask } from "./load-task.ts";
import { type TaskFiles, writeTomlTask } from "./task.fixture.ts";
import { sizeInMb } from "./task-schema.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-task-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** A small whole task; entries of `files` replace its files, undefined takes one out. */
const task = (files: TaskFiles = {}) => writeTomlTask(join(root, "my-task"), files);

const withToml = async (...lines: string[]) =>
  loadTask(await task({ "task.toml": lines.join("\n") }));

describe("loading a task", () => {
  test("gives everything that a full task says", async () => {
    const dir = await task({
      "task.toml": [
        'version = "1.0"',
        "[metadata]",
        'author_name = "A"',
        'difficulty = "middle"',
        'category = "finance"',
        'tags = ["csv"]',
        "[metadata.agent33]",
        'check = ["node", "check.mjs"]',
        'script = "script.yaml"',
        "[metadata.agent33.tools]",
        '"fs__read" = { effect = "read", repeat = "safe" }',
        "[verifier]",
        "timeout_sec = 1.5",
        'env = { KEY = "${KEY}", N = 3 }',
        "[agent]",
        "timeout_sec = 900.0",
        "[solution]",
        'env = { A = "b" }',
        "[environment]",
        "cpus = 2",
        "memory_mb = 1024",
        "storage_mb = 2048",
        "allow_internet = false",
        "[[environment.mcp_servers]]",
        'name = "fs"',
        'transport = "stdio"',
        'command = "mcp-fs"',
        'args = ["."]',
      ].join("\n"),
      "script.yaml": "turns: []",
      "solution/solve.sh": "true",
      "environment/skills/s/SKILL.md": "x",
    });
    const loaded = await loadTask(dir);
    expect(loaded).toMatchObject({
      name: "my-task",
      dir,
      formatVersion: "1.0",
      metadata: { authorName: "A", difficulty: "middle", category: "finance", tags: ["csv"] },
      steps: [
        {
          name: undefined,
          instruction: "Do it.\n",
          agentTimeoutMs: 900_000,
          verifier: {
            dirs: [join(dir, "tests")],
            at: "/tests",
            timeoutMs: 1_500,
            env: { KEY: "${KEY}", N: "3" },
          },
          solution: { dir: join(dir, "solution"), at: "/solution", env: { A: "b" } },
        },
      ],
      environment: {
        dockerfile: join(dir, "environment", "Dockerfile"),
        buildTimeoutMs: 600_000,
        cpus: 2,
        memoryMb: 1024,
        storageMb: 2048,
        network: "no-network",
        mcpServers: [{ name: "fs", transport: "stdio", command: "mcp-fs", args: ["."], env: {} }],
      },
      skillsDir: join(dir, "environment", "skills"),
      check: ["node", "check.mjs"],
      scriptPath: join(dir, "script.yaml"),
      toolNotes: { fs__read: { effect: "read", repeat: "safe" } },
      notices: [],
    });
  });

  // Real task sets are like this. Each row: what, the file, a part of the task, the notices.
  const irregular: [string, string[], object, string[]][] = [
    [
      "no version",
      ["[agent]"],
      { formatVersion: undefined, steps: [{ agentTimeoutMs: undefined }] },
      [],
    ],
    ["an empty file", [""], { steps: [{ verifier: { timeoutMs: 600_000 } }] }, []],
    ["a number as version", ["version = 1.1"], { formatVersion: "1.1" }, []],
    ["the newer key for the version", ['schema_version = "1.3"'], { formatVersion: "1.3" }, []],
    [
      "sizes with units",
      ["[environment]", 'memory = "4G"', 'storage = "512M"'],
      { environment: { memoryMb: 4096, storageMb: 512 } },
      [],
    ],
    [
      "a size in both ways",
      ["[environment]", 'memory = "4G"', "memory_mb = 100"],
      { environment: { memoryMb: 100 } },
      [],
    ],
    ["no word about the network", ["[environment]"], { environment: { network: "public" } }, []],
    [
      "the newer word about the network",
      [
        "[environment]",
        'network_mode = "allowlist"',
        'allowed_hosts = ["a.org"]',
        "allow_internet = false",
      ],
      { environment: { network: "allowlist", allowedHosts: ["a.org"] } },
      [],
    ],
    [
      "servers over HTTP, with and without a transport",
      [
        "[[environment.mcp_servers]]",
        'name = "a"',
        'url = "http://a/sse"',
        "[[environment.mcp_servers]]",
        'name = "b"',
        'url = "http://b/mcp"',
        'transport = "http"',
        "[[environment.mcp_servers]]",
        'name = "c"',
        'command = "c"',
      ],
      {
        environment: {
          mcpServers: [
            { name: "a", transport: "sse", url: "http://a/sse" },
            { name: "b", transport: "streamable-http", url: "http://b/mcp" },
            { name: "c", transport: "stdio", command: "c", args: [], env: {} },
          ],
        },
      },
      [],
    ],
    [
      "metadata of any kind",
      ["[metadata]", "difficulty = 3", 'tags = "csv"', 'author = "B"', "required_skills = []"],
      { metadata: { difficulty: undefined, tags: [], authorName: undefined } },
      [],
    ],
    [
      "keys of other tools",
      [
        "[reward]",
        "weight = 1",
        "[agent]",
        'reasoning_effort = "high"',
        "[environment]",
        'skills_dir = "/s"',
        "npu = 1",
      ],
      { source: { reward: { weight: 1 }, agent: { reasoning_effort: "high" } } },
      [
        'task.toml: the key "environment.npu" is not known and ignored',
        'task.toml: the key "reward" is not kept: the reward is what the verifier writes',
        'task.toml: the key "agent.reasoning_effort" is not kept: the effort is a condition of the trial',
        'task.toml: the key "environment.skills_dir" is not kept: the task\'s skills are offered by the engine',
      ],
    ],
  ];
  test.each(irregular)("accepts %s", async (_what, lines, part, notices) => {
    const loaded = await withToml(...lines);
    expect(loaded).toMatchObject(part);
    expect(loaded.notices).toEqual(notices);
  });

  // Each row: what, the file, what the message must name.
  const malformed: [string, string[], string[]][] = [
    ["a line that is not TOML", ['version = "1"', "[agent]", "timeout_sec = = 3"], ["line 3"]],
    ["a text that never ends", ["[metadata]", 'author_name = "x'], ["line 2"]],
    ["a table twice", ["[agent]", "[agent]"], ["line 2"]],
    ["a wrong type", ["[agent]", 'timeout_sec = "long"'], ["agent.timeout_sec", "number"]],
    [
      "a wrong type in a list",
      ["[[environment.mcp_servers]]", "name = 3"],
      ["environment.mcp_servers.0.name"],
    ],
    ["a timeout below zero", ["[verifier]", "timeout_sec = -1"], ["verifier.timeout_sec"]],
    ["a size that is none", ["[environment]", 'memory = "much"'], ["environment.memory", '"much"']],
    [
      "a server without command",
      ["[[environment.mcp_servers]]", 'name = "a"', 'transport = "stdio"'],
      ["environment.mcp_servers.0.command"],
    ],
    [
      "a server without address",
      ["[[environment.mcp_servers]]", 'name = "a"'],
      ["environment.mcp_servers.0.url"],
    ],
    [
      "a mistyped key of ours",
      ["[metadata.agent33]", 'chek = ["a"]'],
      ["metadata.agent33", 'Did you mean "check"?'],
    ],
    [
      "an unknown effect",
      ["[metadata.agent33.tools]", 'a = { effect = "reads", repeat = "safe" }'],
      ["metadata.agent33.tools.a.effect"],
    ],
    [
      "a script that is not there",
      ["[metadata.agent33]", 'script = "none.yaml"'],
      ["metadata.agent33.script"],
    ],
    [
      "a script elsewhere",
      ["[metadata.agent33]", 'script = "../x.yaml"'],
      ["metadata.agent33.script", "outside"],
    ],
    [
      "skills elsewhere",
      ["[metadata.agent33]", 'skills = "/tmp"'],
      ["metadata.agent33.skills", "outside"],
    ],
  ];
  test.each(malformed)("refuses %s", async (_what, lines, words) => {
    const outcome = await tryLoadTask(await task({ "task.toml": lines.join("\n") }));
    const error = outcome.ok ? undefined : outcome.error;
    expect(error?.code).toBe("evaluation.task_malformed");
    expect(error?.hint).toBeDefined();
    for (const word of words) expect(error?.message).toContain(word);
  });

  // Each row: what, the files that differ, the code, a word of the message.
  const incomplete: [string, TaskFiles, string, string][] = [
    [
      "no instruction",
      { "instruction.md": undefined },
      "evaluation.instruction_missing",
      "no instruction.md",
    ],
    [
      "an empty instruction",
      { "instruction.md": " \n" },
      "evaluation.instruction_missing",
      "tells nothing",
    ],
    ["no tests", { "tests/test.sh": undefined }, "evaluation.tests_missing", "tests/test.sh"],
    ["no task.toml", { "task.toml": undefined }, "evaluation.task_not_found", "task.toml"],
    [
      "an environment of Windows",
      { "task.toml": '[environment]\nos = "Windows"' },
      "evaluation.layout_unsupported",
      "windows",
    ],
    [
      "a model as its judge",
      { "task.toml": '[verifier]\ntype = "llm-judge"' },
      "evaluation.layout_unsupported",
      "llm-judge",
    ],
  ];
  test.each(incomplete)("refuses a task with %s", async (_what, files, code, word) => {
    const outcome = await tryLoadTask(await task(files));
    expect(outcome).toMatchObject({ ok: false, error: { code } });
    if (!outcome.ok) expect(outcome.error.message).toContain(word);
  });

  test("takes a task without environment, solution, check and skills", async () => {
    const loaded = await loadTask(await task({ "environment/Dockerfile": undefined }));
    expect(loaded).toMatchObject({
      steps: [{ solution: undefined }],
      check: undefined,
      skillsDir: undefined,
    });
    expect(loaded.notices).toEqual(["environment/: missing, the workspace starts empty"]);
  });

  test("suggests the name that was probably meant", async () => {
    await task();
    await expect(loadTask(join(root, "my-tsak"))).rejects.toMatchObject({
      code: "evaluation.task_not_found",
      hint: 'Did you mean "my-task"?',
    });
  });

  test("says when the path is a file or a link in a circle", async () => {
    const dir = await task();
    await expect(loadTask(join(dir, "task.toml"))).rejects.toMatchObject({
      code: "evaluation.task_unreadable",
    });
    await symlink("loop", join(root, "loop"));
    await expect(loadTask(join(root, "loop"))).rejects.toMatchObject({
      code: "evaluation.task_unreadable",
    });
  });

  test("refuses an instruction, tests or an environment that are links out of the task", async () => {
    for (const name of ["instruction.md", "tests", "environment"]) {
      const dir = await task();
      await rm(join(dir, name), { recursive: true });
      await symlink("/etc", join(dir, name));
      await expect(loadTask(dir)).rejects.toMatchObject({
        code: "evaluation.task_unreadable",
        message: expect.stringContaining("link"),
      });
      await rm(dir, { recursive: true });
    }
  });

  test("refuses an environment that is a file and a time longer than a timer can be", async () => {
    const dir = await task();
    await rm(join(dir, "environment"), { recursive: true });
    await writeFile(join(dir, "environment"), "");
    await expect(loadTask(dir)).rejects.toMatchObject({ code: "evaluation.task_unreadable" });
    await rm(dir, { recursive: true });
    const slow = await task({ "task.toml": "[verifier]\ntimeout_sec = 1e12\n" });
    await expect(loadTask(slow)).rejects.toMatchObject({ code: "evaluation.task_malformed" });
  });

  test("says when it may not read a file", async () => {
    const dir = await task();
    await chmod(join(dir, "instruction.md"), 0o000);
    await asOrdinaryUser([root, dir], async () => {
      await expect(loadTask(dir)).rejects.toMatchObject({
        code: "evaluation.task_unreadable",
        message: expect.stringContaining("instruction.md"),
      });
    });
  });
});

describe("a size with a unit", () => {
  test.each([
    ["4G", 4096],
    ["512M", 512],
    ["1.5Gi", 1536],
    ["2GB", 2048],
    ["1T", 1_048_576],
    ["2048k", 2],
    [1_048_576, 1],
    [" 8 g ", 8192],
    ["G", undefined],
    ["4X", undefined],
    ["", undefined],
    ["-1G", undefined],
  ])("%j is %j MiB", (text, mb) => {
    expect(sizeInMb(text)).toBe(mb);
  });
});
