import type { ModelInfo, ModelIo } from "./model.ts";

/** What an embedder says about itself and its limits. */
export interface EmbedderInfo extends ModelInfo {
  /** Numbers in one vector, where they were asked for; the model's own otherwise. */
  readonly dimensions?: number;
  /** Most texts in one request. */
  readonly maxTexts: number;
  /** Most tokens in one text, where known. */
  readonly maxTextTokens?: number;
  /** Most tokens in one request, where known. */
  readonly maxRequestTokens?: number;
}

/** Texts for one request; none of them empty. */
export interface EmbedRequest {
  readonly texts: readonly string[];
}

export interface Embeddings {
  /** One for each text, in their order. */
  readonly vectors: readonly (readonly number[])[];
  /** What the provider counted; undefined where it does not say. */
  readonly inputTokens: number | undefined;
}

/**
 * A model that turns texts into vectors. Failures are thrown as the provider library's errors, which
 * `connectors/models` maps once. An implementation never retries by itself.
 */
export interface Embedder {
  readonly info: EmbedderInfo;
  embed(request: EmbedRequest, io: ModelIo): Promise<Embeddings>;
}
