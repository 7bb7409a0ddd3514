import { afterEach, describe, expect, test } from "vitest";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import { mapModelError } from "../../src/connectors/models/errors.ts";
import { overflowOf } from "../../src/models/context-overflow.ts";
import { cutShort } from "../../src/models/finish-reason.ts";
import type { Model, ModelEvent, ModelRequest, ModelTurn } from "../../src/models/model.ts";
import { createModel } from "../../src/models/providers.ts";
import { anywhere } from "../support/boundary.ts";
import { grantTests, loopback } from "../support/egress.ts";
import type { WireTurn } from "../support/wire/dialect.ts";
import { dialects, type WireAnswer, wireServer } from "../support/wire/server.ts";

grantTests("asks models by hand", { connect: loopback });
const egress = createEgress();

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const request: ModelRequest = {
  system: "Be brief.",
  messages: [{ role: "user", text: "What is in x.csv and y.csv?" }],
  tools: [
    {
      name: "read",
      description: "Reads a file.",
      inputSchema: { type: "object", properties: { path: { type: "string" } } },
    },
  ],
  maxOutputTokens: 4_096,
  effort: "medium",
};
const usage = { input: 2_000, cached: 1_200, written: 300, output: 400, reasoning: 50 };
const said: WireTurn = { text: "Drei Spalten – größer als gedacht. 🙂", usage };
const calls: WireTurn = {
  reasoning: "Both at once.",
  text: "I look.",
  calls: [
    { id: "call_a", name: "read", argumentsText: '{"path":"x.csv"}' },
    { id: "call_b", name: "read", argumentsText: '{"path":"y.csv"}' },
  ],
  usage,
};

describe.each(dialects)("$name, as $reference has it", (dialect) => {
  async function served(...answers: readonly WireAnswer[]) {
    const server = await wireServer(dialect, (_turns, index) => {
      const answer = answers[index];
      if (answer === undefined) throw new Error("it was asked too often");
      return answer;
    });
    closing.push(() => server.close());
    const [key] = Object.values(server.env);
    const model = await createModel({
      spec: server.spec,
      ...(key === undefined ? {} : { apiKey: key }),
    });
    return { server, model };
  }

  async function ask(model: Model, asked = request) {
    const events: ModelEvent[] = [];
    const io = {
      fetch: (input: string | URL | Request, init?: RequestInit) =>
        egress.fetch(input, init, anywhere),
      signal: new AbortController().signal,
      idempotencyKey: "k",
    };
    try {
      for await (const event of model.stream(asked, io)) events.push(event);
    } catch (thrown) {
      const error = mapModelError(thrown, model.info, () => 0);
      if (error === undefined) throw thrown;
      return { events, error };
    }
    return { events, turn: turnIn(events) };
  }

  function turnIn(events: readonly ModelEvent[]): ModelTurn {
    const last = events.at(-1);
    if (last?.type !== "completed") throw new Error("no turn");
    return last.turn;
  }

  async function failure(answer: WireAnswer) {
    const { model } = await served(answer);
    const { events, error } = await ask(model);
    if (error === undefined) throw new Error("it answered");
    return { error, shown: events.length };
  }

  test("text comes in pieces, cut characters whole, with what was counted", async () => {
    const { model } = await served({ kind: "turn", turn: said });
    const { events, turn } = await ask(model);
    const pieces = events.filter((event) => event.type === "text.delta");
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.map(({ text }) => text).join("")).toBe(said.text);
    expect(turn).toMatchObject({
      parts: [{ type: "text", text: said.text }],
      ...(dialect.served === undefined ? {} : { responseModel: dialect.served }),
    });
    expect(turn?.usage).toEqual({
      inputTokens: usage.input,
      cachedInputTokens: dialect.counts.cached ? usage.cached : 0,
      ...(dialect.counts.written ? { cacheWriteTokens: usage.written } : {}),
      outputTokens: usage.output,
      reasoningTokens: dialect.counts.reasoning ? usage.reasoning : 0,
      estimated: false,
    });
    expect(cutShort(turn?.finishReason ?? "")).toBeUndefined();
  });

  test("calls side by side are told apart, and go back with their results and the thinking before them", async () => {
    const { server, model } = await served(
      { kind: "turn", turn: calls },
      { kind: "turn", turn: said },
    );
    const { turn } = await ask(model);
    const parts = turn?.parts ?? [];
    const asked = parts.filter((part) => part.type === "tool_call");
    expect(
      asked.map(({ toolName, argumentsText }) => [toolName, JSON.parse(argumentsText)]),
    ).toEqual([
      ["read", { path: "x.csv" }],
      ["read", { path: "y.csv" }],
    ]);
    expect(new Set(asked.map(({ toolCallId }) => toolCallId)).size).toBe(2);
    const second = await ask(model, {
      ...request,
      messages: [
        ...request.messages,
        // As the log gives it back.
        { role: "assistant", parts: JSON.parse(JSON.stringify(parts)) as typeof parts },
        {
          role: "tool",
          results: asked.map(({ toolCallId, toolName }) => ({
            toolCallId,
            toolName,
            content: "a,b",
            isError: false,
          })),
        },
      ],
    });
    expect(server.refusals).toEqual([]);
    expect(second.turn?.parts).toMatchObject([{ text: said.text }]);
    if (dialect.wantsThinkingBack) {
      expect(parts[0]).toMatchObject({ type: "reasoning", text: calls.reasoning });
      expect(JSON.stringify(server.requests[1]?.body)).toContain(calls.reasoning);
    }
  });

  test("a history whose call has no JSON for arguments is one that is not refused", async () => {
    const { server, model } = await served({ kind: "turn", turn: said });
    const call = { toolCallId: "call_a", toolName: "read" };
    await ask(model, {
      ...request,
      messages: [
        ...request.messages,
        {
          role: "assistant",
          parts: [{ type: "tool_call", ...call, argumentsText: '{"path": "x' }],
        },
        { role: "tool", results: [{ ...call, content: "Not JSON.", isError: true }] },
      ],
    });
    // Google's would lack the signature, which no call of another model has either.
    if (dialect.name !== "google") expect(server.refusals).toEqual([]);
    expect(JSON.stringify(server.requests[0]?.body)).toContain("malformed_arguments");
  });

  test.each([
    ["cut", "length"],
    ["filtered", "filter"],
  ] as const)("an answer that was %s says so in the provider's word", async (ending, expected) => {
    const { model } = await served({ kind: "turn", turn: { ...said, ending } });
    const { turn } = await ask(model);
    expect(cutShort(turn?.finishReason ?? "")).toBe(expected);
  });

  test("calls count, whatever the finish reason says", async () => {
    const { model } = await served({ kind: "turn", turn: { ...calls, ending: "lies" } });
    const { turn } = await ask(model);
    expect(turn?.parts.filter(({ type }) => type === "tool_call")).toHaveLength(2);
    expect(cutShort(turn?.finishReason ?? "")).toBeUndefined();
  });

  test("an answer without anything in it is none", async () => {
    const { model } = await served({ kind: "turn", turn: { usage } });
    const { turn, error } = await ask(model);
    expect(error?.kind ?? turn?.parts).toEqual([]);
  });

  test("too much to do, and a limit with the wait that it asks for", async () => {
    const { error } = await failure({ kind: "refusal", refusal: dialect.overloaded });
    expect(error).toMatchObject({ kind: "upstream_5xx", retryable: true });
    expect(error.status).toBe(dialect.overloaded.status);
    const { error: limited } = await failure({ kind: "refusal", refusal: dialect.limited });
    expect(limited).toMatchObject({ kind: "upstream_429", retryable: true, retryAfterMs: 60_000 });
  });

  test("a conversation that is too long is told by the provider's own words", async () => {
    const { error } = await failure({ kind: "refusal", refusal: dialect.tooLong });
    expect(error).toMatchObject({ kind: "upstream_4xx", retryable: false });
    expect(overflowOf(error)).toBeDefined();
  });

  test.each([
    ["ends half-way", { kind: "begun", turn: said }, ["transport", "invalid_response"]],
    ["is cut off", { kind: "cut", turn: said }, ["transport"]],
    [
      "goes on in another format",
      { kind: "begun", turn: said, next: dialect.malformed },
      ["invalid_response", "upstream_5xx"],
    ],
    [
      "reports that it failed",
      { kind: "begun", turn: said, next: dialect.failedInside },
      ["upstream_5xx"],
    ],
  ] as const)(
    "a stream that %s is no turn, and may be asked for again",
    async (_what, answer, kinds) => {
      const { error, shown } = await failure(answer);
      expect(kinds).toContain(error.kind);
      expect(error.retryable).toBe(true);
      expect(shown).toBeGreaterThan(0);
    },
  );

  test("a failure that comes before the first piece has shown nothing", async () => {
    const { model } = await served({
      kind: "refusal",
      refusal: {
        status: 200,
        headers: { "content-type": "text/event-stream" },
        body: dialect.failedInside,
      },
    });
    const { events, error } = await ask(model);
    expect(error?.kind).toBe("upstream_5xx");
    expect(events).toEqual([]);
  });
});
