import type { Clock } from "../../base/clock.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import type { ConnectorSpec, ConnectorTimeouts, Spend } from "../../boundary/types.ts";
import type { Embedder, EmbedderInfo, Embeddings, EmbedRequest } from "../../models/embedder.ts";
import type { Prices } from "../../models/prices.ts";
import type { TokenCounter } from "../../models/tokens.ts";
import { limitedFetch } from "../http/body.ts";
import { urlFacts } from "../http/url-facts.ts";
import { mapModelError } from "../models/errors.ts";

export interface EmbeddingConnectorOptions {
  readonly prices: Prices;
  readonly tokens: TokenCounter;
  readonly clock: Clock;
  /** Milliseconds; each one left out keeps the default. */
  readonly timeouts?: Partial<ConnectorTimeouts>;
}

/** Numbers in a vector at most, where nobody said how many, and bytes that one takes as text. */
const mostDimensions = 8_192;
const bytesPerNumber = 32;
const bytesBeside = 64 * 1024;

/**
 * An embedder as a connector: one governed call is one request. Texts that are more than one request
 * takes go through `embedTexts`.
 */
export function embeddingConnectorSpec(
  embedder: Embedder,
  options: EmbeddingConnectorOptions,
): ConnectorSpec<EmbedRequest, Embeddings> {
  const { prices, tokens, clock } = options;
  const { info } = embedder;
  const nowMs = () => clock.now();
  const spend = (inputTokens: number, estimated: boolean): Spend => {
    const usage = { inputTokens, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };
    const costMicroUsd = prices.costMicroUsd(info, { ...usage, estimated });
    return { tokens: inputTokens, ...(costMicroUsd === undefined ? {} : { costMicroUsd }) };
  };
  const model = `${info.provider}:${info.model}`;
  const place = info.baseUrl === undefined ? {} : urlFacts(info.baseUrl);
  return {
    id: `embedding:${info.provider}`,
    facts: () => ({ operation: "embed", effect: "read", repeat: "safe", model, ...place }),
    run: async (context) => {
      const { input, fetch, signal, idempotencyKey } = context;
      const perText = (info.dimensions ?? mostDimensions) * bytesPerNumber;
      const most = bytesBeside + input.texts.length * perText;
      const embeddings = await embedder.embed(input, {
        fetch: limitedFetch(fetch, most, info.provider),
        signal,
        idempotencyKey,
      });
      checkVectors(embeddings, input, info);
      return embeddings;
    },
    mapError: (error) => mapModelError(error, info, nowMs),
    estimate: ({ texts }) => {
      const messages = texts.map((text) => ({ role: "user" as const, text }));
      const request = { system: "", messages, tools: [], maxOutputTokens: 0 };
      return spend(tokens.inputBound(request, info.provider), true);
    },
    measure: ({ inputTokens }, { texts }) =>
      inputTokens === undefined ? spend(countOf(texts, tokens), true) : spend(inputTokens, false),
    timeouts: { attemptMs: 60_000, totalMs: 240_000, ...options.timeouts },
  };
}

function countOf(texts: readonly string[], tokens: TokenCounter): number {
  return texts.reduce((sum, text) => sum + tokens.text(text), 0);
}

/** A vector of another length, or one too few, would be compared with what it cannot be compared with. */
function checkVectors({ vectors }: Embeddings, { texts }: EmbedRequest, info: EmbedderInfo): void {
  if (vectors.length !== texts.length) {
    throw broken(info, `${vectors.length} vectors for ${texts.length} texts`);
  }
  const wanted = info.dimensions ?? vectors[0]?.length ?? 0;
  for (const vector of vectors) {
    if (vector.length === 0 || vector.length !== wanted) {
      throw broken(info, `a vector of ${vector.length} numbers where ${wanted} were expected`);
    }
    if (!vector.every(Number.isFinite)) throw broken(info, "a vector with what is no number");
  }
}

function broken({ provider, model }: EmbedderInfo, what: string): BoundaryError {
  return new BoundaryError("invalid_response", `${provider}:${model} gave ${what}.`, {
    hint: "Check that the model makes embeddings, and whether it can make vectors of that length.",
  });
}
