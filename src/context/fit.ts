import type { Message } from "../base/message.ts";
import { asTheirs, type Calibration, type Size, sizeOf, weigh } from "./calibration.ts";
import type { Conversation, Exchange } from "./conversation.ts";
import type { Decisions } from "./decisions.ts";
import { type PromptOptions, renderExchange, renderMessages, shownExchanges } from "./prompt.ts";
import { keptOf, recordMessage } from "./record.ts";
import type { Room } from "./window.ts";

/** What a prompt is made of, and what it has to fit into. */
export interface FitRequest {
  readonly conversation: Conversation;
  readonly decisions: Decisions;
  readonly calibration: Calibration;
  readonly room: Room;
  readonly options: PromptOptions;
  /** Our count of all that is not the conversation: instructions, tools, what stands at the end. */
  readonly fixed: Size;
  /** Whether it is made smaller whatever it counts: the provider has refused the last one. */
  readonly refused: boolean;
}

type Place = { readonly turn: number; readonly index: number };

/** What is to be shown less of. */
export interface Shortening {
  readonly offloaded: readonly Place[];
  readonly clearedThrough: number;
  /** Turns up to this one are to be summarised; undefined where that is not needed. */
  readonly summariseThrough?: number;
  readonly why: "full" | "large_result";
  readonly beforeTokens: number;
  readonly afterTokens: number;
  readonly keptTurns: number;
}

/** How a prompt comes to fit. Tokens by the model's count. */
export type Fitted =
  | { readonly kind: "fits"; readonly tokens: number }
  | { readonly kind: "shorten"; readonly shortening: Shortening }
  /** What is never made smaller does not fit. */
  | { readonly kind: "too_large"; readonly tokens: number };

/** Newest turns whose results are cleared only where nothing else helps. */
const protectedTurns = 2;
/** Their share of the room after a compaction, where more turns than these are small. */
const protectedShare = 0.4;
/** How much smaller a result may be than a large one to be shown in part when the room is short. */
const offloadFactor = 4;

/**
 * Finds what has to be shown less of, cheapest loss first: the middle of large results, then the
 * results of older turns, then older turns as a whole, which a summary has to stand for. Where the
 * newest turn alone is too large, its results go too. A pure function; nothing is decided before its
 * answer is in the log.
 */
export function fit(request: FitRequest): Fitted {
  const { room, decisions } = request;
  const shown = shownExchanges(request.conversation, decisions);
  const size = sizer(request, shown);
  const beforeTokens = size(decisions, 0);
  const { high, low, most } = limitsOf(request, beforeTokens);
  /** So it is shown less of; a view that brings nothing new is what there is already. */
  const step = (view: View, why: Shortening["why"], cut = 0): Fitted => {
    const offloaded = placesOf(view, decisions);
    const isNews =
      cut > 0 || offloaded.length > 0 || view.clearedThrough > decisions.clearedThrough;
    if (!isNews) return { kind: "fits", tokens: beforeTokens };
    return {
      kind: "shorten",
      shortening: {
        offloaded,
        clearedThrough: view.clearedThrough,
        ...(cut === 0 ? {} : { summariseThrough: shown[cut - 1]?.turn ?? 0 }),
        why,
        beforeTokens,
        afterTokens: size(view, cut),
        keptTurns: shown.length - cut,
      },
    };
  };

  const arrived = offload(request, decisions, shown, room.offloadAbove);
  const isNew = placesOf(arrived, decisions).length > 0;
  if ((isNew ? size(arrived, 0) : beforeTokens) <= high) return step(arrived, "large_result");
  const older = shown.slice(0, -1);
  const small = Math.max(100, Math.floor(room.offloadAbove / offloadFactor));
  const ends = offload(request, arrived, older, small);
  if (size(ends, 0) <= low) return step(ends, "full");
  const cleared = { ...ends, clearedThrough: clearThrough(request, ends, shown) };
  if (size(cleared, 0) <= low) return step(cleared, "full");

  if (shown.length > 1) {
    // Kept as far as they can be: what is cleared has lost little beside what is summarised.
    const cut = cutAt(shown.length, (place) => size(cleared, place) <= low);
    if (cut !== undefined) return step(cleared, "full", cut);
  }
  const newestEnds = offload(request, cleared, shown.slice(-1), small);
  const newestTurn = shown.at(-1)?.turn ?? cleared.clearedThrough;
  const newestCleared = { ...newestEnds, clearedThrough: newestTurn };
  const last = Math.max(0, shown.length - 1);
  for (const limit of [high, most]) {
    for (const view of [cleared, newestEnds, newestCleared]) {
      if (size(view, last) <= limit) return step(view, "full", last);
    }
    // A summary would not fit; without one, what there is may.
    if (last > 0 && size(newestCleared, 0) <= limit) return step(newestCleared, "full");
  }
  return { kind: "too_large", tokens: size(newestCleared, last) };
}

/** What of the decisions a prompt is rendered with. */
type View = Pick<Decisions, "offloaded" | "clearedThrough">;

/** The prompt's tokens under a view, with the first of the shown turns summarised. */
function sizer(request: FitRequest, shown: readonly Exchange[]) {
  const { options, conversation, fixed, room, decisions, calibration } = request;
  const { tokens, holds } = options;
  const around = asTheirs(calibration, fixed);
  const weightOf = (messages: readonly Message[]): number =>
    weigh(calibration, sizeOf(messages, tokens));
  const opening = conversation.opening.map(({ message }) => message);
  /** The record of what is not shown, were it so much more. */
  const record = (cut: number): Message => {
    const throughTurn = shown[cut - 1]?.turn ?? 0;
    const past = conversation.exchanges.filter(({ turn }) => turn <= throughTurn);
    return recordMessage(
      { throughTurn, text: "", by: "log", files: { changed: [], read: [] } },
      keptOf(past, holds),
    );
  };
  return (view: View, cut: number): number => {
    if (cut === 0) {
      const messages = renderMessages(conversation, { ...decisions, ...view }, options);
      return Math.max(0, Math.round(around + weightOf(messages)));
    }
    const rest = shown.slice(cut).flatMap((one) => renderExchange(one, view, options));
    // A summary and the files beside it take their room at most.
    const added = room.summaryTokens * Math.max(1, calibration.perToken);
    const counted = around + weightOf([...opening, record(cut), ...rest]) + added;
    return Math.max(0, Math.round(counted));
  };
}

/** The limits of a prompt that has so many tokens now. */
function limitsOf(
  { room, refused }: FitRequest,
  before: number,
): { readonly most: number; readonly high: number; readonly low: number } {
  const { most, high, low } = room;
  if (!refused) return { most, high, low };
  // Whatever was thought: it was too much.
  const less = before - 1;
  const half = Math.floor(before / 2);
  return { most: Math.min(most, less), high: Math.min(high, less), low: Math.min(low, half) };
}

/** Shows only the ends of results that are larger than so many tokens. */
function offload(
  { options }: FitRequest,
  view: View,
  exchanges: readonly Exchange[],
  above: number,
): View {
  const { tokens, holds } = options;
  const offloaded = new Map(view.offloaded);
  for (const { turn, results } of exchanges) {
    if (turn <= view.clearedThrough) continue;
    const places = new Set(offloaded.get(turn));
    for (const [index, result] of results) {
      if (holds.has(result.toolName) || places.has(index)) continue;
      // No character is more than so many tokens.
      if (result.content.length * 4 <= above) continue;
      if (tokens.messages([{ role: "tool", results: [result] }]) <= above) continue;
      places.add(index);
    }
    if (places.size > 0) offloaded.set(turn, places);
  }
  return { offloaded, clearedThrough: view.clearedThrough };
}

/** The last turn whose results can be cleared: the newest are protected. */
function clearThrough(
  { options, room, calibration }: FitRequest,
  view: View,
  shown: readonly Exchange[],
): number {
  const most = room.low * protectedShare;
  let kept = 0;
  let place = shown.length;
  while (place > 0) {
    const exchange = shown[place - 1];
    if (exchange === undefined) break;
    const messages = renderExchange(exchange, view, options);
    kept += weigh(calibration, sizeOf(messages, options.tokens));
    if (shown.length - place >= protectedTurns && kept > most) break;
    place -= 1;
  }
  return Math.max(view.clearedThrough, shown[place - 1]?.turn ?? 0);
}

/** The fewest first turns without which the rest fits; at least the last turn is left. */
function cutAt(turns: number, fits: (cut: number) => boolean): number | undefined {
  let least = 1;
  let most = turns - 1;
  if (!fits(most)) return undefined;
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (fits(middle)) most = middle;
    else least = middle + 1;
  }
  return least;
}

/** What a view shows less of than what was decided. */
function placesOf(view: View, { offloaded: before }: Decisions): readonly Place[] {
  return [...view.offloaded].flatMap(([turn, places]) =>
    [...places]
      .filter((index) => before.get(turn)?.has(index) !== true)
      .map((index) => ({ turn, index })),
  );
}
