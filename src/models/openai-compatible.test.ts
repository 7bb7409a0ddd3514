import { afterEach, describe, expect, test } from "vitest";
import { grantTests, loopback } from "../../test/support/egress.ts";
import {
  type Behaviours,
  type OpenAiServer,
  startOpenAiServer,
} from "../../test/support/openai-server.ts";
import type { ModelEvent, ModelIo, ModelRequest, ModelTurn } from "./model.ts";
import { createModel, type CreateModelOptions } from "./providers.ts";

grantTests("calls a model without the boundary", { connect: loopback });

let server: OpenAiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const request: ModelRequest = {
  system: "Be brief.",
  messages: [{ role: "user", text: "What is in x.csv?" }],
  tools: [
    {
      name: "read",
      description: "Reads a file.",
      inputSchema: { type: "object", properties: { path: { type: "string" } } },
    },
  ],
  maxOutputTokens: 512,
};

function io(overrides: Partial<ModelIo> = {}): ModelIo {
  return { fetch, signal: new AbortController().signal, idempotencyKey: "k", ...overrides };
}

async function connect(behaviours: Behaviours, options: Partial<CreateModelOptions> = {}) {
  server = await startOpenAiServer(behaviours);
  const { baseUrl, requests } = server;
  const model = await createModel({ spec: "openai-compatible:local-1", baseUrl, ...options });
  const events = async (asked = request, hands = io()): Promise<readonly ModelEvent[]> =>
    Array.fromAsync(model.stream(asked, hands));
  const turn = async (asked = request): Promise<ModelTurn> => {
    const last = (await events(asked)).at(-1);
    if (last?.type !== "completed") throw new Error("no completed event");
    return last.turn;
  };
  return { model, requests, events, turn };
}

describe("a server that speaks OpenAI's format", () => {
  test("text arrives in pieces and as a whole, with the count of tokens", async () => {
    const { events } = await connect([
      {
        kind: "turn",
        text: "Three columns.",
        model: "local-1-q4",
        usage: { promptTokens: 90, completionTokens: 20, cachedTokens: 64, reasoningTokens: 8 },
      },
    ]);
    const seen = await events();
    const pieces = seen.filter((event) => event.type === "text.delta");
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.map((piece) => piece.text).join("")).toBe("Three columns.");
    expect(seen.at(-1)).toEqual({
      type: "completed",
      turn: {
        parts: [{ type: "text", text: "Three columns." }],
        usage: {
          inputTokens: 90,
          cachedInputTokens: 64,
          outputTokens: 20,
          reasoningTokens: 8,
          estimated: false,
        },
        finishReason: "stop",
        responseModel: "local-1-q4",
      },
    });
  });

  test("reasoning is kept apart from the answer", async () => {
    const { events } = await connect([{ kind: "turn", reasoning: "Let me see.", text: "Done." }]);
    const seen = await events();
    expect(seen[0]).toMatchObject({ type: "reasoning.delta" });
    expect(seen.at(-1)).toMatchObject({
      turn: {
        parts: [
          { type: "reasoning", text: "Let me see." },
          { type: "text", text: "Done." },
        ],
      },
    });
  });

  test("two calls at once, each in pieces, come out whole", async () => {
    const toolCalls = [
      { id: "a", name: "read", argumentsText: '{"path":"x.csv"}' },
      { id: "b", name: "read", argumentsText: '{"path":"y.csv"}' },
    ];
    const { events } = await connect([{ kind: "turn", toolCalls }]);
    const seen = await events();
    for (const call of toolCalls) {
      const pieces = seen.filter(
        (event) => event.type === "tool_call.delta" && event.toolCallId === call.id,
      );
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.map((piece) => ("text" in piece ? piece.text : "")).join("")).toBe(
        call.argumentsText,
      );
    }
    expect(seen.at(-1)).toMatchObject({
      turn: {
        finishReason: "tool_calls",
        parts: toolCalls.map(({ id, name, argumentsText }) => ({
          type: "tool_call",
          toolCallId: id,
          toolName: name,
          argumentsText,
        })),
      },
    });
  });

  test("malformed arguments are kept as the model wrote them", async () => {
    const argumentsText = '{"path": "x.csv';
    const { turn } = await connect([
      { kind: "turn", toolCalls: [{ id: "a", name: "read", argumentsText }] },
    ]);
    expect((await turn()).parts).toMatchObject([{ argumentsText }]);
  });

  test("a server that counts nothing gets our estimate, marked", async () => {
    const { turn } = await connect([{ kind: "turn", text: "Three columns." }]);
    const { usage } = await turn();
    expect(usage.estimated).toBe(true);
    expect(usage.inputTokens).toBeGreaterThan(20);
    expect(usage.outputTokens).toBe(3);
  });

  test("the request holds system text, history, tools and the output cap", async () => {
    const { turn, requests } = await connect([{ kind: "turn", text: "ok" }], { apiKey: "key-1" });
    await turn({
      ...request,
      messages: [
        ...request.messages,
        {
          role: "assistant",
          parts: [
            { type: "tool_call", toolCallId: "a", toolName: "read", argumentsText: '{"path":"x"}' },
          ],
        },
        {
          role: "tool",
          results: [{ toolCallId: "a", toolName: "read", content: "a,b", isError: false }],
        },
      ],
    });
    expect(requests[0]?.path).toBe("/v1/chat/completions");
    expect(requests[0]?.headers["authorization"]).toBe("Bearer key-1");
    expect(requests[0]?.body).toMatchObject({
      model: "local-1",
      max_tokens: 512,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "What is in x.csv?" },
        {
          role: "assistant",
          tool_calls: [{ id: "a", function: { name: "read", arguments: '{"path":"x"}' } }],
        },
        { role: "tool", tool_call_id: "a", content: "a,b" },
      ],
      tools: [{ type: "function", function: { name: "read" } }],
    });
  });

  test("no key, no authorization header", async () => {
    const { turn, requests } = await connect([{ kind: "turn", text: "ok" }]);
    await turn();
    expect(requests[0]?.headers["authorization"]).toBeUndefined();
  });

  test("effort is sent only to a server that is known to take it", async () => {
    const answers = () => ({ kind: "turn", text: "ok" }) as const;
    const plain = await connect(answers);
    await plain.turn({ ...request, effort: "high" });
    expect(plain.requests[0]?.body).not.toHaveProperty("reasoning_effort");
    await server?.close();

    const willing = await connect(answers, { acceptsEffort: true });
    await willing.turn({ ...request, effort: "high" });
    await willing.turn(request);
    expect(willing.requests[0]?.body).toHaveProperty("reasoning_effort", "high");
    expect(willing.requests[1]?.body).not.toHaveProperty("reasoning_effort");
  });

  test("calls at the same time each use their own fetch", async () => {
    const { events } = await connect(() => ({ kind: "turn", text: "ok", pauseMs: 5 }));
    const used: string[] = [];
    const own = (name: string) =>
      io({
        fetch: (input, init) => {
          used.push(name);
          const headers = new Headers(init?.headers);
          headers.set("x-call", name);
          return fetch(input, { ...init, headers });
        },
      });
    await Promise.all(["a", "b", "c"].map((name) => events(request, own(name))));
    expect(used.toSorted()).toEqual(["a", "b", "c"]);
    expect(server?.requests.map((one) => one.headers["x-call"]).toSorted()).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  test("a refused request is tried once and thrown with its status and headers", async () => {
    const { events, requests } = await connect([
      { kind: "status", status: 429, message: "slow down", headers: { "retry-after": "7" } },
    ]);
    await expect(events()).rejects.toMatchObject({
      statusCode: 429,
      responseHeaders: { "retry-after": "7" },
    });
    expect(requests).toHaveLength(1);
  });

  test.each([
    [{ kind: "broken", after: "request" }, 0],
    [{ kind: "broken", after: "headers" }, 0],
    [{ kind: "broken", after: "first_chunk" }, 1],
    [{ kind: "cut_short" }, 1],
    [{ kind: "garbage", form: "page" }, 0],
    [{ kind: "garbage", form: "json" }, 0],
    [{ kind: "error_event", message: "overloaded", code: 503 }, 1],
  ] as const)("%j throws after %i pieces", async (behaviour, expected) => {
    const { model } = await connect([behaviour]);
    let pieces = 0;
    const read = async () => {
      for await (const event of model.stream(request, io())) {
        expect(event.type).not.toBe("completed");
        pieces += 1;
      }
    };
    await expect(read()).rejects.toThrow();
    expect(pieces).toBe(expected);
  });

  test.each(["start", "between_chunks"] as const)(
    "an abort ends a call that hangs at %s",
    async (at) => {
      const { events } = await connect([{ kind: "hang", at }]);
      const controller = new AbortController();
      const running = events(request, io({ signal: controller.signal }));
      setTimeout(() => controller.abort(), 50);
      await expect(running).rejects.toMatchObject({ name: "AbortError" });
    },
  );
});
