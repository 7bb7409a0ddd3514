import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { Effort } from "../base/effect.ts";
import { unreachable } from "../base/errors.ts";
import type { ModelRequest } from "./model.ts";
import type { Vendor } from "./spec.ts";

type EffortOptions = Pick<
  LanguageModelV4CallOptions,
  "maxOutputTokens" | "reasoning" | "providerOptions"
>;

/** Which part of the output allowance a model that takes a budget may think with. */
const share: Readonly<Record<Effort, number>> = { low: 0.1, medium: 0.3, high: 0.6 };

/** Anthropic's documented minimum of `thinking.budget_tokens`. */
const anthropicMinimum = 1024;
/** Within the range that every Gemini 2.5 model takes (Gemini API, "Thinking budgets"). */
const geminiMinimum = 512;
const geminiMaximum = 24_576;

// Names as of Claude 3: before 3.7 there was no thinking; until 4.5 it took a budget; since then it
// takes a level.
const claudeWithoutThinking = /claude-(?:instant|v?2|3-(?:opus|sonnet|haiku|5))/;
const claudeWithBudget = /claude-(?:3-7|(?:opus|sonnet|haiku)-4(?:-[015](?!\d)|-20\d{6}|@|$))/;

/** Whether a Claude is told how hard to think by a level, not by a budget or not at all. */
export function claudeTakesLevels(model: string): boolean {
  return !claudeWithoutThinking.test(model) && !claudeWithBudget.test(model);
}

/**
 * How a request's effort is said to a provider. The output cap that goes to the wire is always the
 * request's `maxOutputTokens` with thinking included, because that is what the budget reserved.
 *
 * | provider | models | sent |
 * |---|---|---|
 * | openai | all | the specification's `reasoning` level, which the package drops where it knows that the model does not reason |
 * | anthropic | Claude before 3.7 | nothing |
 * | anthropic | Claude 3.7 to 4.5 | a thinking budget, cut out of the output cap (the package would add it on top) |
 * | anthropic | later | `reasoning` level |
 * | google | Gemini 2.5 | a thinking budget within the output cap |
 * | google | Gemini 3 and later | `reasoning` level |
 * | google | others | nothing |
 * | openai-compatible | all | `reasoning_effort`, only if the settings say that the server takes it: a server that does not know the field may refuse the whole request |
 */
export function effortOptions(
  provider: Vendor,
  model: string,
  request: Pick<ModelRequest, "effort" | "maxOutputTokens">,
  acceptsEffort: boolean,
): EffortOptions {
  const { effort, maxOutputTokens } = request;
  if (effort === undefined) return { maxOutputTokens };
  const level = { maxOutputTokens, reasoning: effort };
  switch (provider) {
    case "openai":
      return level;
    case "openai-compatible":
      return acceptsEffort ? level : { maxOutputTokens };
    case "anthropic": {
      if (claudeWithoutThinking.test(model)) return { maxOutputTokens };
      if (!claudeWithBudget.test(model)) return level;
      const budgetTokens = Math.floor(maxOutputTokens * share[effort]);
      if (budgetTokens < anthropicMinimum) return { maxOutputTokens };
      return {
        maxOutputTokens: maxOutputTokens - budgetTokens,
        providerOptions: { anthropic: { thinking: { type: "enabled", budgetTokens } } },
      };
    }
    case "google": {
      if (!/gemini-(?:2\.5|[3-9]|\d\d)/.test(model)) return { maxOutputTokens };
      if (!model.includes("gemini-2.5")) return level;
      const wanted = Math.floor(maxOutputTokens * share[effort]);
      const thinkingBudget = Math.min(geminiMaximum, Math.max(geminiMinimum, wanted));
      return {
        maxOutputTokens,
        providerOptions: { google: { thinkingConfig: { thinkingBudget } } },
      };
    }
    case "scripted":
    case "replay":
      return { maxOutputTokens };
    default:
      return unreachable(provider);
  }
}
