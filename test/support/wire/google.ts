import { type Dialect, event, list, pieces, refuseUnless, sealOf } from "./dialect.ts";

const served = "gemini-3-pro-preview";
const error = (code: number, status: string, message: string, details: object[] = []) => ({
  status: code,
  body: { error: { code, message, status, details } },
});
const endings = { cut: "MAX_TOKENS", filtered: "SAFETY", lies: "STOP" } as const;

/** The Gemini API. */
export const google: Dialect = {
  name: "google",
  reference: "https://ai.google.dev/api/generate-content",
  spec: (url) => `google:gemini-3-pro-preview@${url}/v1beta`,
  keyVariable: "GOOGLE_GENERATIVE_AI_API_KEY",
  counts: { cached: true, written: false, reasoning: true },
  wantsThinkingBack: true,
  begun: 1,
  turnsIn: ({ path, headers, body }) => {
    const wanted = `/v1beta/models/${served}:streamGenerateContent?alt=sse`;
    refuseUnless(path === wanted, `no such path: ${path}`);
    refuseUnless(headers["x-goog-api-key"] === "key-1", "API key not valid.");
    const contents = list(body["contents"]);
    for (const [index, { role, parts }] of contents.entries()) {
      if (role !== "model") continue;
      const calls = list(parts).filter((part) => part["functionCall"] !== undefined);
      const [first] = calls;
      if (first === undefined) continue;
      // Of calls side by side only the first has one. What other models called has none; the
      // reference names what stands there instead.
      const signature = first["thoughtSignature"];
      const signed =
        signature === sealOf("call") || signature === "skip_thought_signature_validator";
      refuseUnless(signed, "Function call is missing a thought_signature in functionCall parts.");
      const answers = list(contents[index + 1]?.["parts"]).filter(
        (part) => part["functionResponse"] !== undefined,
      );
      refuseUnless(
        answers.length === calls.length,
        "The number of function response parts must equal that of the function call parts.",
      );
    }
    return contents.filter(({ role }) => role === "model").length;
  },
  events: ({ reasoning = "", text = "", calls = [], ending, usage }) => {
    const counted = {
      promptTokenCount: usage.input,
      cachedContentTokenCount: usage.cached,
      candidatesTokenCount: usage.output - usage.reasoning,
      thoughtsTokenCount: usage.reasoning,
      totalTokenCount: usage.input + usage.output,
    };
    const chunk = (parts: readonly object[], more: object = {}) =>
      event({
        candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
        usageMetadata: counted,
        modelVersion: served,
        responseId: "r1",
      });
    const finishReason = ending === undefined ? "STOP" : endings[ending];
    return [
      ...pieces(reasoning).map((part) => chunk([{ text: part, thought: true }])),
      ...pieces(text).map((part) => chunk([{ text: part }])),
      ...(calls.length === 0
        ? []
        : [
            chunk(
              calls.map(({ id, name, argumentsText }, index) => ({
                functionCall: { id, name, args: JSON.parse(argumentsText) as object },
                ...(index === 0 ? { thoughtSignature: sealOf("call") } : {}),
              })),
            ),
          ]),
      chunk([{ text: "" }], { finishReason }),
    ];
  },
  malformed: event({ candidates: "none" }),
  failedInside: event({
    error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" },
  }),
  overloaded: error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
  limited: error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", [
    { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "60s" },
  ]),
  tooLong: error(
    400,
    "INVALID_ARGUMENT",
    "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
  ),
};
