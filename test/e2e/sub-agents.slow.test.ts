import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import type { StoredEvent } from "../../src/events/event.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startOpenAiServer } from "../support/openai-server.ts";
import { handTo, runTeam, teamRequest } from "../support/team.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  closing.push(() => made.engine.close());
  return made;
}

/** An engine under a pack that allows what its rules do not deny or ask about. */
function under(rules: readonly string[], fallback = "allow"): TestEngine {
  const plain = opened();
  const file = join(plain.folder, "own.yaml");
  const head = ["pack: own", "version: 1", "description: for this test", `default: ${fallback}`];
  writeFileSync(file, [...head, "rules:", ...rules].join("\n"));
  return opened({ "policy.packs": ["own"], "policy.files": [file] }, plain.folder);
}
const rule = (id: string, effect: "allow" | "ask" | "deny", match: string): string =>
  `  - { id: ${id}, ${effect}: ${match}, reason: For this test. }`;

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const linesOf = (folder: string): readonly string[] =>
  readFileSync(join(folder, "notes.txt"), "utf8").trim().split("\n").toSorted();
const toolsOf = (events: readonly StoredEvent[], path?: string) =>
  eventsOf(events, "tool.completed").filter(({ agentPath }) => agentPath === path);
const done = { text: "All done." };
const both = {
  agents: { lead: { agents: ["writer", "reader"] }, writer: {}, reader: {} },
  turns: [{ tool_calls: [handTo("writer"), handTo("reader")] }, { text: "Both have reported." }],
  says: {
    writer: [{ tool_calls: [append("written")] }, { text: "I wrote it." }],
    reader: [{ tool_calls: [append("read")] }, { text: "I read it." }],
  },
};

/** A lead that hands one piece of work to a helper. */
const pair = (
  lead: Readonly<Record<string, JsonValue>>,
  helper: Readonly<Record<string, JsonValue>>,
  says: readonly object[],
) => ({
  agents: { lead: { agents: ["helper"], ...lead }, helper },
  turns: [{ tool_calls: [handTo("helper")] }, done],
  says: { helper: says },
});

describe("an agent that hands work to others", () => {
  test("gets their last words, how they ended and what they cost, in the order of its calls", async () => {
    const made = opened();
    const { outcome, events } = await runTeam(made, both);
    expect(outcome).toBe("unverified");
    expect(linesOf(made.folder)).toEqual(["read", "written"]);
    expect(
      eventsOf(events, "agent.started").map(({ agentPath, agent }) => [agentPath, agent]),
    ).toEqual([
      ["1.0", "writer@1"],
      ["1.1", "reader@1"],
    ]);
    expect(toolsOf(events).toSorted((left, right) => left.index - right.index)).toMatchObject([
      {
        isError: false,
        content: expect.stringMatching(
          /^I wrote it\.\n\n\[The end of writer@1: it was done\. 2 turns, 1 tool calls, \d+ tokens, /,
        ),
        decision: { effect: "allow" },
      },
      { isError: false, content: expect.stringContaining("I read it.") },
    ]);
    expect(events.at(-1)).toMatchObject({ summary: "Both have reported.", totals: { turns: 6 } });
  });

  test("has the same calls of two of them made for each", async () => {
    const made = opened();
    const same = [{ tool_calls: [append("same")] }, done];
    const { events } = await runTeam(made, { ...both, says: { writer: same, reader: same } });
    expect(linesOf(made.folder)).toEqual(["same", "same"]);
    expect(eventsOf(events, "tool.completed").filter(({ isError }) => isError)).toEqual([]);
  });

  test("is shown with them further in, each with its name and what it cost", async () => {
    const made = opened();
    const { runId } = await runTeam(made, both);
    const { stdout } = await runInProcess(["runs", "show", runId], made.folder);
    expect(stdout).toMatch(/^ {2}1\.0 writer@1 {2}agent begins$/m);
    expect(stdout).toMatch(/^ {2}1\.1 reader@1 {4}✓ append_line /m);
    expect(stdout).toMatch(/^ {2}1\.0 writer@1 {4}2 turns, 1 tool call · /m);
    const json = await runInProcess(["runs", "show", runId, "--json"], made.folder);
    expect(json.stdout).toContain('"agentPath":"1.1"');
  });

  test("is replayed with what each of them said", async () => {
    const made = opened();
    const { runId } = await runTeam(made, both);
    const request = { ...teamRequest(made, both), model: `replay:${runId}` };
    const again = await made.engine.runs.create(request);
    await made.engine.runs.drive(again);
    const events = made.engine.store.runLog.read(again);
    expect(
      toolsOf(events)
        .map(({ content }) => content)
        .join(),
    ).toContain("I read it.");
    expect(events.at(-1)).toMatchObject({ summary: "Both have reported." });
  });
});

describe("the rights of an agent that works for another", () => {
  test("are the tools that both may use, however deep it works", async () => {
    const made = opened();
    const { events } = await runTeam(made, {
      agents: {
        lead: { agents: ["middle"] },
        middle: { agents: ["deep"], tools: ["nothing"] },
        deep: { tools: ["*"] },
      },
      turns: [{ tool_calls: [handTo("middle")] }, done],
      says: {
        middle: [{ tool_calls: [handTo("deep")] }, done],
        deep: [{ tool_calls: [append("no")] }, done],
      },
    });
    expect(toolsOf(events, "1.0/1.0")).toMatchObject([
      { isError: true, error: { code: "tools.unknown_tool" } },
    ]);
  });

  test.each([
    [
      "a rule for the agent that it works for denies it",
      rule("lead", "deny", "{ agent: lead@*, connector: 'tool:workspace' }"),
      "allow",
    ],
    [
      "a rule for itself denies it",
      rule("helper", "deny", "{ agent: helper@*, connector: 'tool:workspace' }"),
      "allow",
    ],
    [
      "only a rule for itself allows it",
      [
        rule("models", "allow", "{ operation: chat }"),
        rule("agents", "allow", "{ tool: delegate }"),
        rule("helper", "allow", "{ agent: helper@*, connector: 'tool:workspace' }"),
      ].join("\n"),
      "deny",
    ],
  ])("do not hold what %s", async (_what, rules, fallback) => {
    const made = under([rules], fallback);
    const { events } = await runTeam(made, pair({}, {}, [{ tool_calls: [append("no")] }, done]));
    expect(toolsOf(events, "1.0")).toMatchObject([
      { isError: true, error: { code: "boundary.policy_denied" } },
    ]);
  });

  test("are there only when a rule lets the work be handed over, by the agent's name", async () => {
    const made = under([
      "  - id: no-reader",
      "    deny: { tool: delegate }",
      "    when: args.agent == 'reader'",
      "    reason: Not that one.",
    ]);
    const { events } = await runTeam(made, both);
    expect(eventsOf(events, "agent.started").map(({ agent }) => agent)).toEqual(["writer@1"]);
    expect(toolsOf(events).find(({ index }) => index === 1)).toMatchObject({
      error: { code: "boundary.policy_denied" },
    });
  });
});

describe("what an agent may use that works for another", () => {
  test("is bounded by its own limits, and the one that it works for goes on", async () => {
    const made = opened();
    const { outcome, events } = await runTeam(
      made,
      pair({}, { limits: { maxSteps: 1 } }, [{ tool_calls: [append("one")] }, { text: "So far." }]),
    );
    expect(outcome).toBe("unverified");
    expect(toolsOf(events)).toMatchObject([
      {
        isError: true,
        error: { code: "agents.sub_agent_stopped" },
        content: expect.stringMatching(/^So far\.\n\n.*the limit of 1 \(steps\) was reached/s),
      },
    ]);
    expect(eventsOf(events, "agent.stopped")).toMatchObject([
      { agentPath: "1.0", stop: { reason: "limit", limit: "steps" }, totals: { turns: 2 } },
      { stop: { reason: "done" } },
    ]);
  });

  test("is never more than is left of the limits above it, and counts there", async () => {
    const made = opened({ "limits.maxSteps": 3 });
    const { outcome, events } = await runTeam(
      made,
      pair(
        {},
        { limits: { maxSteps: 30 } },
        Array.from({ length: 9 }, (_none, at) => ({ tool_calls: [append(`${at}`)] })),
      ),
    );
    expect(eventsOf(events, "agent.started")).toMatchObject([{ limits: { maxSteps: 2 } }]);
    expect(outcome).toBe("failed");
    expect(linesOf(made.folder)).toEqual(["0", "1"]);
    expect(events.at(-1)).toMatchObject({ stop: { limit: "steps", allowed: 3 } });
  });

  test("is counted above it while several work side by side", async () => {
    const made = opened({ "limits.maxSteps": 4 });
    const endless = (name: string) =>
      Array.from({ length: 9 }, (_none, at) => ({ tool_calls: [append(`${name} ${at}`)] }));
    const { events } = await runTeam(made, {
      ...both,
      says: { writer: endless("writer"), reader: endless("reader") },
    });
    // One turn of the lead and at most two of each: the fourth may be begun by both at once.
    expect(linesOf(made.folder).length).toBeLessThanOrEqual(4);
    expect(events.at(-1)).toMatchObject({ stop: { limit: "steps", allowed: 4 } });
  });

  test("is refused before the call that would pass its own budget of tokens", async () => {
    const made = opened();
    const { events } = await runTeam(made, pair({}, { limits: { maxTokens: 50 } }, [done]));
    const failed = eventsOf(events, "turn.failed");
    expect(failed.map(({ error, agentPath }) => [agentPath, error.code])).toContainEqual([
      "1.0",
      "boundary.budget_exceeded",
    ]);
    expect(eventsOf(events, "turn.completed").some(({ agentPath }) => agentPath === "1.0")).toBe(
      false,
    );
    expect(toolsOf(events)[0]?.content).toContain("the limit of 50 (tokens) was reached");
  });

  test("is ended when it goes in circles, with the evidence", async () => {
    const made = opened();
    const { outcome, events } = await runTeam(
      made,
      pair({}, {}, [...Array.from({ length: 6 }, () => ({ tool_calls: [append("again")] })), done]),
    );
    expect(outcome).toBe("unverified");
    const [result] = toolsOf(events);
    expect(result?.content).toMatch(/it went in circles and was stopped .* Events [\d, ]+\)/);
  });
});

describe("how many agents work for one", () => {
  test("is bounded for the whole run", async () => {
    const made = opened({ "limits.maxSubagents": 2 });
    const { events } = await runTeam(made, {
      ...both,
      turns: [{ tool_calls: [handTo("writer"), handTo("reader"), handTo("writer")] }, done],
    });
    expect(eventsOf(events, "agent.started")).toHaveLength(2);
    const refused = toolsOf(events).filter(({ error }) => error !== undefined);
    expect(refused).toMatchObject([{ error: { code: "agents.too_many_agents" } }]);
  });

  test.each([
    [0, []],
    [1, ["1.0"]],
    [2, ["1.0", "1.0/1.0"]],
  ])("is bounded in depth: with %d levels there are %j", async (maxDepth, paths) => {
    const made = opened({ "limits.maxDepth": maxDepth });
    const { events } = await runTeam(made, {
      agents: {
        lead: { agents: ["middle"] },
        middle: { agents: ["deep"] },
        deep: { agents: ["last"] },
        last: {},
      },
      turns: [{ tool_calls: [handTo("middle")] }, done],
      says: {
        middle: [{ tool_calls: [handTo("deep")] }, done],
        deep: [{ tool_calls: [handTo("last")] }, done],
        last: [done],
      },
    });
    expect(eventsOf(events, "agent.started").map(({ agentPath }) => agentPath)).toEqual(paths);
  });

  test("is seen when the run is created: agents in a circle are refused", async () => {
    const made = opened();
    const circle = {
      agents: { lead: { agents: ["writer"] }, writer: { agents: ["lead"] } },
      turns: [done],
      says: {},
    };
    await expect(runTeam(made, circle)).rejects.toMatchObject({
      code: "agents.cycle",
      message: expect.stringContaining("lead@1 -> writer@1 -> lead@1"),
    });
  });
});

describe("a person who is asked about a call of an agent that works for another", () => {
  test("finds the run parked with its path, and what the others did is kept", async () => {
    const made = under([rule("writes", "ask", "{ agent: writer@*, connector: 'tool:workspace' }")]);
    const { runId, outcome, events } = await runTeam(made, both);
    expect(outcome).toBe("parked");
    expect(eventsOf(events, "run.parked")).toMatchObject([{ agentPath: "1.0" }]);
    expect(linesOf(made.folder)).toEqual(["read"]);
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    await made.engine.decideApproval(question!.id, "approved");
    await made.engine.close();
    const later = opened({}, made.folder);
    expect(await later.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(linesOf(made.folder)).toEqual(["read", "written"]);
    const log = later.engine.store.runLog.read(runId);
    expect(eventsOf(log, "turn.completed")).toHaveLength(6);
    expect(log.at(-1)).toMatchObject({ summary: "Both have reported." });
  });
});

test("a run that is cancelled ends with all its agents within a second", async () => {
  const calls = ["writer", "reader"].map((agent, at) => ({
    id: `c${at}`,
    name: "delegate",
    argumentsText: JSON.stringify({ agent, task: "Take your time." }),
  }));
  const server = await startOpenAiServer(({ body }) =>
    JSON.stringify(body).includes("You work for another agent")
      ? { kind: "hang", at: "start" }
      : { kind: "turn", text: "", toolCalls: calls },
  );
  closing.push(() => server.close());
  const made = opened({ baseUrl: server.baseUrl });
  const runId = await made.engine.runs.create({
    ...teamRequest(made, both),
    model: "openai-compatible:w",
  });
  const driven = made.engine.runs.drive(runId);
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(3);
  const before = performance.now();
  made.engine.runs.cancel(runId);
  expect(await driven).toMatchObject({ outcome: "cancelled" });
  expect(performance.now() - before).toBeLessThan(1_000);
  const events = made.engine.store.runLog.read(runId);
  expect(eventsOf(events, "agent.stopped").map(({ stop }) => stop.reason)).toEqual([
    "cancelled",
    "cancelled",
    "cancelled",
  ]);
});
