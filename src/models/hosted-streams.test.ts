import { describe, expect, test } from "vitest";
import type { ModelRequest, ModelTurn } from "./model.ts";
import { createModel } from "./providers.ts";

const request: ModelRequest = {
  system: "s",
  messages: [{ role: "user", text: "Hi" }],
  tools: [{ name: "read", description: "Reads.", inputSchema: { type: "object" } }],
  maxOutputTokens: 1024,
};

/** The turn that a provider's package makes of a stream of server-sent events. */
async function turnOf(spec: string, events: readonly object[]): Promise<ModelTurn> {
  const text = events
    .map(
      (event) =>
        `event: ${"type" in event ? String(event.type) : "m"}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    .join("");
  const model = await createModel({ spec, apiKey: "key-1" });
  const seen = await Array.fromAsync(
    model.stream(request, {
      fetch: async () => new Response(text, { headers: { "content-type": "text/event-stream" } }),
      signal: new AbortController().signal,
      idempotencyKey: "k",
    }),
  );
  const last = seen.at(-1);
  if (last?.type !== "completed") throw new Error("no completed event");
  return last.turn;
}

const anthropicEvents = [
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-opus-5-20260101",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 20,
        cache_creation_input_tokens: 5,
        cache_read_input_tokens: 100,
        output_tokens: 1,
      },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
  { type: "content_block_stop", index: 0 },
  {
    type: "content_block_start",
    index: 1,
    content_block: { type: "tool_use", id: "toolu_1", name: "read", input: {} },
  },
  {
    type: "content_block_delta",
    index: 1,
    delta: { type: "input_json_delta", partial_json: '{"path"' },
  },
  {
    type: "content_block_delta",
    index: 1,
    delta: { type: "input_json_delta", partial_json: ':"x"}' },
  },
  { type: "content_block_stop", index: 1 },
  {
    type: "message_delta",
    delta: { stop_reason: "tool_use", stop_sequence: null },
    usage: { output_tokens: 42 },
  },
  { type: "message_stop" },
];

describe("Anthropic's stream", () => {
  test("thinking keeps its signature, and cached input is part of the input", async () => {
    expect(await turnOf("anthropic:claude-opus-5", anthropicEvents)).toEqual({
      parts: [
        { type: "reasoning", text: "Hm.", providerMetadata: { anthropic: { signature: "c2ln" } } },
        expect.objectContaining({
          type: "tool_call",
          toolCallId: "toolu_1",
          toolName: "read",
          argumentsText: '{"path":"x"}',
        }),
      ],
      usage: {
        inputTokens: 125,
        cachedInputTokens: 100,
        cacheWriteTokens: 5,
        outputTokens: 42,
        reasoningTokens: 0,
        estimated: false,
      },
      finishReason: "tool_use",
      responseModel: "claude-opus-5-20260101",
    });
  });

  test("a stream without its last events is no turn", async () => {
    await expect(
      turnOf("anthropic:claude-opus-5", anthropicEvents.slice(0, -3)),
    ).rejects.toMatchObject({
      code: "models.stream_ended",
    });
  });

  test("an error event names its kind", async () => {
    const broken = [
      ...anthropicEvents.slice(0, 3),
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    ];
    await expect(turnOf("anthropic:claude-opus-5", broken)).rejects.toMatchObject({
      code: "models.stream_error",
      message: expect.stringContaining("Overloaded") as string,
      details: { kind: expect.stringContaining("overloaded") as string },
    });
  });
});

describe("OpenAI's stream", () => {
  const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "enc" };
  const call = {
    type: "function_call",
    id: "fc_1",
    call_id: "call_1",
    name: "read",
    arguments: '{"path":"x"}',
    status: "completed",
  };
  const events = [
    {
      type: "response.created",
      response: { id: "resp_1", created_at: 1, model: "gpt-5-2025-08-07" },
    },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...reasoning, encrypted_content: null },
    },
    { type: "response.output_item.done", output_index: 0, item: reasoning },
    {
      type: "response.output_item.added",
      output_index: 1,
      item: { ...call, arguments: "", status: "in_progress" },
    },
    {
      type: "response.function_call_arguments.delta",
      item_id: "fc_1",
      output_index: 1,
      delta: call.arguments,
    },
    { type: "response.output_item.done", output_index: 1, item: call },
    {
      type: "response.completed",
      response: {
        usage: {
          input_tokens: 80,
          input_tokens_details: { cached_tokens: 64 },
          output_tokens: 30,
          output_tokens_details: { reasoning_tokens: 12 },
        },
      },
    },
  ];

  test("reasoning keeps its encrypted content, and the counts are taken over", async () => {
    const turn = await turnOf("openai:gpt-5", events);
    expect(turn.parts).toMatchObject([
      {
        type: "reasoning",
        text: "",
        providerMetadata: { openai: { itemId: "rs_1", reasoningEncryptedContent: "enc" } },
      },
      { type: "tool_call", toolCallId: "call_1", toolName: "read", argumentsText: '{"path":"x"}' },
    ]);
    expect(turn.usage).toEqual({
      inputTokens: 80,
      cachedInputTokens: 64,
      outputTokens: 30,
      reasoningTokens: 12,
      estimated: false,
    });
    expect(turn.responseModel).toBe("gpt-5-2025-08-07");
  });

  test("a stream without its completion is no turn", async () => {
    await expect(turnOf("openai:gpt-5", events.slice(0, -1))).rejects.toMatchObject({
      code: "models.stream_ended",
    });
  });
});

describe("Google's stream", () => {
  const chunk = (parts: readonly object[], finishReason?: string) => ({
    candidates: [
      {
        index: 0,
        content: { role: "model", parts },
        ...(finishReason === undefined ? {} : { finishReason }),
      },
    ],
    usageMetadata: {
      promptTokenCount: 50,
      cachedContentTokenCount: 10,
      candidatesTokenCount: 6,
      thoughtsTokenCount: 14,
      totalTokenCount: 70,
    },
  });

  test("a call keeps its thought signature, and thoughts are part of the output", async () => {
    const turn = await turnOf("google:gemini-2.5-pro", [
      chunk([{ text: "Hm.", thought: true }]),
      chunk(
        [{ functionCall: { name: "read", args: { path: "x" } }, thoughtSignature: "c2ln" }],
        "STOP",
      ),
    ]);
    expect(turn.parts).toMatchObject([
      { type: "reasoning", text: "Hm." },
      {
        type: "tool_call",
        toolName: "read",
        argumentsText: '{"path":"x"}',
        providerMetadata: { google: { thoughtSignature: "c2ln" } },
      },
    ]);
    expect(turn.usage).toMatchObject({
      inputTokens: 50,
      cachedInputTokens: 10,
      outputTokens: 20,
      reasoningTokens: 14,
    });
  });
});
