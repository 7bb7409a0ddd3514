import {
  type Dialect,
  event,
  type Json,
  list,
  type Named,
  pieces,
  refuseUnless,
  sealOf,
} from "./dialect.ts";

const named = (data: Named): string => event(data, data.type);
const error = (status: number, type: string, message: string, headers = {}) => ({
  status,
  headers,
  body: { type: "error", error: { type, message }, request_id: "req_1" },
});

const delta = (index: number, fields: object) =>
  named({ type: "content_block_delta", index, delta: fields });
const start = (index: number, block: object) =>
  named({ type: "content_block_start", index, content_block: block });
const stop = (index: number) => named({ type: "content_block_stop", index });

const endings = { cut: "max_tokens", filtered: "refusal", lies: "end_turn" } as const;

/** The Messages API. */
export const anthropic: Dialect = {
  name: "anthropic",
  reference: "https://platform.claude.com/docs/en/build-with-claude/streaming",
  spec: (url) => `anthropic:claude-opus-5@${url}/v1`,
  keyVariable: "ANTHROPIC_API_KEY",
  served: "claude-opus-5-20260101",
  counts: { cached: true, written: true, reasoning: false },
  wantsThinkingBack: true,
  begun: 4,
  turnsIn: ({ path, headers, body }) => {
    refuseUnless(path === "/v1/messages", `no such path: ${path}`);
    refuseUnless(headers["x-api-key"] === "key-1", "invalid x-api-key");
    refuseUnless(headers["anthropic-version"] === "2023-06-01", "anthropic-version: required");
    refuseUnless(typeof body["max_tokens"] === "number", "max_tokens: field required");
    const messages = list(body["messages"]);
    for (const [index, message] of messages.entries()) {
      const blocks = list(message["content"]);
      const uses = blocks.filter(({ type }) => type === "tool_use");
      const wellNamed = uses.every(({ id }) => /^[a-zA-Z0-9_-]+$/.test(String(id)));
      refuseUnless(wellNamed, "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'");
      for (const block of blocks) {
        if (block["type"] === "thinking") {
          const sealed = block["signature"] === sealOf(String(block["thinking"]));
          refuseUnless(sealed, "messages: invalid `signature` in `thinking` block");
        }
        refuseUnless(block["type"] !== "text" || block["text"] !== "", "text must be non-empty");
      }
      if (uses.length === 0) continue;
      const results = list(messages[index + 1]?.["content"]).slice(0, uses.length);
      const answered = uses.every(({ id }) => results.some((one) => one["tool_use_id"] === id));
      refuseUnless(answered, "`tool_use` ids were found without `tool_result` blocks after them");
    }
    return messages.filter(({ role }) => role === "assistant").length;
  },
  events: ({ reasoning, text, calls = [], ending, usage }) => {
    const blocks: readonly (readonly string[])[] = [
      ...(reasoning === undefined ? [] : [thinking(reasoning)]),
      ...(text === undefined ? [] : [prose(text)]),
      ...calls.map(({ id, name, argumentsText }) => [
        "block",
        JSON.stringify({ type: "tool_use", id, name, input: {} }),
        ...pieces(argumentsText).map((part) =>
          JSON.stringify({ type: "input_json_delta", partial_json: part }),
        ),
      ]),
    ];
    const usual = calls.length > 0 ? "tool_use" : "end_turn";
    const { cached, written, input, output } = usage;
    return [
      named({
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
            input_tokens: input - cached - written,
            cache_creation_input_tokens: written,
            cache_read_input_tokens: cached,
            cache_creation: { ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: 0 },
            output_tokens: 1,
            service_tier: "standard",
          },
        },
      }),
      ...blocks.flatMap(([, opening = "", ...deltas], index) => [
        start(index, JSON.parse(opening) as Json),
        ...(index === 0 ? [named({ type: "ping" })] : []),
        ...deltas.map((one) => delta(index, JSON.parse(one) as Json)),
        stop(index),
      ]),
      named({
        type: "message_delta",
        delta: {
          stop_reason: ending === undefined ? usual : endings[ending],
          stop_sequence: null,
        },
        usage: { output_tokens: output },
      }),
      named({ type: "message_stop" }),
    ];
  },
  malformed: event(
    '{"type": "content_block_delta", "index": "none", "delta": 5}',
    "content_block_delta",
  ),
  failedInside: named({
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
  }),
  overloaded: error(529, "overloaded_error", "Overloaded"),
  limited: error(429, "rate_limit_error", "This request would exceed your rate limit.", {
    "retry-after": "60",
  }),
  tooLong: error(
    400,
    "invalid_request_error",
    "prompt is too long: 208310 tokens > 200000 maximum",
  ),
};

function thinking(text: string): readonly string[] {
  return [
    "block",
    JSON.stringify({ type: "thinking", thinking: "", signature: "" }),
    ...pieces(text).map((part) => JSON.stringify({ type: "thinking_delta", thinking: part })),
    JSON.stringify({ type: "signature_delta", signature: sealOf(text) }),
  ];
}

function prose(text: string): readonly string[] {
  return [
    "block",
    JSON.stringify({ type: "text", text: "" }),
    ...pieces(text).map((part) => JSON.stringify({ type: "text_delta", text: part })),
  ];
}
