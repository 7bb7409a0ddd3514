import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { Agent33Error } from "../base/errors.ts";
import type { Embedder, EmbedderInfo } from "./embedder.ts";
import type { ModelIo } from "./model.ts";
import { type ApiKey, baseUrlOf, keySource } from "./providers.ts";
import { type ParsedModelSpec, parseModelSpec, type ProviderName } from "./spec.ts";

export interface CreateEmbedderOptions {
  /** `provider:model`, or the same taken apart. */
  readonly spec: string | ParsedModelSpec;
  /** Needed by openai and google; sent to an openai-compatible server if given. */
  readonly apiKey?: ApiKey;
  /** Where requests go. An address inside the specification wins. */
  readonly baseUrl?: string;
  /** Numbers in one vector, for models that can be told. Default: the model's own. */
  readonly dimensions?: number;
}

/** Makes the library's model around one call's own fetch, as with language models. */
type EmbeddingModelFactory = (fetch: ModelIo["fetch"]) => EmbeddingModelV4;

interface EmbeddingProvider {
  readonly limits: Pick<EmbedderInfo, "maxTexts" | "maxTextTokens" | "maxRequestTokens">;
  load(model: string, baseURL: string, apiKey: () => string): Promise<EmbeddingModelFactory>;
}

/** Fewer than OpenAI takes (2,048): the answer to so many would be a hundred megabytes. */
const mostTexts = 128;

const providers: Partial<Record<ProviderName, EmbeddingProvider>> = {
  openai: {
    limits: { maxTexts: mostTexts, maxTextTokens: 8_192, maxRequestTokens: 300_000 },
    load: async (model, baseURL, apiKey) => {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return (fetch) => createOpenAI({ baseURL, apiKey: apiKey(), fetch }).embeddingModel(model);
    },
  },
  google: {
    limits: { maxTexts: 100, maxTextTokens: 2_048 },
    load: async (model, baseURL, apiKey) => {
      const { createGoogle } = await import("@ai-sdk/google");
      return (fetch) => createGoogle({ baseURL, apiKey: apiKey(), fetch }).embeddingModel(model);
    },
  },
  "openai-compatible": {
    limits: { maxTexts: mostTexts },
    load: async (model, baseURL, apiKey) => {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      return (fetch) => {
        const key = apiKey();
        return createOpenAICompatible({
          name: "compatible",
          baseURL,
          fetch,
          ...(key === "" ? {} : { apiKey: key }),
        }).embeddingModel(model);
      };
    },
  },
};

/**
 * The embedder that a specification names. Only the one provider's package is loaded. Nothing is
 * sent.
 * @throws Agent33Error `models.no_embeddings`, and of `createModel` those about the key, the base
 * URL and the specification
 */
export async function createEmbedder(options: CreateEmbedderOptions): Promise<Embedder> {
  const spec = typeof options.spec === "string" ? parseModelSpec(options.spec) : options.spec;
  const { provider: name, model } = spec;
  const provider = providers[name];
  if (provider === undefined) {
    throw new Agent33Error("models.no_embeddings", `The provider ${name} has no embeddings.`, {
      hint: `Name one of ${Object.keys(providers).join(", ")}.`,
    });
  }
  const baseUrl = baseUrlOf(spec, options.baseUrl);
  const create = await provider.load(model, baseUrl, keySource(spec, options.apiKey));
  const { dimensions } = options;
  const asked = dimensions === undefined ? {} : { dimensions };
  return {
    info: { provider: name, model, baseUrl, ...provider.limits, ...asked },
    embed: async ({ texts }, { fetch, signal }) => {
      const { embeddings, usage } = await create(fetch).doEmbed({
        values: [...texts],
        abortSignal: signal,
        ...asked,
      });
      return { vectors: embeddings, inputTokens: usage?.tokens };
    },
  };
}
