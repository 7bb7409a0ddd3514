import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";
import type { Usage } from "../base/message.ts";
import { fromStream } from "./from-stream.ts";
import type { ModelEvent, ModelTurn } from "./model.ts";

const counted: LanguageModelV4Usage = {
  inputTokens: { total: 100, noCache: 40, cacheRead: 60, cacheWrite: undefined },
  outputTokens: { total: 30, text: 20, reasoning: 10 },
};
const uncounted: LanguageModelV4Usage = {
  inputTokens: {
    total: undefined,
    noCache: undefined,
    cacheRead: undefined,
    cacheWrite: undefined,
  },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
const guessed: Usage = {
  inputTokens: 7,
  cachedInputTokens: 0,
  outputTokens: 3,
  reasoningTokens: 0,
  estimated: true,
};

function finish(
  usage = counted,
  unified: "stop" | "interrupted" | "tool-calls" = "stop",
): LanguageModelV4StreamPart {
  return { type: "finish", usage, finishReason: { unified, raw: undefined } };
}

async function events(parts: readonly LanguageModelV4StreamPart[]): Promise<readonly ModelEvent[]> {
  return Array.fromAsync(fromStream(ReadableStream.from(parts), async () => guessed));
}

async function turn(...parts: readonly LanguageModelV4StreamPart[]): Promise<ModelTurn> {
  const last = (await events(parts)).at(-1);
  if (last?.type !== "completed") throw new Error("no completed event");
  return last.turn;
}

describe("a provider's stream", () => {
  test("pieces are passed on as they come, and the turn holds the whole", async () => {
    const seen = await events([
      { type: "response-metadata", modelId: "m-2026" },
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Hel" },
      { type: "text-delta", id: "t", delta: "lo" },
      { type: "text-end", id: "t" },
      finish(),
    ]);
    expect(seen.map((event) => event.type)).toEqual(["text.delta", "text.delta", "completed"]);
    expect(seen.at(-1)).toEqual({
      type: "completed",
      turn: {
        parts: [{ type: "text", text: "Hello" }],
        usage: {
          inputTokens: 100,
          cachedInputTokens: 60,
          outputTokens: 30,
          reasoningTokens: 10,
          estimated: false,
        },
        finishReason: "stop",
        responseModel: "m-2026",
      },
    });
  });

  test("a signature that comes in pieces is kept whole on its reasoning", async () => {
    const { parts } = await turn(
      {
        type: "reasoning-start",
        id: "r",
        providerMetadata: { openai: { itemId: "rs_1", encrypted: null } },
      },
      { type: "reasoning-delta", id: "r", delta: "Hm." },
      {
        type: "reasoning-delta",
        id: "r",
        delta: "",
        providerMetadata: { anthropic: { signature: "s" } },
      },
      { type: "reasoning-end", id: "r", providerMetadata: { openai: { encrypted: "e" } } },
      finish(),
    );
    expect(parts).toEqual([
      {
        type: "reasoning",
        text: "Hm.",
        providerMetadata: {
          openai: { itemId: "rs_1", encrypted: "e" },
          anthropic: { signature: "s" },
        },
      },
    ]);
  });

  test("redacted reasoning without a visible word is kept", async () => {
    const { parts } = await turn(
      { type: "reasoning-start", id: "r", providerMetadata: { anthropic: { redactedData: "x" } } },
      { type: "reasoning-end", id: "r" },
      finish(),
    );
    expect(parts).toHaveLength(1);
  });

  test("blocks keep the order in which they began, also when an id is used again", async () => {
    const { parts } = await turn(
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-delta", id: "0", delta: "one" },
      { type: "text-start", id: "0" },
      { type: "text-delta", id: "0", delta: "two" },
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-delta", id: "0", delta: "three" },
      { type: "text-start", id: "1" },
      finish(),
    );
    expect(parts.map((part) => (part.type === "tool_call" ? "" : part.text))).toEqual([
      "one",
      "two",
      "three",
    ]);
  });

  test("a call whose arguments were not streamed is shown in one piece", async () => {
    const seen = await events([
      { type: "tool-call", toolCallId: "c", toolName: "read", input: '{"a":1}' },
      finish(counted, "tool-calls"),
    ]);
    expect(seen[0]).toEqual({
      type: "tool_call.delta",
      toolCallId: "c",
      toolName: "read",
      text: '{"a":1}',
    });
  });

  test("a call without any arguments has the empty object", async () => {
    const { parts } = await turn(
      { type: "tool-input-start", id: "c", toolName: "now" },
      { type: "tool-input-end", id: "c" },
      { type: "tool-call", toolCallId: "c", toolName: "now", input: "" },
      finish(),
    );
    expect(parts).toEqual([
      { type: "tool_call", toolCallId: "c", toolName: "now", argumentsText: "{}" },
    ]);
  });

  test("tools that the provider ran itself are not ours to run", async () => {
    const { parts } = await turn(
      { type: "tool-call", toolCallId: "c", toolName: "web", input: "{}", providerExecuted: true },
      finish(),
    );
    expect(parts).toEqual([]);
  });

  test("without a count from the provider ours stands in, marked", async () => {
    expect((await turn(finish(uncounted))).usage).toEqual(guessed);
  });

  test("reasoning counted beside the output is added to it", async () => {
    const { usage } = await turn(
      finish({ ...counted, outputTokens: { total: 5, text: 5, reasoning: 40 } }),
    );
    expect(usage).toMatchObject({ outputTokens: 45, reasoningTokens: 40 });
  });

  test("more cached tokens than tokens cannot be", async () => {
    const { usage } = await turn(
      finish({ ...counted, inputTokens: { ...counted.inputTokens, total: 10 } }),
    );
    expect(usage).toMatchObject({ inputTokens: 10, cachedInputTokens: 10 });
  });

  test("an exception in the stream is thrown as it is", async () => {
    const cause = new Error("connection lost");
    await expect(events([{ type: "error", error: cause }, finish()])).rejects.toBe(cause);
  });

  test("an error that the provider reports names its status and kind", async () => {
    const error = { message: "overloaded", type: "overloaded_error", statusCode: 529 };
    await expect(events([{ type: "error", error }])).rejects.toMatchObject({
      code: "models.stream_error",
      message: expect.stringContaining("overloaded") as string,
      details: { status: 529, kind: "overloaded_error" },
    });
  });

  test.each([
    ["stops without a word", []],
    ["is said to be interrupted", [finish(counted, "interrupted")]],
  ] as const)("a stream that %s is no turn, whatever came before", async (_name, ending) => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Half of" },
      ...ending,
    ];
    await expect(events(parts)).rejects.toMatchObject({ code: "models.stream_ended" });
  });

  test("whoever stops listening ends the request", async () => {
    let cancelled = false;
    const endless = new ReadableStream<LanguageModelV4StreamPart>({
      pull: (controller) => controller.enqueue({ type: "text-delta", id: "t", delta: "more" }),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const event of fromStream(endless, async () => guessed)) {
      expect(event.type).toBe("text.delta");
      break;
    }
    expect(cancelled).toBe(true);
  });
});
