import type { JsonObject } from "./json.ts";

/** Provider data that must travel back unchanged (reasoning signatures, cache marks). */
export type ProviderMetadata = Readonly<Record<string, JsonObject>>;

export interface TextPart {
  readonly type: "text";
  readonly text: string;
  readonly providerMetadata?: ProviderMetadata;
}

export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
  readonly providerMetadata?: ProviderMetadata;
}

export interface ToolCallPart {
  readonly type: "tool_call";
  /** The provider's id; it pairs the call with its result and means nothing else. */
  readonly toolCallId: string;
  readonly toolName: string;
  /** The arguments as the model wrote them: JSON text, possibly malformed. */
  readonly argumentsText: string;
  readonly providerMetadata?: ProviderMetadata;
}

export type AssistantPart = TextPart | ReasoningPart | ToolCallPart;

export interface ToolResultPart {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly content: string;
  readonly isError: boolean;
}

export type Message =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly parts: readonly AssistantPart[] }
  | { readonly role: "tool"; readonly results: readonly ToolResultPart[] };

/** Tokens as the provider counted them. `cachedInput` and `cacheWrite` are parts of `input`, `reasoning` of `output`. */
export interface Usage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  /** Input that the provider put into its cache, where it says so and charges for it. */
  readonly cacheWriteTokens?: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** True where the provider gave no count and ours stands in. */
  readonly estimated: boolean;
}
