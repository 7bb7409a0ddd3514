import { z } from "zod";
import type { JsonValue } from "../base/json.ts";

// zod's own JSON type has mutable arrays; what comes out of here is never changed.
const json = z.json() as unknown as z.ZodType<JsonValue>;
/** An object of any JSON. */
export const jsonObject = z.record(z.string(), json).readonly();

/** An error as logs keep it. */
export const errorData = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().exactOptional(),
  retryable: z.boolean(),
  details: jsonObject.exactOptional(),
  cause: z.string().exactOptional(),
});

const providerMetadata = z.record(z.string(), jsonObject);
/** One part of what a model answered. */
export const assistantPart = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("text"),
    text: z.string(),
    providerMetadata: providerMetadata.exactOptional(),
  }),
  z.object({
    type: z.literal("reasoning"),
    text: z.string(),
    providerMetadata: providerMetadata.exactOptional(),
  }),
  z.object({
    type: z.literal("tool_call"),
    toolCallId: z.string(),
    toolName: z.string(),
    argumentsText: z.string(),
    providerMetadata: providerMetadata.exactOptional(),
  }),
]);

/** The tokens of one answer. */
export const usage = z.object({
  inputTokens: z.int().nonnegative(),
  cachedInputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  reasoningTokens: z.int().nonnegative(),
  estimated: z.boolean(),
});

/** Why a replay answers with the log's result instead of making a call. */
export const fromLogReasons = [
  /** It is the answer of an agent whose own calls are replayed. */
  "agent",
  /** It would change something outside the scratch copy. */
  "outside",
  /** It was refused before it was made. */
  "refused",
  /** Nobody approved it then. */
  "not_approved",
  /** Its tool asked a person, whose answer the log does not keep. */
  "answered",
  /** Whether it was done then is not known. */
  "unknown",
  /** Its arguments hold a secret, which the log does not keep. */
  "secret",
  /** The policy asks about it now, and only a live replay asks. */
  "unasked",
  /** Asked about it now, a person said no. */
  "declined",
] as const;
