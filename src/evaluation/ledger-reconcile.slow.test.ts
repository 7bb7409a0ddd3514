import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { parse } from "yaml";
import { z } from "zod";
import { systemClock } from "../base/clock.ts";
import { createProcesses } from "../sandbox/process.ts";
import { discover } from "../skills/load.ts";
import { runCheck } from "./commands/check.ts";
import { prepareHostWorkspace } from "./environments/host-environment.ts";
import { loadTask } from "./tasks/load-task.ts";
import { commandsIn, runCommand } from "./commands/run-command.ts";
import type { Task } from "./tasks/task.ts";
import type { Verification } from "./environments/verdict.ts";
import { verify } from "./environments/verifier.ts";

grantTests("runs a check and a verifier", { spawn: true });

/** The example task, held to what makes a task fair: its solution passes and doing nothing fails. */
const processes = createProcesses();
const env = { PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) };
const source = join(import.meta.dirname, "../../examples/tasks/ledger-reconcile");

let root: string;
let task: Task;
let workspace: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-ledger-"));
  workspace = join(root, "workspace");
  task = await loadTask(source);
  await prepareHostWorkspace(task, workspace);
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const grade = (): Promise<Verification> =>
  verify(task, {
    workspace,
    logsDir: join(root, "logs"),
    spawn: processes.spawn,
    env,
    clock: systemClock,
  });
const check = () =>
  runCheck(task.check ?? [], {
    run: commandsIn({ cwd: workspace, spawn: processes.spawn, env, clock: systemClock }),
    timeoutMs: 60_000,
  });

async function solve(): Promise<void> {
  const dir = task.steps[0].solution?.dir ?? "";
  const result = await runCommand({
    command: "bash",
    args: [join(dir, "solve.sh")],
    cwd: workspace,
    env: { ...env, AGENT33_APP_DIR: workspace },
    timeoutMs: 20_000,
    spawn: processes.spawn,
    clock: systemClock,
  });
  expect(result).toMatchObject({ end: { kind: "exited", status: { code: 0 } }, output: "" });
}

async function change(file: string, from: string | RegExp, to: string): Promise<void> {
  const path = join(workspace, file);
  const text = await readFile(path, "utf8");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  await writeFile(path, changed);
}

const scriptSchema = z.object({
  name: z.string(),
  turns: z.array(
    z.strictObject({
      reasoning: z.string().optional(),
      text: z.string().optional(),
      tool_calls: z
        .array(z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }))
        .optional(),
      usage: z.strictObject({ input_tokens: z.int(), output_tokens: z.int() }).optional(),
    }),
  ),
});

/** Plays the writes of the scripted turns; calls `atEnd` where a turn has no tool calls. */
async function playScript(atEnd: () => Promise<void>): Promise<string[]> {
  const script = scriptSchema.parse(parse(await readFile(task.scriptPath ?? "", "utf8")));
  const names: string[] = [];
  for (const turn of script.turns) {
    for (const call of turn.tool_calls ?? []) {
      names.push(call.name);
      const text = (key: string) => z.string().parse(call.arguments[key]);
      if (call.name === "filesystem__write_file")
        await writeFile(join(workspace, text("path")), text("content"));
      else if (call.name === "append_line")
        await appendFile(join(workspace, text("path")), `${text("line")}\n`);
      else if (call.name === "filesystem__read_text_file")
        await readFile(join(workspace, text("path")));
    }
    if (turn.tool_calls === undefined) await atEnd();
  }
  return names;
}

const ctrfSchema = z.object({
  reportFormat: z.literal("CTRF"),
  specVersion: z.string().regex(/^\d+\.\d+\.\d+$/),
  results: z.strictObject({
    tool: z.strictObject({ name: z.string() }),
    summary: z.strictObject({
      tests: z.int(),
      passed: z.int(),
      failed: z.int(),
      skipped: z.int(),
      pending: z.int(),
      other: z.int(),
      start: z.int(),
      stop: z.int(),
    }),
    tests: z.array(
      z.strictObject({
        name: z.string(),
        status: z.enum(["passed", "failed"]),
        duration: z.int().nonnegative(),
        suite: z.array(z.string()).min(1),
        message: z.string().optional(),
      }),
    ),
  }),
});

describe("the task ledger-reconcile", () => {
  test("loads with only the notices that its Dockerfile explains", async () => {
    expect(task.notices).toEqual([]);
    expect(task.environment.mcpServers).toMatchObject([
      { name: "filesystem", transport: "stdio", command: "mcp-server-filesystem", args: ["."] },
    ]);
    const { skills, notices } = await discover(task.skillsDir ?? "");
    expect(notices).toEqual([]);
    expect(skills.map((skill) => skill.name)).toEqual(["ledger-reconciliation"]);
  });

  test("gives 1 to its solution and a valid CTRF report with it", async () => {
    await solve();
    expect(await check()).toMatchObject({ passed: true });
    expect(await grade()).toMatchObject({ reward: 1, passed: true });
    const ctrf = ctrfSchema.parse(
      JSON.parse(await readFile(join(root, "logs", "ctrf.json"), "utf8")),
    );
    expect(ctrf.results.summary).toMatchObject({ tests: 11, passed: 11, failed: 0 });
    expect(ctrf.results.tests).toHaveLength(11);
  });

  test("gives 0 to doing nothing, and the check says what is missing", async () => {
    const result = await check();
    expect(result.passed).toBe(false);
    expect(result.output).toContain("corrected-ledger.csv is missing");
    expect(await grade()).toMatchObject({ reward: 0, passed: false });
  });

  test("gives 1 to the scripted turns, whose one slip the check catches", async () => {
    const outcomes: [boolean, string][] = [];
    const names = await playScript(async () => {
      const { passed, output } = await check();
      outcomes.push([passed, output]);
    });
    expect(outcomes).toEqual([
      [false, '1 problem:\n- report.json.totals has no "net_eur"\n'],
      [true, "The four files have the right shape.\n"],
    ]);
    expect(await grade()).toMatchObject({ reward: 1 });
    const known = new Set([...Object.keys(task.toolNotes), "load_skill", "append_line"]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test("refutes the scripted turns when a correction was logged twice", async () => {
    await playScript(async () => undefined);
    const log = join(workspace, "adjustments.jsonl");
    const first = (await readFile(log, "utf8")).split("\n")[0] ?? "";
    // Spelt with a space, so that it is the same correction but not the same line.
    await appendFile(log, `${first.replace("{", "{ ")}\n`);
    const result = await grade();
    expect(result.reward).toBe(0);
    expect(result.output).toContain("FAIL adjustments.jsonl holds each correction exactly once");
  });

  // Each row: what somebody changed in a CSV, the file, from, to.
  const mutations: [string, string, string | RegExp, string][] = [
    ["an amount of the bank", "data/bank.csv", "-642.35", "-643.35"],
    ["a fee of the card provider", "data/card-payouts.csv", "2.48,146.02", "2.58,145.92"],
    ["an amount in the ledger", "data/ledger.csv", "86.00,EUR,86.00", "68.00,EUR,68.00"],
    ["a rate", "data/fx-rates.csv", /^(2026-03-10),\d\.\d{4}/m, "$1,0.9000"],
    ["a line taken out", "data/card-payouts.csv", /^PO-0306.*CH-3003.*\n/m, ""],
    ["a line made unreadable", "data/bank.csv", "Kiln service", 'Kiln "service'],
    ["a line repeated", "data/ledger.csv", /^(L-035.*\n)/m, "$1$1"],
  ];
  test.each(mutations)(
    "refutes old outputs after %s, and takes new ones",
    async (_what, ...edit) => {
      await solve();
      await change(...edit);
      expect(await grade()).toMatchObject({ reward: 0, passed: false });
      await solve();
      expect(await grade()).toMatchObject({ reward: 1, passed: true });
    },
  );

  // Each row: what is wrong with an output, the file, from, to, what the verifier says.
  const wrong: [string, string, string | RegExp, string, string][] = [
    [
      "a wrong status",
      "corrected-ledger.csv",
      'L-007,2026-03-05,"The Potter\'s Table, Bath",INV-2043,864.00,GBP,998.18,corrected',
      'L-007,2026-03-05,"The Potter\'s Table, Bath",INV-2043,864.00,GBP,998.18,matched',
      "right entries",
    ],
    [
      "a half cent rounded down",
      "corrected-ledger.csv",
      "50.00,USD,43.71",
      "50.00,USD,43.70",
      "right entries",
    ],
    [
      "two lines in the wrong order",
      "corrected-ledger.csv",
      /^(L-001.*\n)(L-002.*\n)/m,
      "$2$1",
      "sorted",
    ],
    [
      "a correction that is not logged",
      "adjustments.jsonl",
      /^.*INV-2046.*\n/m,
      "",
      "exactly once",
    ],
    [
      "a wrong sum",
      "report.json",
      '"net_eur": "10140.69"',
      '"net_eur": "10140.68"',
      "report.json: totals",
    ],
    ["a page that is silent about an entry", "report.md", /L-043/g, "an entry", "report.md"],
    ["a file that is no JSON", "report.json", "{", "", "report.json: period"],
  ];
  test.each(wrong)("refutes %s", async (_what, file, from, to, said) => {
    await solve();
    await change(file, from, to);
    const result = await grade();
    expect(result.reward).toBe(0);
    const failed = result.output.split("\n").filter((line) => line.startsWith("FAIL"));
    expect(failed.join("\n")).toContain(said);
  });

  test("needs no folder of its own to be in the task's place", async () => {
    const copy = join(root, "elsewhere");
    await cp(source, copy, { recursive: true });
    task = await loadTask(copy);
    await solve();
    expect(await grade()).toMatchObject({ reward: 1 });
  });
});
