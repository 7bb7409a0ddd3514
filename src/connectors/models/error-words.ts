import { z } from "zod";
import type { ContextOverflow } from "../../models/context-overflow.ts";

/** What a provider says in the body of an error. */
export interface ErrorWords {
  /** Its message, and its word for the kind of error where it has one. */
  readonly text: string;
  /** What llama.cpp adds where a conversation is too long. */
  readonly sizes: ContextOverflow;
}

const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const errorSchema = z.object({
  message: z.string(),
  type: optional(z.string()),
  code: optional(z.string()),
  status: optional(z.string()),
  n_prompt_tokens: optional(z.int().nonnegative()),
  n_ctx: optional(z.int().positive()),
});

/**
 * The shapes of an error's body, the first that fits: that of OpenAI, Anthropic, Google and
 * llama.cpp; Ollama's own; vLLM's before it took OpenAI's; that of servers made with FastAPI.
 */
const bodySchema = z.union([
  z.object({ error: errorSchema }).transform(({ error }) => error),
  z.object({ error: z.string() }).transform(({ error }) => ({ message: error })),
  errorSchema,
  z.object({ detail: z.string() }).transform(({ detail }) => ({ message: detail })),
]);

/** What the body of an error says; undefined where it has none of the known shapes. */
export function errorWords(body: string | undefined): ErrorWords | undefined {
  const value = jsonOf(body);
  // Google puts the error of a stream into a list.
  const parsed = bodySchema.safeParse(Array.isArray(value) ? value[0] : value);
  if (!parsed.success || parsed.data.message.trim() === "") return undefined;
  const error: z.output<typeof errorSchema> = parsed.data;
  const kind = error.code ?? error.type ?? error.status;
  const text =
    kind === undefined || error.message.includes(kind)
      ? error.message
      : `${error.message} (${kind})`;
  return {
    text,
    sizes: {
      ...(error.n_prompt_tokens === undefined ? {} : { inputTokens: error.n_prompt_tokens }),
      ...(error.n_ctx === undefined ? {} : { contextTokens: error.n_ctx }),
    },
  };
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    // A proxy's page has no error in it: that nothing can be read of it is the answer.
    return undefined;
  }
}
