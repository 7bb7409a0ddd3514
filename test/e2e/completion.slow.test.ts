import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import type { RunRequest } from "../../src/engine/create-run.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, testEngine } from "../support/engine.ts";

const add = (line: string): ScriptedTurn => ({
  tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line } }],
});
const done: ScriptedTurn = { text: "Done." };

/** A run in a workspace of its own. */
async function run(turns: readonly ScriptedTurn[], request: Partial<RunRequest> = {}) {
  const made = testEngine();
  const workspace = join(made.folder, "work");
  mkdirSync(workspace);
  try {
    const task = { kind: "text", text: "Count to three.", workspace } as const;
    const { outcome, events } = await made.run(turns, { task, ...request });
    const checks = eventsOf(events, "check.completed");
    const [finished] = eventsOf(events, "run.finished");
    return { outcome, events, checks, finished };
  } finally {
    await made.engine.close();
  }
}

function agentFile(fields: Readonly<Record<string, JsonValue>>): string {
  const path = join(freshFolder(), "agent.yaml");
  const agent = { name: "counter", version: "1", role: "r", instructions: "i", ...fields };
  writeFileSync(path, stringify(agent));
  return path;
}

const threeLines = "test $(wc -l < notes.txt) -ge 3 || { echo too few lines; exit 1; }";

describe("a command that checks the work", () => {
  test("fails twice and then passes: verified, with three attempts in the log", async () => {
    const { outcome, checks, events } = await run(
      [add("one"), done, add("two"), done, add("three"), done],
      { checks: [threeLines] },
    );
    expect(outcome).toBe("verified");
    expect(checks.map(({ kind, attempt, passed }) => [kind, attempt, passed])).toEqual([
      ["command", 1, false],
      ["command", 2, false],
      ["command", 3, true],
    ]);
    const told = eventsOf(events, "message.user").filter(({ from }) => from === "engine");
    expect(told).toHaveLength(2);
    expect(told[0]?.text).toContain("too few lines");
  });

  test("never passes: refuted, and the agent is sent back a bounded number of times", async () => {
    const { outcome, checks, finished } = await run([done, done, done, done, done], {
      checks: ["exit 1"],
    });
    expect(outcome).toBe("refuted");
    expect(checks).toHaveLength(3);
    expect(finished?.totals.turns).toBe(3);
  });

  test("all of them have to pass, in their order, and the first that does not is told", async () => {
    const agent = agentFile({
      completion: { checks: [{ command: ["sh", "-c", "echo first; exit 0"] }] },
    });
    const { outcome, checks } = await run([done, done, done], {
      agent,
      checks: ["echo second; exit 1", "exit 0"],
    });
    expect(outcome).toBe("refuted");
    expect(checks.slice(0, 2)).toMatchObject([
      { attempt: 1, passed: true, output: "first\n" },
      { attempt: 1, passed: false, output: "second\n" },
    ]);
    expect(checks).toHaveLength(6);
  });

  test("that cannot run is no verdict and sends nobody back", async () => {
    const agent = agentFile({ completion: { checks: [{ command: ["no-such-program"] }] } });
    const { outcome, checks } = await run([done, done], { agent });
    expect(outcome).toBe("failed");
    expect(checks).toHaveLength(1);
    expect(checks[0]?.error?.code).toBe("evaluation.check_not_started");
  });

  test("needs a workspace, which is said before anything runs", async () => {
    const words = ["run", "Count.", "--check", "true", "--model", "scripted:none.yaml"];
    const { code, stderr } = await runInProcess(words, freshFolder());
    expect(code).toBe(64);
    expect(stderr).toContain("engine.check_without_workspace");
  });

  test("a step limit ends the asking again, too", async () => {
    const agent = agentFile({ limits: { maxSteps: 2, maxChecks: 9 } });
    const { outcome, finished } = await run([done, done, { text: "It is not done." }], {
      agent,
      checks: ["exit 1"],
    });
    expect(outcome).toBe("failed");
    expect(finished?.stop).toMatchObject({ reason: "limit", limit: "steps" });
    expect(finished?.totals.turns).toBe(3);
  });
});

test("a check gets no more time than the run has left, and the limit is named", async () => {
  const agent = agentFile({ limits: { maxSeconds: 2 } });
  const { outcome, checks, finished } = await run([done], { agent, checks: ["sleep 30"] });
  expect(outcome).toBe("failed");
  expect(checks).toMatchObject([{ passed: false, error: { code: "evaluation.check_timeout" } }]);
  expect(finished?.stop).toMatchObject({ reason: "limit", limit: "time" });
});

test("a check gets no more time than its definition says, and then has not looked", async () => {
  const completion = { checks: [{ command: "sleep 30" }], timeoutSeconds: 1 };
  const { outcome, checks, finished } = await run([done], { agent: agentFile({ completion }) });
  expect(outcome).toBe("failed");
  expect(checks).toMatchObject([{ passed: false, error: { code: "evaluation.check_timeout" } }]);
  expect(finished?.stop).toMatchObject({ reason: "done" });
});

describe("a scorer", () => {
  const scorer = (command: string, atLeast = 0.9) =>
    agentFile({ completion: { checks: [{ scorer: { command, atLeast } }] } });

  test("passes from its least score on, and says what the score was", async () => {
    const agent = scorer("echo looking; test -e notes.txt && echo 0.95 || echo 0.5");
    const { outcome, checks, events } = await run([done, add("one"), done], { agent });
    expect(outcome).toBe("verified");
    expect(checks.map(({ kind, passed }) => [kind, passed])).toEqual([
      ["scorer", false],
      ["scorer", true],
    ]);
    const told = eventsOf(events, "message.user").find(({ from }) => from === "engine");
    expect(told?.text).toContain("The score is 0.5; at least 0.9 is asked for.");
  });
});

describe("the form of the answer", () => {
  const outputs = {
    type: "object",
    properties: { count: { type: "integer" } },
    required: ["count"],
    additionalProperties: false,
  };

  test("is checked first, mended with what was wrong, and is the run's output", async () => {
    const agent = agentFile({ outputs });
    const { outcome, checks, finished, events } = await run(
      [{ text: "It is 3." }, { text: '{"count": "3"}' }, { text: '```json\n{"count": 3}\n```' }],
      { agent, checks: ["true"] },
    );
    expect(outcome).toBe("verified");
    expect(finished?.output).toEqual({ count: 3 });
    expect(checks.map(({ kind, passed }) => [kind, passed])).toEqual([
      ["schema", false],
      ["schema", false],
      ["schema", true],
      ["command", true],
    ]);
    const told = eventsOf(events, "message.user").filter(({ from }) => from === "engine");
    expect(told[0]?.text).toContain('at character 1 there is "It is 3."');
    expect(told[1]?.text).toContain("count must be integer");
  });

  test("that never fits is refuted, and gives no output", async () => {
    const answer = { text: 'Here it is: {"count": 3}' };
    const { outcome, checks, finished } = await run([answer, answer, answer], {
      agent: agentFile({ outputs }),
    });
    expect(outcome).toBe("refuted");
    expect(checks).toHaveLength(3);
    expect(finished?.output).toBeUndefined();
  });
});
