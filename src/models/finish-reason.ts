/** How a turn ended where the model did not end it. */
export type CutShort = "length" | "filter";

/** The words of OpenAI (both of its APIs), Anthropic, Google, and of servers that imitate one. */
const words: Readonly<Record<CutShort, ReadonlySet<string>>> = {
  length: new Set([
    "length",
    "max_tokens",
    "max_output_tokens",
    "MAX_TOKENS",
    "model_context_window_exceeded",
    "model_length",
  ]),
  filter: new Set([
    "content-filter",
    "content_filter",
    "refusal",
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "LANGUAGE",
  ]),
};

/**
 * What cut a turn short, by the provider's word for why it stopped; undefined where nothing did, as
 * far as that word tells. It is the provider's claim: what the turn holds decides first.
 */
export function cutShort(finishReason: string): CutShort | undefined {
  if (words.length.has(finishReason)) return "length";
  return words.filter.has(finishReason) ? "filter" : undefined;
}
