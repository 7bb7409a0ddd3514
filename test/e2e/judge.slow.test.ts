import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import type { RunRequest } from "../../src/engine/create-run.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, testEngine } from "../support/engine.ts";

const done: ScriptedTurn = { text: "Done." };
const add: ScriptedTurn = {
  tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line: "one" } }],
};
const says = (met: boolean, ...reasons: readonly string[]): ScriptedTurn => ({
  text: JSON.stringify({ met, reasons }),
});

interface Judging {
  readonly turns: readonly (ScriptedTurn & { readonly usage?: object })[];
  readonly judge: readonly ScriptedTurn[];
  readonly request?: Partial<RunRequest>;
  readonly settings?: Readonly<Record<string, JsonValue>>;
}

/** A run whose model also judges, by a script of its own. */
async function run({ turns, judge, request = { judge: true }, settings = {} }: Judging) {
  const made = testEngine(settings);
  const workspace = join(made.folder, "work");
  mkdirSync(workspace);
  const script = join(made.folder, "judged.yaml");
  writeFileSync(script, stringify({ name: "judged", turns, judge }));
  try {
    const task = { kind: "text", text: "Write one.", workspace } as const;
    const { runId, outcome, events } = await made.run([], {
      task,
      model: `scripted:${script}`,
      ...request,
    });
    const audited = made.engine.store.audit.list({ runId, limit: 100 }).items;
    return {
      outcome,
      events,
      audited,
      checks: eventsOf(events, "check.completed"),
      asked: eventsOf(events, "judge.completed"),
      finished: eventsOf(events, "run.finished")[0],
    };
  } finally {
    await made.engine.close();
  }
}

const judged = (fields: object = {}): string => {
  const path = join(freshFolder(), "agent.yaml");
  const completion = { judge: { criteria: "There is a line." }, ...fields };
  const agent = { name: "a", version: "1", role: "r", instructions: "i", completion };
  writeFileSync(path, stringify(agent));
  return path;
};

test("a judge that says no sends the agent back with its reasons, and its yes verifies", async () => {
  const { outcome, checks, events, audited, finished } = await run({
    turns: [done, add, done],
    judge: [says(false, "There is no file."), says(true, "There is one.")],
  });
  expect(outcome).toBe("verified");
  expect(checks.map(({ kind, attempt, passed }) => [kind, attempt, passed])).toEqual([
    ["judge", 1, false],
    ["judge", 2, true],
  ]);
  const told = eventsOf(events, "message.user").find(({ from }) => from === "engine");
  expect(told?.text).toContain("There is no file.");
  // Its answers are paid for by the run, go through the one door, and are no turns of the agent.
  const own = eventsOf(events, "turn.completed");
  const all = [...own, ...eventsOf(events, "judge.completed")];
  expect(finished?.totals.turns).toBe(own.length);
  expect(finished?.totals.inputTokens).toBe(
    all.reduce((sum, { usage }) => sum + usage.inputTokens, 0),
  );
  expect(audited.filter(({ connector }) => connector === "model:scripted")).toHaveLength(5);
});

test("a judge that never says yes refutes, after a bounded number of times", async () => {
  const no = says(false, "No.");
  const { outcome, checks } = await run({
    turns: [done, done, done, done],
    judge: [no, no, no, no],
  });
  expect(outcome).toBe("refuted");
  expect(checks).toHaveLength(3);
});

test.each([
  ["words that sound like a yes", "COMPLETED: all criteria are met."],
  ["a yes with words around it", 'Sure: {"met": true, "reasons": []}'],
  ["both", '{"met": true, "reasons": []} {"met": false, "reasons": []}'],
  ["a yes in another type", '{"met": "true", "reasons": []}'],
  ["a yes without its reasons", '{"met": true}'],
])("%s is no verdict: asked once more, and then it counts as no", async (_what, text) => {
  const { outcome, checks, asked } = await run({
    turns: [done],
    judge: [{ text }, { text }],
    settings: { "limits.maxChecks": 1 },
  });
  expect(outcome).toBe("refuted");
  expect(asked.map((answer) => answer.try)).toEqual([1, 2]);
  expect(checks).toMatchObject([{ kind: "judge", passed: false }]);
});

test("a verdict that can be read the second time counts", async () => {
  const { outcome, asked } = await run({ turns: [done], judge: [{ text: "yes" }, says(true)] });
  expect(outcome).toBe("verified");
  expect(asked).toHaveLength(2);
});

test("a judge that cannot be asked is never a yes, and sends nobody back", async () => {
  const { outcome, checks, events } = await run({ turns: [done, done], judge: [] });
  expect(outcome).toBe("failed");
  expect(checks).toMatchObject([{ kind: "judge", passed: false, error: expect.anything() }]);
  expect(eventsOf(events, "judge.failed")).toHaveLength(1);
});

test("it is asked only once the checks have passed", async () => {
  const { outcome, checks } = await run({
    turns: [done, add, done],
    judge: [says(true)],
    request: { judge: true, checks: ["test -e notes.txt"] },
  });
  expect(outcome).toBe("verified");
  expect(checks.map(({ kind, attempt, passed }) => [kind, attempt, passed])).toEqual([
    ["command", 1, false],
    ["command", 2, true],
    ["judge", 2, true],
  ]);
});

test("nothing is asked where the run has spent what it may", async () => {
  const usage = { input_tokens: 9_900, output_tokens: 200 };
  const { outcome, events, audited, finished } = await run({
    turns: [{ text: "Done.", usage }],
    judge: [says(true)],
    settings: { "limits.maxTokens": 10_000, effort: "low" },
  });
  expect(eventsOf(events, "turn.completed")).toHaveLength(1);
  expect(outcome).toBe("failed");
  expect(finished?.stop).toMatchObject({ reason: "limit", limit: "tokens" });
  expect(audited).toHaveLength(1);
});

test("an agent that is sent back stays within its limits", async () => {
  const no = says(false, "More.");
  const { outcome, finished, asked } = await run({
    turns: [done, done, done, done, done, { text: "It is not done." }],
    judge: [no, no, no, no, no, no, no, no],
    settings: { "limits.maxSteps": 3, "limits.maxChecks": 20 },
  });
  expect(outcome).toBe("failed");
  expect(finished?.stop).toMatchObject({ reason: "limit", limit: "steps" });
  expect(asked).toHaveLength(3);
});

test("the judge of a definition is left out where there is nothing to judge", async () => {
  const trivial = await run({
    turns: [done],
    judge: [says(false)],
    request: { agent: judged() },
  });
  expect(trivial).toMatchObject({ outcome: "unverified", checks: [] });
  const asked = await run({
    turns: [done],
    judge: [says(true)],
    request: { agent: judged(), judge: true },
  });
  expect(asked.outcome).toBe("verified");
  const acted = await run({
    turns: [add, done],
    judge: [says(true)],
    request: { agent: judged() },
  });
  expect(acted.outcome).toBe("verified");
  expect(acted.checks).toHaveLength(1);
});

test("a question about the judge's call parks the run, which goes on where it was", async () => {
  const made = testEngine();
  const pack = join(made.folder, "ask.yaml");
  const ask = "{ connector: 'model:*' }, limit: { max: 1, per: run }";
  const rule = `{ id: more-than-one, ask: ${ask}, reason: Second thoughts cost. }`;
  writeFileSync(
    pack,
    `pack: frugal\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - ${rule}\n`,
  );
  const script = join(made.folder, "judged.yaml");
  writeFileSync(script, stringify({ name: "judged", turns: [done], judge: [says(true)] }));
  await made.engine.close();
  const asking = testEngine({ "policy.packs": ["frugal"], "policy.files": [pack] }, made.folder);
  try {
    const task = { kind: "text", text: "Write one.", workspace: undefined } as const;
    const model = `scripted:${script}`;
    const { runId, outcome, events } = await asking.run([], { task, model, judge: true });
    expect(outcome).toBe("parked");
    const [parked] = eventsOf(events, "run.parked");
    expect(parked?.toolName).toBe("judge");
    await asking.engine.decideApproval(parked?.approvalId ?? "", "approved");
    expect((await asking.engine.runs.resume(runId)).outcome).toBe("verified");
    const after = asking.engine.store.runLog.read(runId);
    expect(eventsOf(after, "turn.completed")).toHaveLength(1);
    expect(eventsOf(after, "judge.completed")).toHaveLength(1);
  } finally {
    await asking.engine.close();
  }
});

test("the command line asks for it, and shows what it said", async () => {
  const folder = freshFolder();
  const turns = [done, done];
  const judge = [says(false, "There is no line."), says(true, "Now there is.")];
  writeFileSync(join(folder, "turns.yaml"), stringify({ name: "t", turns, judge }));
  const words = ["run", "Write one.", "--model", "scripted:turns.yaml"];
  const { code, stdout } = await runInProcess([...words, "--judge", "One line."], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/judge {2}failed {2}attempt 1[^]*There is no line\./);
  expect(stdout).toMatch(/judge {2}passed {2}attempt 2[^]*Now there is\./);
  expect(stdout).toContain("outcome  verified");
});
