import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import type { EventOf, StoredEvent } from "../../src/events/event.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import {
  type Behaviour,
  type OpenAiServer,
  startOpenAiServer,
  type TurnBehaviour,
} from "../support/openai-server.ts";

const open: TestEngine[] = [];
let server: OpenAiServer;
let behaviours: (index: number) => Behaviour;
beforeEach(async () => {
  server = await startOpenAiServer((_request, index) => behaviours(index));
});
afterEach(async () => {
  for (const made of open.splice(0)) await made.engine.close();
  await server.close();
});

function opened(settings: Readonly<Record<string, JsonValue>>): TestEngine {
  const made = testEngine({
    model: `openai-compatible:test@${server.baseUrl}`,
    prices: { test: { inputPerMillionUsd: 1, outputPerMillionUsd: 1 } },
    ...settings,
  });
  open.push(made);
  return made;
}

/** Runs with the model behind the server. */
async function runOn({ engine, folder }: TestEngine) {
  const runId = await engine.runs.create({
    task: { kind: "text", text: "Do it.", workspace: folder },
    model: undefined,
    effort: undefined,
    mcpCommands: [],
  });
  const from = server.requests.length;
  const { outcome } = await engine.runs.drive(runId);
  const requests = server.requests.slice(from).map(({ body }) => body);
  return { outcome, requests, events: engine.store.runLog.read(runId) };
}

/** A model that does not stop: each turn changes something, whatever it is told. */
const restless = (index: number, more: Partial<TurnBehaviour> = {}): TurnBehaviour => ({
  kind: "turn",
  text: `Turn ${index}.`,
  toolCalls: calls(index, 1),
  usage: { promptTokens: 100, completionTokens: 20 },
  ...more,
});
/** As much as a turn may use, so that few fill a budget. */
const heavy = { usage: { promptTokens: 500, completionTokens: 6_000 } };
const calls = (turn: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `call-${turn}-${index}`,
    name: "append_line",
    argumentsText: JSON.stringify({ path: "notes.txt", line: `${turn}.${index}` }),
  }));

const stopOf = (events: readonly StoredEvent[]): unknown =>
  (events.at(-1) as EventOf<"run.finished">).stop;

describe("at a limit tools are withdrawn, one closing turn is made, and the limit is named", () => {
  test.each([
    ["steps", { "limits.maxSteps": 3 }, 3],
    ["tokens", { "limits.maxTokens": 40_000 }, 40_000],
    ["cost", { "limits.maxCostMicroUsd": 40_000 }, 40_000],
    ["time", { "limits.maxSeconds": 1 }, 1],
  ] as const)("%s", async (limit, settings, allowed) => {
    behaviours = (index) => restless(index, limit === "time" ? { pauseMs: 40 } : heavy);
    const { outcome, requests, events } = await runOn(opened(settings));
    expect(outcome).toBe("failed");
    expect(stopOf(events)).toEqual({ reason: "limit", limit, allowed });
    const offered = eventsOf(events, "turn.started").map(({ toolsOffered }) => toolsOffered);
    expect(offered.length).toBeGreaterThan(1);
    expect(offered).toEqual([...offered.slice(1).fill(true), false]);
    // The model that calls tools all the same is not obeyed.
    const closing = offered.length;
    const last = eventsOf(events, "turn.completed").at(-1);
    expect(last).toMatchObject({ turn: closing });
    expect(last?.parts.some(({ type }) => type === "tool_call")).toBe(true);
    expect(eventsOf(events, "tool.started").every(({ turn }) => turn < closing)).toBe(true);
    expect(requests.at(-1)).not.toHaveProperty("tools");
    expect(requests.at(-1)?.messages.at(-1)).toMatchObject({
      role: "user",
      content: expect.stringContaining(`limit of ${allowed} (${limit})`),
    });
  });

  test.each([
    ["tokens", { "limits.maxTokens": 40_000 }],
    ["cost", { "limits.maxCostMicroUsd": 40_000 }],
  ] as const)("and %s are not overspent by the closing turn", async (_limit, settings) => {
    behaviours = (index) => restless(index, heavy);
    const { events } = await runOn(opened(settings));
    const { totals } = events.at(-1) as EventOf<"run.finished">;
    expect(totals.inputTokens + totals.outputTokens).toBeLessThanOrEqual(40_000);
    expect(totals.costMicroUsd).toBeLessThanOrEqual(40_000);
    expect(totals.costMicroUsd).toBeGreaterThan(30_000);
  });

  test("where time runs out while the model answers", async () => {
    behaviours = (index) =>
      index === 1 ? { kind: "hang", at: "between_chunks" } : restless(index);
    const { events } = await runOn(opened({ "limits.maxSeconds": 1 }));
    expect(stopOf(events)).toEqual({ reason: "limit", limit: "time", allowed: 1 });
    expect(eventsOf(events, "turn.started").map(({ toolsOffered }) => toolsOffered)).toEqual([
      true,
      true,
      false,
    ]);
    expect(eventsOf(events, "turn.completed").map(({ turn }) => turn)).toEqual([1, 3]);
  });

  test("even where the closing turn fails, and it is not asked for again", async () => {
    behaviours = (index) => (index === 1 ? { kind: "cut_short" } : restless(index));
    const { events } = await runOn(opened({ "limits.maxSteps": 1 }));
    expect(stopOf(events)).toEqual({ reason: "limit", limit: "steps", allowed: 1 });
    expect(eventsOf(events, "turn.started")).toHaveLength(2);
  });
});

describe("a finish reason decides nothing", () => {
  test.each(["stop", "other", "unknown", "error"])(
    "tool calls that come with %s are run",
    async (finishReason) => {
      behaviours = (index) =>
        index === 0 ? restless(0, { finishReason }) : { kind: "turn", text: "Done." };
      const { outcome, events } = await runOn(opened({}));
      expect(outcome).toBe("unverified");
      expect(eventsOf(events, "tool.completed")).toMatchObject([{ isError: false }]);
    },
  );

  test.each(["tool_calls", "other"])("text that comes with %s ends the work", async (reason) => {
    behaviours = () => ({ kind: "turn", text: "Done.", finishReason: reason });
    const { outcome, events } = await runOn(opened({}));
    expect(outcome).toBe("unverified");
    expect(stopOf(events)).toEqual({ reason: "done" });
    expect(eventsOf(events, "turn.started")).toHaveLength(1);
  });
});

describe("too many calls in one turn", () => {
  const over = (index: number) => restless(index, { toolCalls: calls(index, 3) });
  const most = { "limits.maxToolCallsPerStep": 2 };

  test("are told of once; in the next turn that calls tools again, they are the limit", async () => {
    behaviours = over;
    const { outcome, requests, events } = await runOn(opened(most));
    expect(outcome).toBe("failed");
    expect(stopOf(events)).toEqual({ reason: "limit", limit: "tool_calls_per_step", allowed: 2 });
    expect(eventsOf(events, "turn.started").map(({ toolsOffered }) => toolsOffered)).toEqual([
      true,
      true,
      false,
    ]);
    expect(requests.at(-1)).not.toHaveProperty("tools");
    expect(requests.at(-1)?.messages.at(-1)).toMatchObject({
      content: expect.stringContaining("limit of 2 (tool_calls_per_step)"),
    });
    const ran = eventsOf(events, "tool.completed").filter(({ isError }) => !isError);
    expect(ran.map(({ turn, index }) => [turn, index])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
  });

  test("are no limit where a turn in between kept to it", async () => {
    behaviours = (index) =>
      index === 4
        ? { kind: "turn", text: "Done." }
        : index % 2 === 0
          ? over(index)
          : restless(index);
    const { events } = await runOn(opened(most));
    expect(stopOf(events)).toEqual({ reason: "done" });
  });
});

test("whatever a model asks for, its limits hold and each call has one result, in order", async () => {
  const turn = fc.record({
    count: fc.integer({ min: 0, max: 4 }),
    finishReason: fc.constantFrom("stop", "tool_calls", "other"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (turns, maxSteps, mostCalls) => {
        const from = server.requests.length;
        behaviours = (index) => {
          const { count, finishReason } = turns[index - from] ?? { count: 0, finishReason: "stop" };
          return restless(index, { toolCalls: calls(index, count), finishReason });
        };
        const made = opened({
          "limits.maxSteps": maxSteps,
          "limits.maxToolCallsPerStep": mostCalls,
        });
        const { events } = await runOn(made);
        const started = eventsOf(events, "turn.started");
        const stopsAt = turns.findIndex(({ count }) => count === 0);
        const wanted = stopsAt === -1 ? turns.length + 1 : stopsAt + 1;
        // The second turn in a row that asks for too many calls is the last one with tools.
        const twice = turns.findIndex(
          ({ count }, index) =>
            count > mostCalls && (turns[index - 1] ?? { count: 0 }).count > mostCalls,
        );
        const most = Math.min(maxSteps, twice === -1 ? maxSteps : twice + 1);
        const limited = wanted > most;
        expect(started).toHaveLength(limited ? most + 1 : wanted);
        expect(started.map(({ toolsOffered }) => toolsOffered)).toEqual(
          started.map((_event, index) => !limited || index < most),
        );
        const reached =
          most === maxSteps
            ? { limit: "steps", allowed: maxSteps }
            : { limit: "tool_calls_per_step", allowed: mostCalls };
        expect(stopOf(events)).toEqual(
          limited ? { reason: "limit", ...reached } : { reason: "done" },
        );
        const asked = turns
          .slice(0, limited ? most : wanted)
          .flatMap(({ count }, index) =>
            Array.from({ length: count }, (_, place) => `${index + 1}.${place}`),
          );
        const results = eventsOf(events, "tool.completed");
        expect(results.map((event) => `${event.turn}.${event.index}`)).toEqual(asked);
        for (const { index, error } of results) {
          expect(error?.code).toBe(index < mostCalls ? undefined : "agents.too_many_calls");
        }
      },
    ),
    // Three such turns at least, so that it is not only the limit of steps that is met.
    {
      numRuns: 15,
      examples: [[[3, 3, 3].map((count) => ({ count, finishReason: "stop" })), 4, 2]],
    },
  );
});
