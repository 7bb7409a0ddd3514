import {
  type Dialect,
  event,
  type Json,
  list,
  type Named,
  pieces,
  refuseUnless,
  sealOf,
  type WireTurn,
} from "./dialect.ts";

const error = (status: number, code: string, message: string, headers = {}) => ({
  status,
  headers,
  body: { error: { message, type: "invalid_request_error", param: null, code } },
});

/** Numbers the events, as the interface does. */
function numbered(events: readonly Named[]) {
  return events.map((one, index) => event({ ...one, sequence_number: index }, one.type));
}

function reasoningEvents(text: string, place: number): readonly Named[] {
  const item = { id: `rs_${place}`, type: "reasoning" };
  const at = { item_id: item.id, output_index: place, summary_index: 0 };
  return [
    {
      type: "response.output_item.added",
      output_index: place,
      item: { ...item, summary: [], encrypted_content: null },
    },
    {
      type: "response.reasoning_summary_part.added",
      ...at,
      part: { type: "summary_text", text: "" },
    },
    ...pieces(text).map((delta) => ({
      type: "response.reasoning_summary_text.delta",
      ...at,
      delta,
    })),
    { type: "response.reasoning_summary_text.done", ...at, text },
    {
      type: "response.reasoning_summary_part.done",
      ...at,
      part: { type: "summary_text", text },
    },
    {
      type: "response.output_item.done",
      output_index: place,
      item: {
        ...item,
        summary: [{ type: "summary_text", text }],
        encrypted_content: sealOf(text),
      },
    },
  ];
}

function textEvents(text: string, place: number): readonly Named[] {
  const item = { id: `msg_${place}`, type: "message", role: "assistant" };
  const at = { item_id: item.id, output_index: place, content_index: 0 };
  const part = { type: "output_text", text, annotations: [], logprobs: [] };
  return [
    {
      type: "response.output_item.added",
      output_index: place,
      item: { ...item, status: "in_progress", content: [] },
    },
    { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
    ...pieces(text).map((delta) => ({
      type: "response.output_text.delta",
      ...at,
      delta,
      logprobs: [],
      obfuscation: "q",
    })),
    { type: "response.output_text.done", ...at, text, logprobs: [] },
    { type: "response.content_part.done", ...at, part },
    {
      type: "response.output_item.done",
      output_index: place,
      item: { ...item, status: "completed", content: [part] },
    },
  ];
}

function callEvents(
  { id, name, argumentsText }: NonNullable<WireTurn["calls"]>[number],
  place: number,
): readonly Named[] {
  const item = { id: `fc_${place}`, type: "function_call", call_id: id, name };
  const at = { item_id: item.id, output_index: place };
  return [
    {
      type: "response.output_item.added",
      output_index: place,
      item: { ...item, arguments: "", status: "in_progress" },
    },
    ...pieces(argumentsText).map((delta) => ({
      type: "response.function_call_arguments.delta",
      ...at,
      delta,
    })),
    {
      type: "response.function_call_arguments.done",
      ...at,
      name,
      arguments: argumentsText,
    },
    {
      type: "response.output_item.done",
      output_index: place,
      item: { ...item, arguments: argumentsText, status: "completed" },
    },
  ];
}

const served = "gpt-5.2-2026-02-01";

/** What was answered before stands in the input item by item; a turn ends where others' items begin. */
function turnsIn(input: readonly Json[]): number {
  const own = (item: Json | undefined): boolean =>
    item !== undefined &&
    (item["role"] === "assistant" ||
      item["type"] === "reasoning" ||
      item["type"] === "function_call");
  return input.filter((item, index) => own(item) && !own(input[index - 1])).length;
}

/** OpenAI's Responses API. */
export const openaiResponses: Dialect = {
  name: "openai",
  reference: "https://platform.openai.com/docs/api-reference/responses-streaming",
  spec: (url) => `openai:gpt-5.2@${url}/v1`,
  keyVariable: "OPENAI_API_KEY",
  served,
  counts: { cached: true, written: false, reasoning: true },
  wantsThinkingBack: true,
  begun: 5,
  turnsIn: ({ path, headers, body }) => {
    refuseUnless(path === "/v1/responses", `no such path: ${path}`);
    refuseUnless(headers.authorization === "Bearer key-1", "Incorrect API key provided");
    // Nothing is kept there, so nothing can be referred to.
    refuseUnless(body["store"] === false, "store: this test keeps nothing");
    const input = list(body["input"]);
    for (const [index, item] of input.entries()) {
      refuseUnless(item["type"] !== "item_reference", `Item '${String(item["id"])}' not found.`);
      if (item["type"] === "reasoning") {
        const { encrypted_content: sealed, summary } = item;
        const said = list(summary)
          .map(({ text }) => String(text))
          .join("");
        refuseUnless(sealed === sealOf(said), "The encrypted content could not be verified.");
        const next = input[index + 1]?.["type"] ?? "message";
        refuseUnless(
          input[index + 1] !== undefined && next !== "function_call_output",
          "Item of type 'reasoning' was provided without its required following item.",
        );
      }
      if (item["type"] !== "function_call") continue;
      refuseUnless(String(item["call_id"]).length <= 64, "call_id: string too long");
      const answered = input.some(
        (one) => one["type"] === "function_call_output" && one["call_id"] === item["call_id"],
      );
      refuseUnless(answered, `No tool output found for function call ${String(item["call_id"])}.`);
    }
    return turnsIn(input);
  },
  events: ({ reasoning, text, calls = [], ending, usage }) => {
    const parts = [
      ...(reasoning === undefined ? [] : [(place: number) => reasoningEvents(reasoning, place)]),
      ...(text === undefined ? [] : [(place: number) => textEvents(text, place)]),
      ...calls.map((call) => (place: number) => callEvents(call, place)),
    ];
    const response = { id: "resp_1", object: "response", created_at: 1_780_000_000, model: served };
    const counted = {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: usage.input + usage.output,
    };
    const cut = ending === "cut" || ending === "filtered";
    const reason = ending === "cut" ? "max_output_tokens" : "content_filter";
    return numbered([
      { type: "response.created", response: { ...response, status: "in_progress" } },
      {
        type: "response.in_progress",
        response: { ...response, status: "in_progress" },
      },
      ...parts.flatMap((part, place) => part(place)),
      cut
        ? {
            type: "response.incomplete",
            response: {
              ...response,
              status: "incomplete",
              incomplete_details: { reason },
              usage: counted,
            },
          }
        : {
            type: "response.completed",
            response: {
              ...response,
              status: "completed",
              incomplete_details: null,
              usage: counted,
            },
          },
    ]);
  },
  malformed: event(
    { type: "response.output_text.delta", delta: { none: true } },
    "response.output_text.delta",
  ),
  failedInside: event(
    {
      type: "response.failed",
      sequence_number: 9,
      response: {
        id: "resp_1",
        status: "failed",
        error: { code: "server_error", message: "The model had an error." },
      },
    },
    "response.failed",
  ),
  overloaded: error(503, "server_overloaded", "The engine is currently overloaded."),
  limited: error(429, "rate_limit_exceeded", "Rate limit reached.", { "retry-after": "60" }),
  tooLong: error(
    400,
    "context_length_exceeded",
    "Your input exceeds the context window of this model.",
  ),
};
