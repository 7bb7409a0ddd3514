import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";

const tokens = z.int().positive();

/** How much of a conversation a model is shown. */
export const contextSettingsSchema = z.strictObject({
  maxTokens: tokens
    .min(1_000)
    .exactOptional()
    .describe("tokens of the model's window that are used; without it, all that are known of"),
  reserve: tokens
    .exactOptional()
    .describe(
      "tokens of the window kept for the answer; without it, the longest answer, a quarter at most",
    ),
  offloadAbove: tokens
    .min(100)
    .exactOptional()
    .describe(
      "tokens above which only the ends of a tool's result are shown; without it, a fifth of the room, 25000 at most",
    ),
});
export type ContextSettings = z.infer<typeof contextSettingsSchema>;

/** The window that an agent's prompts have to fit into. All in tokens, by the model's count. */
export interface ContextWindow {
  readonly tokens: number;
  /** Who says how large it is. */
  readonly source: "settings" | "model" | "default";
  readonly reserveTokens: number;
  readonly offloadAbove: number | undefined;
}

/** What is taken for the window of a model that nobody knows: hosted ones have more. */
const guessedTokens = { hosted: 128_000, other: 32_768 } as const;
const mostOffloadAbove = 25_000;

/**
 * @param model.contextTokens the model's own window, where it is known
 * @param model.maxOutputTokens the longest answer of one turn
 * @param model.isHosted whether it is a large provider's; counts where its window is not known
 * @throws Agent33Error `context.no_room` where nothing is left beside the answer
 */
export function windowOf(
  settings: ContextSettings,
  model: {
    readonly contextTokens: number | undefined;
    readonly maxOutputTokens: number;
    readonly isHosted?: boolean;
  },
): ContextWindow {
  const { maxTokens, reserve, offloadAbove } = settings;
  const { contextTokens, maxOutputTokens, isHosted = false } = model;
  const known = contextTokens ?? guessedTokens[isHosted ? "hosted" : "other"];
  const size = maxTokens === undefined ? known : Math.min(maxTokens, contextTokens ?? maxTokens);
  const reserveTokens = reserve ?? Math.min(maxOutputTokens, Math.floor(size / 4));
  if (reserveTokens > size / 2) {
    throw new Agent33Error(
      "context.no_room",
      `${reserveTokens} tokens are kept for the answer, of a context window of ${size}.`,
      { hint: "Lower context.reserve to at most half of the window, or leave it out." },
    );
  }
  const source =
    contextTokens === size ? "model" : maxTokens === undefined ? "default" : "settings";
  return { tokens: size, source, reserveTokens, offloadAbove };
}

/** What prompts may have, and when they are made smaller. In tokens, by the model's count. */
export interface Room {
  /** The whole window. */
  readonly windowTokens: number;
  readonly most: number;
  /** Above this the prompt is made smaller; */
  readonly high: number;
  /** and down to this, so that it is not done again in the next turns. */
  readonly low: number;
  readonly offloadAbove: number;
  /** The longest summary. */
  readonly summaryTokens: number;
}

/** @param found the window that the model has turned out to have, where it is smaller */
export function roomOf(window: ContextWindow, found: number | undefined): Room {
  const size = Math.min(window.tokens, found ?? window.tokens);
  const most = size - Math.min(window.reserveTokens, Math.floor(size / 2));
  return {
    windowTokens: size,
    most,
    high: Math.floor(most * 0.9),
    low: Math.floor(most * 0.55),
    offloadAbove: window.offloadAbove ?? Math.min(mostOffloadAbove, Math.floor(most / 5)),
    summaryTokens: Math.min(4_000, Math.floor(most / 10)),
  };
}
