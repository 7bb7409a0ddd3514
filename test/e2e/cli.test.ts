import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { grantTests } from "../support/egress.ts";
import { type CliResult, freshFolder, projectRoot, runCli, runInProcess } from "../support/cli.ts";
import { copyOfDemo, demo, demoWords, processesMentioning } from "../support/demo.ts";

grantTests("looks at processes and files", { spawn: true });

describe("the main job", () => {
  // A run as programs read it, which several tests look at.
  const data = freshFolder();
  let told: CliResult;
  beforeAll(async () => {
    told = await runCli([...demoWords(data), "--json"]);
  });

  test("the demo is verified by hidden tests, and says at once that no model is called", async () => {
    const own = freshFolder();
    const { code, stdout, stderr } = await runCli(demoWords(own));
    expect(stderr).toBe("");
    expect(stdout.split("\n")[0]).toMatch(/^Scripted run: no model is called\./);
    expect(stdout).toMatch(
      /check {2}failed[\s\S]*check {2}passed[\s\S]*verifier {2}reward 1[\s\S]*outcome {2}verified/,
    );
    expect(stdout).toMatch(/filesystem__write_file[\s\S]*allow by default\//);
    expect(code).toBe(0);
    expect(processesMentioning(own)).toEqual([]);
  });

  test("with one changed input the scripted turns are wrong, and the outcome is refuted", async () => {
    const task = copyOfDemo();
    const bank = join(task, "environment/data/bank.csv");
    const lines = readFileSync(bank, "utf8").split("\n");
    const index = lines.findIndex((line) => line.includes("INV-2044"));
    const changed = (lines[index] ?? "").replace(
      /(\d+)\.(\d\d)/,
      (_all, whole: string, cents: string) => `${Number(whole) + 100}.${cents}`,
    );
    expect(changed).not.toBe(lines[index]);
    writeFileSync(bank, lines.map((line) => (line === lines[index] ? changed : line)).join("\n"));
    const { code, stdout } = await runInProcess(demoWords(freshFolder(), task), projectRoot);
    expect(stdout).toMatch(/verifier {2}reward 0[\s\S]*outcome {2}refuted/);
    expect(code).toBe(2);
  });

  test("--json gives one event a line and nothing else", () => {
    const { code, stdout } = told;
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; seq?: number });
    expect(events[0]?.type).toBe("run.started");
    expect(events.at(-1)).toMatchObject({ type: "run.finished", outcome: "verified" });
    const seqs = events.flatMap((event) => (event.seq === undefined ? [] : [event.seq]));
    expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
    expect(code).toBe(0);
  });

  test("runs list and runs show read what happened", async () => {
    const list = await runInProcess(["runs", "list", "--data", data, "--json"], projectRoot);
    const { items } = JSON.parse(list.stdout) as { items: { id: string; outcome: string }[] };
    expect(items).toMatchObject([{ outcome: "verified" }]);
    const shown = await runInProcess(
      ["runs", "show", items[0]!.id.slice(0, 13), "--data", data],
      projectRoot,
    );
    expect(shown.stdout).toMatch(/turn 1[\s\S]*outcome {2}verified/);
    expect(
      (await runInProcess(["runs", "show", "ffff", "--data", data], projectRoot)).stderr,
    ).toContain("store.unknown_run");
  });

  test("the hidden tests are nowhere in the workspace while the agent works", () => {
    const { stdout } = told;
    expect(stdout).not.toContain("verify.mjs");
    const start = JSON.parse(stdout.split("\n")[0] ?? "{}") as { workspace: string };
    expect(execFileSync("find", [start.workspace], { encoding: "utf8" })).not.toMatch(
      /test\.sh|solve|truth/,
    );
  });
});

describe("bad input", () => {
  const folder = freshFolder();
  const data = join(folder, "data");
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const taskWith = (name: string, files: Readonly<Record<string, string>>): string => {
    mkdirSync(join(folder, name), { recursive: true });
    for (const [path, text] of Object.entries(files)) write(join(name, path), text);
    return join(folder, name);
  };
  const ends = write("ends.mjs", "process.exit(3);\n");
  const script = write("done.yaml", "name: done\nturns:\n  - text: Done.\n");
  const cases: readonly (readonly [
    what: string,
    words: readonly string[],
    code: number,
    error: string,
    hint: RegExp,
  ])[] = [
    ["no command", [], 64, "cli.usage", /--help/],
    ["an unknown flag", ["run", "x", "--modle", "a:b"], 64, "cli.usage", /--model/],
    ["an unknown command", ["rum"], 64, "cli.usage", /run/],
    ["nothing to do", ["run"], 64, "cli.usage", /agent33 run/],
    ["both a text and a task", ["run", "x", "--task", "y"], 64, "cli.usage", /run/],
    ["an unknown effort", ["run", "x", "--effort", "hgih"], 64, "cli.usage", /high/],
    ["no model", ["run", "x"], 64, "engine.model_missing", /--model/],
    [
      "an unknown provider",
      ["run", "x", "--model", "antropic:claude"],
      64,
      "models.unknown_provider",
      /anthropic/,
    ],
    [
      "a provider without a key",
      ["run", "x", "--model", "anthropic:claude-opus-5"],
      64,
      "models.missing_key",
      /ANTHROPIC_API_KEY/,
    ],
    [
      "a local model without an address",
      ["run", "x", "--model", "openai-compatible:llama"],
      64,
      "models.missing_base_url",
      /11434/,
    ],
    [
      "a script that does not exist",
      ["run", "x", "--model", "scripted:nowhere.yaml"],
      64,
      "models.unreadable_script",
      /scripted:/,
    ],
    [
      "a misspelt policy pack",
      ["run", "x", "--model", `scripted:${script}`, "--policy", "strict-wbe"],
      64,
      "policy.unknown_pack",
      /strict-web/,
    ],
    [
      "a task folder that is not there",
      ["run", "--task", "nowhere", "--environment", "host"],
      64,
      "evaluation.task_not_found",
      /./,
    ],
    [
      "a task folder without task.toml",
      ["run", "--task", folder, "--environment", "host"],
      64,
      "evaluation.",
      /./,
    ],
    [
      "a malformed task",
      [
        "run",
        "--task",
        taskWith("bad", { "task.toml": "version = [", "instruction.md": "x", "tests/test.sh": "" }),
        "--environment",
        "host",
      ],
      64,
      "evaluation.task_malformed",
      /./,
    ],
    [
      "a task without tests",
      [
        "run",
        "--task",
        taskWith("untested", { "task.toml": 'version = "1.0"', "instruction.md": "x" }),
        "--environment",
        "host",
      ],
      64,
      "evaluation.tests_missing",
      /./,
    ],
    ["no environment", ["run", "--task", demo], 64, "engine.environment", /--environment host/],
    [
      "a program that is not there",
      ["run", "x", "--model", `scripted:${script}`, "--mcp", "no-such-server"],
      1,
      "sandbox.command_not_found",
      /./,
    ],
    [
      "a server that ends at once",
      ["run", "x", "--model", `scripted:${script}`, "--mcp", `node ${ends}`],
      1,
      "boundary.transport",
      /./,
    ],
    [
      "an unbalanced quote",
      ["run", "x", "--model", `scripted:${script}`, "--mcp", "node 'x"],
      64,
      "sandbox.",
      /./,
    ],
    [
      "an unknown setting",
      ["config", "explain", "--config", write("bad.yaml", "efort: low")],
      64,
      "config.unknown_setting",
      /effort/,
    ],
    ["an unknown run", ["resume", "0000"], 64, "store.unknown_run", /runs/],
    [
      "a question that is not there",
      ["approvals", "approve", "0000"],
      64,
      "store.unknown_approval",
      /approvals/,
    ],
  ];

  test.each(cases)("%s", async (_what, words, code, error, hint) => {
    const result = await runInProcess(
      words.length < 2 && words[0] !== "run" ? words : [...words, "--data", data],
      folder,
    );
    // A run that could not begin says so in its own output; everything else is an error of the command.
    const said = `${result.stderr}${result.stdout}`;
    expect(said).toContain(error);
    expect(said.split("→")[1] ?? "").toMatch(hint);
    expect(result.code).toBe(code);
  });

  test("errors are JSON for programs", async () => {
    const { stderr, code } = await runInProcess(
      ["run", "x", "--model", "nope:x", "--data", data, "--json"],
      folder,
    );
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "models.unknown_provider" } });
    expect(code).toBe(64);
  });

  test("a run whose server did not start is in the list with its error", async () => {
    const own = freshFolder();
    await runInProcess(
      ["run", "x", "--model", `scripted:${script}`, "--mcp", `node ${ends}`, "--data", own],
      folder,
    );
    const list = await runInProcess(["runs", "list", "--data", own, "--json"], folder);
    const { items } = JSON.parse(list.stdout) as { items: { id: string; outcome: string }[] };
    expect(items).toMatchObject([{ outcome: "failed" }]);
    const shown = await runInProcess(["runs", "show", items[0]!.id, "--data", own], folder);
    expect(shown.stdout).toContain("boundary.transport");
  });

  test("an environment variable that is no setting is named", async () => {
    const { stderr, code } = await runInProcess(["config", "explain"], folder, {
      AGENT33_MODLE: "x",
    });
    expect(stderr).toContain("AGENT33_MODEL");
    expect(code).toBe(64);
  });
});
