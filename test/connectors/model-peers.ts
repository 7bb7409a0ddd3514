import { type HttpAnswer, type HttpPeer, httpPeer, type ServiceFaults } from "./http-peer.ts";

/** A provider of models as it is on the wire, from its documentation. */
export interface ModelPeerPlan {
  /** The model that is asked for. */
  readonly spec: string;
  /** What comes after the peer's own address. */
  readonly basePath: string;
  /** The header with the key, and what stands before the key in it. */
  readonly keyHeader: readonly [name: string, before: string];
  /** A turn that says "Hello.", event by event. */
  readonly turn: readonly object[];
  /** How many of its events hold the first piece of text. */
  readonly begun: number;
  /** What ends the stream besides. */
  readonly last?: string;
  /** How its errors look that come instead of a stream. */
  readonly faults: ServiceFaults;
  /** The event in which it reports, in the middle of a stream, that it is down. */
  readonly failedInside: object;
  /** An event that is none of its own. */
  readonly nonsense: object;
}

const json =
  (status: number, body: object, headers: Readonly<Record<string, string>> = {}) =>
  () =>
    ({ status, headers, body: JSON.stringify(body) }) satisfies HttpAnswer;

const anthropicError = (status: number, type: string, message: string, headers = {}) =>
  json(status, { type: "error", error: { type, message }, request_id: "req_1" }, headers);

const anthropic: ModelPeerPlan = {
  spec: "anthropic:claude-opus-5",
  begun: 4,
  basePath: "/v1",
  keyHeader: ["x-api-key", ""],
  turn: [
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "claude-opus-5",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 9, output_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "ping" },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "lo." } },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 4 },
    },
    { type: "message_stop" },
  ],
  faults: {
    failing: anthropicError(529, "overloaded_error", "Overloaded"),
    busy: anthropicError(429, "rate_limit_error", "This request would exceed your rate limit.", {
      "retry-after": "2",
    }),
    refusing: anthropicError(401, "authentication_error", "invalid x-api-key"),
  },
  failedInside: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
  nonsense: { type: "content_block_delta", index: "none", delta: 5 },
};

const openaiError = (
  status: number,
  error: { readonly message: string; readonly type: string; readonly code: string | null },
  headers = {},
) => json(status, { error: { param: null, ...error } }, headers);

const openaiItem = { id: "msg_1", type: "message", role: "assistant" };
const openai: ModelPeerPlan = {
  spec: "openai:gpt-5",
  begun: 3,
  basePath: "/v1",
  keyHeader: ["authorization", "Bearer "],
  turn: [
    { type: "response.created", response: { id: "resp_1", created_at: 1, model: "gpt-5" } },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...openaiItem, status: "in_progress", content: [] },
    },
    { type: "response.output_text.delta", item_id: "msg_1", output_index: 0, delta: "Hel" },
    { type: "response.output_text.delta", item_id: "msg_1", output_index: 0, delta: "lo." },
    {
      type: "response.output_item.done",
      output_index: 0,
      item: {
        ...openaiItem,
        status: "completed",
        content: [{ type: "output_text", text: "Hello.", annotations: [] }],
      },
    },
    {
      type: "response.completed",
      response: { id: "resp_1", usage: { input_tokens: 9, output_tokens: 4 } },
    },
  ],
  faults: {
    failing: openaiError(503, {
      message: "The server is overloaded or not ready yet.",
      type: "server_error",
      code: null,
    }),
    busy: openaiError(
      429,
      { message: "Rate limit reached for gpt-5.", type: "requests", code: "rate_limit_exceeded" },
      { "retry-after-ms": "2000", "retry-after": "2" },
    ),
    refusing: openaiError(401, {
      message: "Incorrect API key provided: sk-live-****d0aa.",
      type: "invalid_request_error",
      code: "invalid_api_key",
    }),
  },
  failedInside: {
    type: "error",
    sequence_number: 3,
    error: { type: "server_error", code: "server_error", message: "Down for a moment." },
  },
  nonsense: { type: "response.output_text.delta", delta: { none: true } },
};

const googleChunk = (text: string, more = {}) => ({
  candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
  modelVersion: "gemini-2.5-pro",
});
const googleError = (code: number, status: string, message: string, details: object[] = []) => ({
  error: { code, message, status, details },
});
const google: ModelPeerPlan = {
  spec: "google:gemini-2.5-pro",
  begun: 1,
  basePath: "/v1beta",
  keyHeader: ["x-goog-api-key", ""],
  turn: [googleChunk("Hel"), googleChunk("lo.", { finishReason: "STOP" })],
  faults: {
    failing: json(503, googleError(503, "UNAVAILABLE", "The model is overloaded.")),
    // There is no header that says how long to wait.
    busy: json(
      429,
      googleError(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", [
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" },
      ]),
    ),
    refusing: json(
      400,
      googleError(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "API_KEY_INVALID",
          domain: "googleapis.com",
        },
      ]),
    ),
  },
  failedInside: googleError(503, "UNAVAILABLE", "The model is overloaded."),
  nonsense: { candidates: "none" },
};

const compatibleChunk = (delta: object, finish: string | null = null) => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "local-1",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const compatible: ModelPeerPlan = {
  spec: "openai-compatible:local-1",
  begun: 1,
  basePath: "/v1",
  keyHeader: ["authorization", "Bearer "],
  turn: [
    compatibleChunk({ role: "assistant", content: "Hel" }),
    compatibleChunk({ content: "lo." }),
    compatibleChunk({}, "stop"),
  ],
  last: "data: [DONE]\n\n",
  faults: {},
  failedInside: { error: { message: "Down for a moment.", type: "server_error", code: 503 } },
  nonsense: { choices: "none" },
};

export const modelPeerPlans: readonly ModelPeerPlan[] = [anthropic, openai, google, compatible];

const stream = (events: readonly object[], last = ""): HttpAnswer => ({
  headers: { "content-type": "text/event-stream" },
  body:
    events
      .map((event) => {
        const name = "type" in event ? `event: ${String(event.type)}\n` : "";
        return `${name}data: ${JSON.stringify(event)}\n\n`;
      })
      .join("") + last,
});

/** A provider whose faults come instead of a stream. */
export function modelPeer({ turn, last, faults }: ModelPeerPlan): Promise<HttpPeer> {
  return httpPeer(() => stream(turn, last), faults);
}

/** A provider whose faults come when a stream has begun well. */
export function faultyStreamPeer(plan: ModelPeerPlan): Promise<HttpPeer> {
  const { turn, last, failedInside, nonsense } = plan;
  const begun = turn.slice(0, plan.begun);
  return httpPeer(() => stream(turn, last), {
    failing: () => stream([...begun, failedInside]),
    cut: () => ({ ...stream(begun), breaksOff: true }),
    malformed: () => stream([...begun, nonsense]),
  });
}
