import type { LanguageModelV4Usage } from "@ai-sdk/provider";
import type { AssistantPart, Usage } from "../base/message.ts";
import type { ModelRequest } from "./model.ts";
import { loadTokenCounter } from "./tokens.ts";

/**
 * The provider's count, or undefined where it gave none for the input or the output. The parts of
 * a count never exceed the whole, whatever a server says, because prices are computed from it.
 */
export function toUsage(usage: LanguageModelV4Usage): Usage | undefined {
  const input = count(usage.inputTokens.total);
  const output = count(usage.outputTokens.total);
  if (input === undefined || output === undefined) return undefined;
  const cached = Math.min(count(usage.inputTokens.cacheRead) ?? 0, input);
  const written = Math.min(count(usage.inputTokens.cacheWrite) ?? 0, input - cached);
  const reasoning = count(usage.outputTokens.reasoning) ?? 0;
  return {
    inputTokens: input,
    cachedInputTokens: cached,
    ...(written === 0 ? {} : { cacheWriteTokens: written }),
    // Some servers count reasoning beside the output instead of within it. Then their sum is the
    // whole: it must not come out too low.
    outputTokens: reasoning > output ? output + reasoning : output,
    reasoningTokens: reasoning,
    estimated: false,
  };
}

/** Our own count of a turn, for models that give none. */
export async function estimateUsage(
  request: ModelRequest,
  parts: readonly AssistantPart[],
): Promise<Usage> {
  const tokens = await loadTokenCounter();
  return {
    inputTokens: tokens.request(request),
    cachedInputTokens: 0,
    outputTokens: tokens.parts(parts),
    reasoningTokens: tokens.parts(parts.filter((part) => part.type === "reasoning")),
    estimated: true,
  };
}

function count(tokens: number | undefined): number | undefined {
  return tokens === undefined || !Number.isFinite(tokens) || tokens < 0
    ? undefined
    : Math.round(tokens);
}
