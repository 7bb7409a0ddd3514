import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { defaultAgent } from "../../src/agents/definition.ts";
import { createDelegateTool } from "../../src/agents/delegate.ts";
import type { JsonValue } from "../../src/base/json.ts";
import type { StoredEvent } from "../../src/events/event.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";
import { runTeam, teamRequest } from "../support/team.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}): TestEngine {
  const made = testEngine(settings);
  closing.push(() => made.engine.close());
  return made;
}

const hand = (inputs?: JsonValue) => ({
  name: "delegate",
  arguments: { agent: "helper", task: "Work.", ...(inputs === undefined ? {} : { inputs }) },
});
const append = (line: string): ScriptedTurn => ({
  tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line } }],
});
const done: ScriptedTurn = { text: "All done." };

/** A lead that hands one piece of work to a helper. */
const pair = (
  helper: Readonly<Record<string, JsonValue>>,
  says: readonly ScriptedTurn[],
  more: { readonly calls?: readonly object[]; readonly judges?: readonly ScriptedTurn[] } = {},
) => ({
  agents: { lead: { agents: ["helper"] }, helper },
  turns: [{ tool_calls: (more.calls ?? [hand()]) as never }, done],
  says: { helper: says },
  ...(more.judges === undefined ? {} : { judges: { helper: more.judges } }),
});
const results = (events: readonly StoredEvent[]) =>
  eventsOf(events, "tool.completed").filter(({ agentPath }) => agentPath === undefined);
const stopped = (events: readonly StoredEvent[]) =>
  eventsOf(events, "agent.stopped").find(({ agentPath }) => agentPath === "1.0");
const checksOf = (events: readonly StoredEvent[]) =>
  eventsOf(events, "check.completed").map(({ agentPath, kind, attempt, passed }) => [
    agentPath,
    kind,
    attempt,
    passed,
  ]);

const count = {
  type: "object",
  properties: { count: { type: "integer" } },
  required: ["count"],
  additionalProperties: false,
};

describe("what an agent is given that works for another", () => {
  test.each([
    ["nothing", undefined, "the input must be an object"],
    ["something else", { count: "3" }, "count must be integer"],
    ["more than it takes", { count: 3, other: 1 }, '"other"'],
  ])("fits its definition, or the other is told: %s", async (_what, inputs, says) => {
    const { events } = await runTeam(
      opened(),
      pair({ inputs: count }, [done], { calls: [hand(inputs)] }),
    );
    expect(eventsOf(events, "agent.started")).toEqual([]);
    expect(results(events)).toMatchObject([
      {
        isError: true,
        error: { code: "tools.invalid_arguments" },
        content: expect.stringContaining(says),
      },
    ]);
  });

  test("reaches it as data, and is in the log", async () => {
    const { events } = await runTeam(
      opened(),
      pair({ inputs: count }, [done], { calls: [hand({ count: 3 })] }),
    );
    expect(eventsOf(events, "agent.started")).toMatchObject([{ inputs: { count: 3 } }]);
    const told = eventsOf(events, "message.user").find(({ agentPath }) => agentPath === "1.0");
    expect(told?.text).toMatch(/^Work\.\n\nThis is your input, as JSON\..*"count": 3/s);
  });

  test("is shown, with the form of its answer, to the model that hands the work over", () => {
    const form = (name: string) => ({ type: "object", properties: { [name]: {} } });
    const more = { inputs: form("a"), outputs: form("b") };
    const { description } = createDelegateTool([defaultAgent, { ...defaultAgent, ...more }]);
    expect(description.split("\n").slice(-4)).toEqual([
      `- worker: ${defaultAgent.role}`,
      `- worker: ${defaultAgent.role}`,
      '  Its `inputs` must fit this JSON Schema: {"type":"object","properties":{"a":{}}}',
      '  Its last words are JSON that fits: {"type":"object","properties":{"b":{}}}',
    ]);
  });
});

describe("the answer of an agent that works for another", () => {
  test("is mended until it has the form of its definition, and its end says verified", async () => {
    const { outcome, events } = await runTeam(
      opened(),
      pair({ outputs: count }, [{ text: "Three." }, { text: '{"count":3}' }]),
    );
    expect(checksOf(events)).toEqual([
      ["1.0", "schema", 1, false],
      ["1.0", "schema", 2, true],
    ]);
    expect(stopped(events)).toMatchObject({ outcome: "verified", stop: { reason: "done" } });
    expect(results(events)).toMatchObject([
      { isError: false, content: expect.stringMatching(/^\{"count":3\}\n\n.* Verified: .*\]$/s) },
    ]);
    // What it was judged by says nothing of the run's own work.
    expect(outcome).toBe("unverified");
  });

  test("that never has it is an error that says so, after a bounded number of times", async () => {
    const { outcome, events } = await runTeam(
      opened(),
      pair(
        { outputs: count },
        Array.from({ length: 5 }, () => ({ text: "Three." })),
      ),
    );
    expect(checksOf(events)).toHaveLength(3);
    expect(stopped(events)).toMatchObject({ outcome: "refuted" });
    expect(results(events)).toMatchObject([
      {
        isError: true,
        error: { code: "agents.sub_agent_refuted" },
        content: expect.stringMatching(/^Three\..* Refuted: .*is not JSON/s),
      },
    ]);
    expect(outcome).toBe("unverified");
  });
});

describe("the checks of an agent that works for another", () => {
  const threeLines = "test $(wc -l < notes.txt) -ge 2 || { echo too few lines; exit 1; }";

  test("run each time that it says that it is done, and send it back", async () => {
    const made = opened();
    const { outcome, events } = await runTeam(
      made,
      pair({ completion: { checks: [{ command: threeLines }] } }, [
        append("one"),
        done,
        append("two"),
        done,
      ]),
    );
    expect(checksOf(events)).toEqual([
      ["1.0", "command", 1, false],
      ["1.0", "command", 2, true],
    ]);
    const told = eventsOf(events, "message.user").filter(({ agentPath }) => agentPath === "1.0");
    expect(told[1]?.text).toContain("too few lines");
    expect(readFileSync(join(made.folder, "notes.txt"), "utf8")).toBe("one\ntwo\n");
    expect(results(events)).toMatchObject([{ isError: false }]);
    expect(outcome).toBe("unverified");
  });

  test("are only its own: the run's own agent is judged by the run's", async () => {
    const made = opened();
    const team = pair({ completion: { checks: [{ command: "exit 1" }] } }, [done, done, done]);
    const runId = await made.engine.runs.create({
      ...teamRequest(made, team),
      checks: ["exit 0"],
    });
    expect(await made.engine.runs.drive(runId)).toMatchObject({ outcome: "verified" });
    const events = made.engine.store.runLog.read(runId);
    expect(checksOf(events)).toEqual([
      ["1.0", "command", 1, false],
      ["1.0", "command", 2, false],
      ["1.0", "command", 3, false],
      [undefined, "command", 1, true],
    ]);
    expect(stopped(events)).toMatchObject({ outcome: "refuted" });
  });

  test("that cannot look leave it without a verdict", async () => {
    const { events } = await runTeam(
      opened(),
      pair({ completion: { checks: [{ command: ["no-such-program"] }] } }, [done]),
    );
    expect(stopped(events)).toMatchObject({ outcome: "failed", stop: { reason: "done" } });
    expect(results(events)).toMatchObject([
      { isError: true, error: { code: "agents.sub_agent_unchecked" } },
    ]);
  });

  test("need a workspace, which is said before anything runs", async () => {
    const made = opened();
    const team = pair({ completion: { checks: [{ command: "true" }] } }, [done]);
    const request = teamRequest(made, team);
    const task = { kind: "text", text: "Do it.", workspace: undefined } as const;
    await expect(made.engine.runs.create({ ...request, task })).rejects.toMatchObject({
      code: "engine.check_without_workspace",
      message: expect.stringContaining("helper@1"),
    });
  });

  test("are made again in a replay", async () => {
    const made = opened();
    const { runId } = await runTeam(
      made,
      pair({ completion: { checks: [{ command: threeLines }] }, outputs: count }, [
        append("one"),
        append("two"),
        { text: "Two." },
        { text: '{"count":2}' },
      ]),
    );
    const report = await made.engine.runs.replay(runId);
    expect(report).toMatchObject({ differs: false, ended: true });
    expect(report.verdicts.map(({ what, now }) => [what, now]).slice(0, 3)).toEqual([
      ["check 1 of 1.0", "failed"],
      ["check 2 of 1.0", "passed"],
      ["check 2.2 of 1.0", "passed"],
    ]);
  });
});

describe("a judge of the work of an agent that works for another", () => {
  const judged = { completion: { judge: { criteria: "There is a line." } } };
  const says = (met: boolean, reason: string): ScriptedTurn => ({
    text: JSON.stringify({ met, reasons: [reason] }),
  });

  test("is asked about that work alone, and what it costs is charged to that agent", async () => {
    const made = opened();
    const { runId, events } = await runTeam(
      made,
      pair(judged, [append("one"), done, done], {
        judges: [says(false, "Not yet."), says(true, "There is.")],
      }),
    );
    expect(checksOf(events)).toEqual([
      ["1.0", "judge", 1, false],
      ["1.0", "judge", 2, true],
    ]);
    const asked = eventsOf(events, "judge.completed");
    expect(asked.map(({ agentPath }) => agentPath)).toEqual(["1.0", "1.0"]);
    const turns = eventsOf(events, "turn.completed").filter(({ agentPath }) => agentPath === "1.0");
    const used = [...turns, ...asked].reduce((sum, { usage }) => sum + usage.inputTokens, 0);
    expect(stopped(events)).toMatchObject({ outcome: "verified", totals: { inputTokens: used } });
    const { stdout } = await runInProcess(["runs", "show", runId], made.folder);
    expect(stdout).toMatch(/^ {2}1\.0 helper@1 {2}judge {2}failed {2}attempt 1/m);
    expect(stdout).toMatch(/^ {2}1\.0 helper@1 {2}agent stopped .* verified$/m);
    const report = await made.engine.runs.replay(runId);
    expect(report).toMatchObject({ differs: false, ended: true });
  });

  test("is left out where the agent did nothing but answer", async () => {
    const { events } = await runTeam(opened(), pair(judged, [done], { judges: [] }));
    expect(stopped(events)).toMatchObject({ outcome: "unverified" });
    expect(results(events)).toMatchObject([
      { isError: false, content: expect.stringContaining("Unverified: ") },
    ]);
  });
});
