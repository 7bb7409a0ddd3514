import type { ToolResultPart } from "../base/message.ts";
import { insideOf } from "../base/outside.ts";
import type { TokenCounter } from "../models/tokens.ts";

/** How a result is shown: as it is, its beginning and end, or only that there is one. */
export type Showing = "whole" | "ends" | "cleared";

/** The name by which a model asks for a part of a result. */
export const readResultName = "read_result";

/** The name of a result: the place of its call, as the paths of agents are written. */
export function resultReference({
  turn,
  index,
}: {
  readonly turn: number;
  readonly index: number;
}): string {
  return `${turn}.${index}`;
}

/** A result that is shorter than what would stand for it is shown as it is. Characters. */
const shortest = 300;
/** How much of a large result is shown: a quarter of what would make it one. */
const shownShare = 4;
const headShare = 0.7;

const shownAs = new WeakMap<ToolResultPart, Map<string, ToolResultPart>>();

/**
 * A result as the model is shown it, the same object each time.
 * @param reference what {@link resultReference} says
 * @param offloadAbove tokens above which a result is large
 */
export function showResult(
  result: ToolResultPart,
  showing: Showing,
  { reference, offloadAbove, tokens }: ShownResultOptions,
): ToolResultPart {
  if (showing === "whole" || result.content.length <= shortest) return result;
  const known = shownAs.get(result) ?? new Map<string, ToolResultPart>();
  shownAs.set(result, known);
  const key = showing === "cleared" ? showing : `${showing} ${offloadAbove}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const content =
    showing === "cleared"
      ? clearedText(result.content, reference)
      : ends(result.content, tokens.text(result.content), offloadAbove, reference);
  const shown = content === result.content ? result : { ...result, content };
  known.set(key, shown);
  return shown;
}

export interface ShownResultOptions {
  readonly reference: string;
  readonly offloadAbove: number;
  readonly tokens: Pick<TokenCounter, "text">;
}

function clearedText(content: string, reference: string): string {
  return `[This result of ${content.length} characters is not shown any more. ${readAgain(reference)}]`;
}

function ends(content: string, size: number, offloadAbove: number, reference: string): string {
  const share = offloadAbove / shownShare / Math.max(1, size);
  if (share >= 1) return content;
  const shown = Math.floor(content.length * share);
  const head = content.slice(0, Math.floor(shown * headShare));
  const tail = content.slice(content.length - (shown - head.length));
  const left = content.length - head.length - tail.length;
  // Parts are counted within what came from outside, without the lines around it.
  const before = Math.max(0, content.indexOf(insideOf(content)));
  const from = Math.max(0, head.length - before);
  return `${head}\n[… ${left} characters are not shown, from character ${from} on. ${readAgain(reference)} …]\n${tail}`;
}

function readAgain(reference: string): string {
  return `${readResultName} with result "${reference}" reads it.`;
}
