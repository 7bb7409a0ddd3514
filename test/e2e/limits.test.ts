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
        const limited = wanted > maxSteps;
        expect(started).toHaveLength(limited ? maxSteps + 1 : wanted);
        expect(started.map(({ toolsOffered }) => toolsOffered)).toEqual(
          started.map((_event, index) => !limited || index < maxSteps),
        );
        expect(stopOf(events)).toEqual(
          limited ? { reason: "limit", limit: "steps", allowed: maxSteps } : { reason: "done" },
        );
        const asked = turns
          .slice(0, limited ? maxSteps : wanted)
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
    { numRuns: 15 },
  );
});
