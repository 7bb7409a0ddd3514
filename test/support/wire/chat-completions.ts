import {
  type Dialect,
  event,
  list,
  pieces,
  refuseUnless,
  type WireCall,
  type WireRequest,
  type WireUsage,
} from "./dialect.ts";

/** What servers of the same interface do in their own ways. */
interface Ways {
  readonly served: string;
  /** The field that thinking comes in, where it comes. */
  readonly thinking?: "reasoning" | "reasoning_content";
  /** What every piece of an answer has besides. */
  readonly everyDelta?: object;
  /** The pieces that open an answer. */
  readonly opening: readonly object[];
  readonly calls: (calls: readonly WireCall[]) => readonly object[];
  readonly usage: (usage: WireUsage) => object;
  /** What the last pieces have besides. */
  readonly chunk?: object;
}

const endings = { cut: "length", filtered: "content_filter", lies: "stop" } as const;

const chunkOf = (ways: Ways, delta: object, finish: string | null = null) =>
  event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_780_000_000,
    model: ways.served,
    ...ways.chunk,
    choices: [{ index: 0, delta: { ...ways.everyDelta, ...delta }, finish_reason: finish }],
  });

function eventsIn(ways: Ways): Dialect["events"] {
  return ({ reasoning = "", text = "", calls = [], ending, usage }) => {
    const { thinking } = ways;
    const usual = calls.length > 0 ? "tool_calls" : "stop";
    return [
      ...ways.opening.map((delta) => chunkOf(ways, delta)),
      ...(thinking === undefined
        ? []
        : pieces(reasoning).map((part) => chunkOf(ways, { [thinking]: part }))),
      ...pieces(text).map((part) => chunkOf(ways, { content: part })),
      ...ways.calls(calls).map((delta) => chunkOf(ways, delta)),
      chunkOf(ways, {}, ending === undefined ? usual : endings[ending]),
      event({
        id: "chatcmpl-1",
        object: "chat.completion.chunk",
        created: 1_780_000_000,
        model: ways.served,
        choices: [],
        usage: ways.usage(usage),
      }),
      event("[DONE]"),
    ];
  };
}

/** Each call with its place, its arguments in pieces. */
const inPieces =
  (id: (call: WireCall) => string) =>
  (calls: readonly WireCall[]): readonly object[] =>
    calls.flatMap((call, index) => [
      {
        tool_calls: [
          { index, id: id(call), type: "function", function: { name: call.name, arguments: "" } },
        ],
      },
      ...pieces(call.argumentsText).map((part) => ({
        tool_calls: [{ index, function: { arguments: part } }],
      })),
    ]);

function turnsInMessages({ path, body }: WireRequest): number {
  refuseUnless(path === "/v1/chat/completions", `no such path: ${path}`);
  const messages = list(body["messages"]);
  for (const [index, message] of messages.entries()) {
    const calls = list(message["tool_calls"]);
    const results = messages.slice(index + 1, index + 1 + calls.length);
    for (const { id, function: called } of calls) {
      const answered = results.some((one) => one["role"] === "tool" && one["tool_call_id"] === id);
      refuseUnless(answered, `No tool output found for tool call ${String(id)}.`);
      const { arguments: text } = called as { arguments: unknown };
      refuseUnless(isObject(text), "invalid tool call arguments");
    }
  }
  return messages.filter(({ role }) => role === "assistant").length;
}

function isObject(text: unknown): boolean {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const totals = ({ input, output }: WireUsage) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});

const openaiWays: Ways = {
  served: "gpt-5.2-2026-02-01",
  chunk: { service_tier: "default", system_fingerprint: null, usage: null, obfuscation: "x7" },
  opening: [{ role: "assistant", content: "", refusal: null }],
  calls: inPieces(({ id }) => id),
  usage: (usage) => ({
    ...totals(usage),
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0 },
  }),
};
const openaiError = (status: number, code: string, message: string, headers = {}) => ({
  status,
  headers,
  body: { error: { message, type: "invalid_request_error", param: null, code } },
});

/** OpenAI's Chat Completions. */
export const openaiChat: Dialect = {
  name: "openai-chat",
  reference: "https://platform.openai.com/docs/api-reference/chat-streaming",
  spec: (url) => `openai-chat:gpt-5.2@${url}/v1`,
  keyVariable: "OPENAI_API_KEY",
  served: openaiWays.served,
  counts: { cached: true, written: false, reasoning: true },
  // What the model thought is not told, and cannot come back.
  wantsThinkingBack: false,
  begun: 2,
  turnsIn: (request) => {
    refuseUnless(request.headers.authorization === "Bearer key-1", "Incorrect API key provided");
    // Reasoning models take no other name for it.
    refuseUnless(request.body["max_tokens"] === undefined, "Use 'max_completion_tokens' instead.");
    return turnsInMessages(request);
  },
  events: eventsIn(openaiWays),
  malformed: event({ id: "chatcmpl-1", choices: "none" }),
  failedInside: event({
    error: { message: "The server had an error.", type: "server_error", param: null, code: null },
  }),
  overloaded: openaiError(503, "server_overloaded", "The engine is currently overloaded."),
  limited: openaiError(429, "rate_limit_exceeded", "Rate limit reached.", { "retry-after": "60" }),
  tooLong: openaiError(
    400,
    "context_length_exceeded",
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 411525 tokens.",
  ),
};

const ollamaWays: Ways = {
  served: "qwen3:8b",
  thinking: "reasoning",
  // Each piece says whose it is, and has a text, also where there is none.
  everyDelta: { role: "assistant", content: "" },
  chunk: { system_fingerprint: "fp_ollama" },
  opening: [],
  // A call comes whole, in a piece of its own; before mid-2026 each had the place 0.
  calls: (calls) =>
    calls.map(({ id, name, argumentsText }) => ({
      tool_calls: [
        { id, index: 0, type: "function", function: { name, arguments: argumentsText } },
      ],
    })),
  usage: totals,
};

/** Ollama's imitation of it. */
export const ollama: Dialect = {
  name: "ollama",
  reference: "https://docs.ollama.com/api/openai-compatibility",
  spec: (url) => `openai-compatible:qwen3:8b@${url}/v1`,
  served: ollamaWays.served,
  counts: { cached: false, written: false, reasoning: false },
  wantsThinkingBack: true,
  begun: 1,
  turnsIn: (request) => {
    for (const { content, tool_calls: calls } of list(request.body["messages"])) {
      refuseUnless(
        typeof content === "string" || calls !== undefined,
        "invalid message content type",
      );
    }
    return turnsInMessages(request);
  },
  events: eventsIn(ollamaWays),
  malformed: event('{"choices":[{"index":0,"delta":{"content":"Ha'),
  failedInside: event({
    error: {
      message: "llama runner process has terminated",
      type: "api_error",
      param: null,
      code: null,
    },
  }),
  overloaded: {
    status: 503,
    body: {
      error: {
        message: "server busy, please try again. maximum pending requests exceeded",
        type: "api_error",
        param: null,
        code: null,
      },
    },
  },
  limited: { status: 429, headers: { "retry-after": "60" }, body: { error: "too many requests" } },
  tooLong: {
    status: 400,
    body: {
      error: {
        message:
          "request (42947 tokens) exceeds the available context size (8192 tokens), try increasing it",
        type: "invalid_request_error",
        param: null,
        code: null,
      },
    },
  },
};

const llamaWays: Ways = {
  served: "gpt-oss-20b-mxfp4.gguf",
  thinking: "reasoning_content",
  chunk: { system_fingerprint: "b9012-3f1c9d5a" },
  opening: [{ role: "assistant", content: null }],
  calls: inPieces(({ id }) => `${id}AbCdEfGhIjKlMnOpQrStUv`.slice(0, 32)),
  usage: (usage) => ({ ...totals(usage), prompt_tokens_details: { cached_tokens: usage.cached } }),
};

/** The server of llama.cpp. */
export const llamaCpp: Dialect = {
  name: "llama.cpp",
  reference: "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
  spec: (url) => `openai-compatible:gpt-oss-20b@${url}/v1`,
  served: llamaWays.served,
  counts: { cached: true, written: false, reasoning: false },
  wantsThinkingBack: true,
  begun: 2,
  turnsIn: turnsInMessages,
  events: (turn) => {
    const events = eventsIn(llamaWays)(turn);
    const timings = { prompt_n: 12, prompt_ms: 40.1, predicted_n: 7, predicted_ms: 90.5 };
    return events.map((one) =>
      one.includes('"choices":[]')
        ? one.replace('"choices":[]', `"choices":[],"timings":${JSON.stringify(timings)}`)
        : one,
    );
  },
  malformed: event('{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Ha'),
  failedInside: event({ error: { code: 500, message: "Failed to decode", type: "server_error" } }),
  overloaded: {
    status: 503,
    body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
  },
  limited: { status: 429, headers: { "retry-after": "60" }, body: "Too many requests" },
  tooLong: {
    status: 400,
    body: {
      error: {
        code: 400,
        message: "the request exceeds the available context size, try increasing it",
        type: "exceed_context_size_error",
        n_prompt_tokens: 14_429,
        n_ctx: 8_192,
      },
    },
  },
};

const vllmWays: Ways = {
  served: "Qwen/Qwen3-32B",
  thinking: "reasoning",
  opening: [{ role: "assistant", content: "" }],
  calls: inPieces(({ id }) => `chatcmpl-tool-${id}`),
  usage: totals,
};

/** vLLM. */
export const vllm: Dialect = {
  name: "vllm",
  reference: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
  spec: (url) => `openai-compatible:Qwen/Qwen3-32B@${url}/v1`,
  served: vllmWays.served,
  counts: { cached: false, written: false, reasoning: false },
  wantsThinkingBack: true,
  begun: 2,
  turnsIn: turnsInMessages,
  events: eventsIn(vllmWays),
  malformed: event({ id: "chatcmpl-1", choices: [{ index: 0, delta: 5 }] }),
  failedInside:
    event({
      error: {
        object: "error",
        message: "EngineCore encountered an issue.",
        type: "InternalServerError",
        param: null,
        code: 500,
      },
    }) + event("[DONE]"),
  overloaded: {
    status: 503,
    body: {
      error: { message: "Service unavailable", type: "ServiceUnavailable", param: null, code: 503 },
    },
  },
  limited: { status: 429, headers: { "retry-after": "60" }, body: { detail: "Too many requests" } },
  // Before it took OpenAI's shape for errors.
  tooLong: {
    status: 400,
    body: {
      object: "error",
      message:
        "This model's maximum context length is 6048 tokens. However, you requested 6616 tokens (568 in the messages, 6048 in the completion).",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
  },
};
