import { describe, expect, test } from "vitest";
import { contextOverflow, overflowOf, readOverflow, silentOverflow } from "./context-overflow.ts";

describe("what providers say of a conversation that is too long", () => {
  test.each([
    ["prompt is too long: 208310 tokens > 200000 maximum", 208310, 200000],
    [
      "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length",
      178959,
      200000,
    ],
    [
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
      9001,
      8192,
    ],
    ["Your input exceeds the context window of this model.", undefined, undefined],
    ["invalid_request_error context_length_exceeded", undefined, undefined],
    [
      "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
      1200293,
      1048576,
    ],
    [
      "request (4476 tokens) exceeds the available context size (4096 tokens), try increasing it",
      4476,
      4096,
    ],
    ["the request exceeds the available context size", undefined, undefined],
    ["the input length exceeds the context length", undefined, undefined],
    [
      "This model's maximum context length is 6048 tokens. However, you requested 6616 tokens (568 in the messages, 6048 in the completion).",
      568,
      6048,
    ],
    [
      "'max_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 2104 input tokens",
      2104,
      4096,
    ],
    [
      "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
      5000,
      4096,
    ],
  ])("%s", (said, inputTokens, contextTokens) => {
    expect(readOverflow(said)).toEqual({
      ...(inputTokens === undefined ? {} : { inputTokens }),
      ...(contextTokens === undefined ? {} : { contextTokens }),
    });
  });

  test.each([
    "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens",
    "Rate limit reached on tokens per min: Limit 30000, Requested 40000.",
    "messages: text content blocks must be non-empty",
    "Unsupported parameter: 'context'",
    "",
  ])("%j is something else", (said) => {
    expect(readOverflow(said)).toBeUndefined();
  });

  test("the error is found among the causes, with what the provider said", () => {
    const error = contextOverflow("openai:gpt-5", { inputTokens: 9, contextTokens: 8 });
    expect(error.code).toBe("models.context_overflow");
    expect(error.message).toContain("it has 9 tokens, the window 8");
    expect(overflowOf(new Error("outer", { cause: error }))).toEqual({
      inputTokens: 9,
      contextTokens: 8,
    });
    expect(overflowOf(contextOverflow("m", {}))).toEqual({});
    expect(overflowOf(new Error("outer"))).toBeUndefined();
  });
});

describe("an overflow that nobody reports", () => {
  const turn = (
    inputTokens: number,
    more: { finishReason?: string; estimated?: boolean } = {},
  ) => ({
    finishReason: more.finishReason ?? "stop",
    usage: {
      inputTokens,
      cachedInputTokens: 0,
      outputTokens: 100,
      reasoningTokens: 0,
      estimated: more.estimated ?? false,
    },
  });

  test("a server that counts far less than it was sent has clipped it to its window", () => {
    expect(silentOverflow(turn(2050), { inputTokens: 7900 })).toEqual({
      inputTokens: 7900,
      contextTokens: 2050,
    });
  });

  test("counts that differ as tokenizers do are no overflow", () => {
    expect(silentOverflow(turn(6500), { inputTokens: 7900 })).toBeUndefined();
    expect(silentOverflow(turn(9900), { inputTokens: 7900 })).toBeUndefined();
  });

  test("a short request, or a count that is our own, proves nothing", () => {
    expect(silentOverflow(turn(100), { inputTokens: 900 })).toBeUndefined();
    expect(silentOverflow(turn(10, { estimated: true }), { inputTokens: 7900 })).toBeUndefined();
  });

  test("an answer that ends where the window ends was cut by it", () => {
    const expected = { inputTokens: 3980, contextTokens: 4096 };
    expect(silentOverflow(turn(3980, { finishReason: "length" }), expected)).toEqual(expected);
    expect(silentOverflow(turn(3980), expected)).toBeUndefined();
    expect(
      silentOverflow(turn(2000, { finishReason: "length" }), { ...expected, inputTokens: 2000 }),
    ).toBeUndefined();
    expect(
      silentOverflow(turn(10, { finishReason: "model_context_window_exceeded" }), {
        inputTokens: 10,
      }),
    ).toEqual({ inputTokens: 10 });
  });
});
