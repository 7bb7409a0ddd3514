import { Agent33Error } from "../base/errors.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { CallOptions } from "../boundary/types.ts";
import type { Settings } from "../config/schema.ts";
import type { ProviderKey } from "../config/secrets.ts";
import { embedTexts } from "../connectors/embeddings/batches.ts";
import { embeddingConnectorSpec } from "../connectors/embeddings/connector.ts";
import { type CreateEmbedderOptions, createEmbedder } from "../models/embedders.ts";
import { loadPrices } from "../models/prices.ts";
import { parseModelSpec } from "../models/spec.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import type { Host } from "./host.ts";

/** The settings' model of vectors, governed. */
export interface Embedding {
  /** The connector's id, and what policy sees of each call. */
  readonly spec: ReturnType<typeof embeddingConnectorSpec>;
  /** `provider:model`. */
  readonly name: string;
  /** One vector for each text, in their order. @throws BoundaryError, Agent33Error `models.*` */
  embed(
    texts: readonly string[],
    options: Pick<CallOptions, "principal" | "runId" | "signal" | "budgets" | "policy">,
  ): Promise<readonly (readonly number[])[]>;
}

export interface EmbeddingParts {
  readonly settings: Pick<Settings, "embeddings" | "prices">;
  readonly host: Pick<Host, "clock">;
  readonly boundary: Boundary;
  /** As they are now. */
  readonly keys: () => readonly ProviderKey[];
}

/**
 * The model that the settings name for vectors.
 * @throws Agent33Error `engine.no_embeddings`, and `models.*` for what cannot work
 */
export async function openEmbedding(parts: EmbeddingParts): Promise<Embedding> {
  const { settings, host, boundary, keys } = parts;
  const { model: name, baseUrl, dimensions } = settings.embeddings;
  if (name === undefined) {
    throw new Agent33Error("engine.no_embeddings", "No model for vectors is named.", {
      hint: "Set embeddings.model, for example to openai:text-embedding-3-small.",
    });
  }
  const { provider } = parseModelSpec(name);
  const apiKey = () => keys().find((key) => key.provider === provider)?.value;
  const embedder = await createEmbedder({
    spec: name,
    apiKey,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(dimensions === undefined ? {} : { dimensions }),
  } satisfies CreateEmbedderOptions);
  const { clock } = host;
  const tokens = await loadTokenCounter();
  const prices = await loadPrices({ clock, overrides: settings.prices });
  const spec = embeddingConnectorSpec(embedder, { prices, tokens, clock });
  const connector = boundary.connector(spec);
  const { info } = embedder;
  return {
    name,
    spec,
    embed: (texts, options) => embedTexts(connector, texts, { ...options, info, tokens }),
  };
}
