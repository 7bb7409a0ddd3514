import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import type { RunEvent, StoredEvent } from "../../src/events/event.ts";
import { projectRoot } from "../support/cli.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startOpenAiServer } from "../support/openai-server.ts";
import { handTo, type Team, teamRequest } from "../support/team.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}): TestEngine {
  const made = testEngine(settings);
  closing.push(() => made.engine.close());
  return made;
}

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const done = { text: "All done." };
const toolsOf = (events: readonly StoredEvent[], path?: string) =>
  eventsOf(events, "tool.completed")
    .filter(({ agentPath }) => agentPath === path)
    .map(({ turn, index, error }) => `${turn}.${index} ${error?.code ?? "ran"}`);

/** Runs a team to whose run somebody speaks once, when an event moves them to. */
async function spokenTo(made: TestEngine, team: Team, when: (event: RunEvent) => boolean) {
  const runId = await made.engine.runs.create(teamRequest(made, team));
  let spoken = false;
  const stop = made.engine.runs.follow(runId, (event) => {
    if (spoken || !when(event)) return;
    spoken = true;
    made.engine.runs.send(runId, "Use March.", "steering");
  });
  const { outcome } = await made.engine.runs.drive(runId);
  stop();
  expect(spoken).toBe(true);
  return { runId, outcome, events: made.engine.store.runLog.read(runId) };
}

describe("a person who steers while an agent works for the run's own", () => {
  const team = {
    agents: { lead: { agents: ["helper"] }, helper: {} },
    turns: [{ tool_calls: [handTo("helper"), append("by the lead")] }, done],
    says: {
      helper: [
        { text: "I begin.", tool_calls: [append("a"), append("b"), append("c")] },
        { tool_calls: [append("d")] },
        done,
      ],
    },
  };

  test("is heard after the step that it is at; it is ended, and the other reads the words", async () => {
    const made = opened();
    const { outcome, events } = await spokenTo(
      made,
      team,
      (event) => event.type === "tool.started" && event.agentPath === "1.0" && event.index === 1,
    );
    expect(toolsOf(events, "1.0")).toEqual(["1.0 ran", "1.1 ran", "1.2 agents.person_spoke"]);
    expect(toolsOf(events)).toEqual(["1.0 agents.sub_agent_stopped", "1.1 agents.person_spoke"]);
    expect(readFileSync(join(made.folder, "notes.txt"), "utf8")).toBe("a\nb\n");
    const [stopped] = eventsOf(events, "agent.stopped");
    expect(stopped).toMatchObject({ agentPath: "1.0", stop: { reason: "steered" } });
    const [result] = eventsOf(events, "tool.completed").filter(
      ({ toolName }) => toolName === "delegate",
    );
    expect(result?.content).toMatch(/^I begin\.\n\n.*helper@1: a person spoke to the run/s);
    const heard = events.findIndex(
      (event) => event.type === "message.user" && event.from === "steering",
    );
    const second = events.findIndex(
      (event) => event.type === "turn.started" && event.turn === 2 && event.agentPath === undefined,
    );
    expect(heard).toBeGreaterThan(-1);
    expect(second).toBeGreaterThan(heard);
    expect(outcome).toBe("unverified");
  });

  test("while its model thinks keeps its calls from being run", async () => {
    const made = opened();
    const { events } = await spokenTo(
      made,
      team,
      (event) => event.type === "turn.started" && event.agentPath === "1.0",
    );
    expect(toolsOf(events, "1.0")).toEqual([
      "1.0 agents.person_spoke",
      "1.1 agents.person_spoke",
      "1.2 agents.person_spoke",
    ]);
    expect(existsSync(join(made.folder, "notes.txt"))).toBe(false);
  });

  test("leaves an agent that has just finished its work done", async () => {
    const { events } = await spokenTo(
      opened(),
      { ...team, says: { helper: [done] } },
      (event) => event.type === "turn.started" && event.agentPath === "1.0",
    );
    expect(eventsOf(events, "agent.stopped")[0]).toMatchObject({ stop: { reason: "done" } });
    expect(toolsOf(events)).toEqual(["1.0 ran", "1.1 agents.person_spoke"]);
  });

  test("ends all that work side by side, and begins no other", async () => {
    const made = opened();
    const { events } = await spokenTo(
      made,
      {
        ...team,
        turns: [{ tool_calls: Array.from({ length: 6 }, () => handTo("helper")) }, done],
      },
      (event) => event.type === "turn.started" && event.agentPath === "1.3",
    );
    const begun = eventsOf(events, "agent.started").map(({ agentPath }) => agentPath);
    expect(begun).toEqual(["1.0", "1.1", "1.2", "1.3"]);
    expect(toolsOf(events).toSorted()).toEqual([
      ...begun.map((path) => `${path} agents.sub_agent_stopped`),
      "1.4 agents.person_spoke",
      "1.5 agents.person_spoke",
    ]);
    expect(events.at(-1)).toMatchObject({ type: "run.finished", summary: "All done." });
  });

  test("ends those between it and the run's own as well", async () => {
    const { events } = await spokenTo(
      opened(),
      {
        agents: { lead: { agents: ["middle"] }, middle: { agents: ["deep"] }, deep: {} },
        turns: [{ tool_calls: [handTo("middle")] }, done],
        says: {
          middle: [{ tool_calls: [handTo("deep")] }, done],
          deep: [{ tool_calls: [append("a"), append("b")] }, done],
        },
      },
      (event) => event.type === "tool.started" && event.agentPath === "1.0/1.0",
    );
    expect(
      eventsOf(events, "agent.stopped").map(({ agentPath, stop }) => [agentPath, stop.reason]),
    ).toEqual([
      ["1.0/1.0", "steered"],
      ["1.0", "steered"],
      [undefined, "done"],
    ]);
  });
});

describe("the tool that hands work over is not offered", () => {
  /** The names of the tools in each request, by whose it is. */
  async function offered(settings: Readonly<Record<string, JsonValue>>) {
    const hand = (agent: string) => ({
      kind: "turn" as const,
      text: "",
      toolCalls: [
        { id: "c", name: "delegate", argumentsText: JSON.stringify({ agent, task: "Work." }) },
      ],
    });
    const isMiddle = (body: unknown): boolean =>
      JSON.stringify(body).includes("You work for another agent");
    const server = await startOpenAiServer(({ body }, index) =>
      index === 0 && settings["limits.maxSubagents"] !== 0
        ? hand("middle")
        : { kind: "turn", text: isMiddle(body) ? "Middle." : "Done." },
    );
    closing.push(() => server.close());
    const made = opened({ baseUrl: server.baseUrl, ...settings });
    const runId = await made.engine.runs.create({
      ...teamRequest(made, {
        agents: { lead: { agents: ["middle"] }, middle: { agents: ["deep"] }, deep: {} },
        turns: [done],
        says: {},
      }),
      model: "openai-compatible:w",
    });
    await made.engine.runs.drive(runId);
    const requests = server.requests.map(({ body }) => ({
      whose: isMiddle(body) ? "middle" : "lead",
      tools: ((body.tools ?? []) as readonly { function: { name: string } }[]).map(
        (tool) => tool.function.name,
      ),
    }));
    return (whose: string) => requests.find((one) => one.whose === whose)?.tools;
  }

  test("where no work may be handed over at all", async () => {
    const toolsFor = await offered({ "limits.maxSubagents": 0 });
    expect(toolsFor("lead")).toContain("append_line");
    expect(toolsFor("lead")).not.toContain("delegate");
  });

  test("where what was left of it is used up, or of the levels", async () => {
    for (const settings of [{ "limits.maxSubagents": 1 }, { "limits.maxDepth": 1 }]) {
      const toolsFor = await offered(settings);
      expect(toolsFor("lead")).toContain("delegate");
      expect(toolsFor("middle")).toContain("append_line");
      expect(toolsFor("middle")).not.toContain("delegate");
    }
  });
});

test("what a server has the model say during a call is charged to the agent whose call it is", async () => {
  const program = resolve(
    projectRoot,
    "node_modules/@modelcontextprotocol/server-everything/dist/index.js",
  );
  const all = { command: process.execPath, args: [program], sampling: true, confine: false };
  const made = opened({ mcpServers: { all } });
  const ask = {
    name: "all__trigger-sampling-request",
    arguments: { prompt: "Say it.", maxTokens: 50 },
  };
  const runId = await made.engine.runs.create(
    teamRequest(made, {
      agents: { lead: { agents: ["helper"] }, helper: {} },
      turns: [{ text: "Sampled.", tool_calls: [ask] }, { tool_calls: [handTo("helper")] }, done],
      says: { helper: [{ text: "Sampled.", tool_calls: [ask] }, done] },
    }),
  );
  await made.engine.runs.drive(runId);
  const events = made.engine.store.runLog.read(runId);
  const sampled = eventsOf(events, "sampling.completed");
  expect(sampled.map(({ agentPath }) => agentPath)).toEqual([undefined, "2.0"]);
  const turns = eventsOf(events, "turn.completed").filter(({ agentPath }) => agentPath === "2.0");
  const used = [...turns, ...sampled.slice(1)].map(({ usage }) => usage.inputTokens);
  expect(eventsOf(events, "agent.stopped")[0]).toMatchObject({
    agentPath: "2.0",
    totals: { inputTokens: used.reduce((sum, tokens) => sum + tokens, 0) },
  });
  const { items } = made.engine.store.audit.list({ runId, limit: 50 });
  const agents = sampled.map(
    (event) => items.find(({ callId }) => callId === event.callId)?.record["principal"],
  );
  expect(agents).toMatchObject([{ agent: "lead@1" }, { agent: "helper@1" }]);
});
