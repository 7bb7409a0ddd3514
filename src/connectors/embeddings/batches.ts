import { Agent33Error } from "../../base/errors.ts";
import type { Connector } from "../../boundary/connector.ts";
import type { CallOptions } from "../../boundary/types.ts";
import type { EmbedderInfo, Embeddings, EmbedRequest } from "../../models/embedder.ts";
import type { TokenCounter } from "../../models/tokens.ts";

/**
 * Vectors of any number of texts, one for each, in their order: as many governed calls as the
 * provider's limits ask for, one after the other.
 * @throws Agent33Error `models.empty_text`, `models.text_too_long`, before anything is sent
 * @throws BoundaryError of the first call that fails
 */
export async function embedTexts(
  connector: Pick<Connector<EmbedRequest, Embeddings>, "call">,
  texts: readonly string[],
  { info, tokens, ...options }: EmbedTextsOptions,
): Promise<readonly (readonly number[])[]> {
  const vectors: (readonly number[])[] = [];
  for (const batch of batchesOf(texts, info, tokens)) {
    const answer = await connector.call({ texts: batch }, options);
    vectors.push(...answer.vectors);
  }
  return vectors;
}

export interface EmbedTextsOptions
  extends Pick<CallOptions, "principal" | "runId" | "signal" | "budgets" | "policy"> {
  readonly info: EmbedderInfo;
  readonly tokens: TokenCounter;
}

/** The texts in as few requests as the limits allow, each within all of them. @throws as above */
export function batchesOf(
  texts: readonly string[],
  { maxTexts, maxTextTokens = Infinity, maxRequestTokens = Infinity }: EmbedderInfo,
  tokens: Pick<TokenCounter, "text">,
): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let batch: string[] = [];
  let inBatch = 0;
  for (const [index, text] of texts.entries()) {
    const count = tokens.text(text);
    if (text.trim() === "") throw emptyText(index);
    if (count > maxTextTokens) throw tooLong(index, count, maxTextTokens);
    if (batch.length === 0 || batch.length >= maxTexts || inBatch + count > maxRequestTokens) {
      batch = [];
      inBatch = 0;
      batches.push(batch);
    }
    batch.push(text);
    inBatch += count;
  }
  return batches;
}

function emptyText(index: number): Agent33Error {
  return new Agent33Error("models.empty_text", `Text ${index + 1} is empty and has no vector.`, {
    hint: "Leave out texts that are empty.",
  });
}

function tooLong(index: number, count: number, most: number): Agent33Error {
  return new Agent33Error(
    "models.text_too_long",
    `Text ${index + 1} has about ${count} tokens; the model takes ${most} in one text.`,
    { hint: "Cut the text into pieces, each with a vector of its own." },
  );
}
