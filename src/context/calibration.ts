import type { Message } from "../base/message.ts";
import type { StoredEvent } from "../events/event.ts";
import type { ModelRequest } from "../models/model.ts";
import type { TokenCounter } from "../models/tokens.ts";
import { carriedFold, type Folding } from "./carried.ts";

/** How large something is by our own count. */
export interface Size {
  readonly tokens: number;
  /** Messages, calls and results: each has something around it that no text shows. */
  readonly pieces: number;
}

/**
 * How a model counts, beside how we do: so much for each token of ours and for each piece, from its
 * last report on. What a provider puts around a request is in that report, so only what has come or
 * gone since is estimated.
 */
export interface Calibration {
  /** The last request that the model has reported on, by our count and by its own. */
  readonly ours: Size;
  readonly theirs: number;
  /** Which model that was, where others can stand in for it: each counts in its own way. */
  readonly model: string | undefined;
  /** Its tokens for one of ours, and for one piece. */
  readonly perToken: number;
  readonly perPiece: number;
  /** The window that it has turned out to have, where that is less than was thought. */
  readonly contextTokens: number | undefined;
}

const uncalibrated: Calibration = {
  ours: { tokens: 0, pieces: 0 },
  theirs: 0,
  perToken: 1,
  perPiece: 0,
  model: undefined,
  contextTokens: undefined,
};

/** What the reports of a run's turns, those of all of its agents, tell of its model's count. */
export const calibrationOf = carriedFold<Calibration>(calibrationFold);

/** What adds so much by our count adds by the model's. */
export function weigh(
  { perToken, perPiece }: Pick<Calibration, "perToken" | "perPiece">,
  { tokens, pieces }: Size,
): number {
  return tokens * perToken + pieces * perPiece;
}

/** Our count of a request as the model's, or of a part of one; a small part may come out below 0. */
export function asTheirs(calibration: Calibration, { tokens, pieces }: Size): number {
  const { ours, theirs } = calibration;
  const more = { tokens: tokens - ours.tokens, pieces: pieces - ours.pieces };
  return Math.round(theirs + weigh(calibration, more));
}

/** The size of messages. */
export function sizeOf(messages: readonly Message[], counter: TokenCounter): Size {
  return { tokens: counter.messages(messages), pieces: piecesOf(messages) };
}

/** The size of a request. */
export function requestSize(request: ModelRequest, counter: TokenCounter): Size {
  return { tokens: counter.request(request), pieces: piecesOf(request.messages) };
}

function piecesOf(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => {
    if (message.role === "user") return sum + 1;
    if (message.role === "tool") return sum + message.results.length;
    return sum + 1 + message.parts.filter(({ type }) => type === "tool_call").length;
  }, 0);
}

function calibrationFold(): Folding<Calibration> {
  const state: { -readonly [K in keyof Calibration]: Calibration[K] } = { ...uncalibrated };
  let line = weightsFold();
  const report = (ours: Size, theirs: number): void => {
    if (state.theirs > 0) line.add(ours, state.ours, theirs - state.theirs);
    state.ours = ours;
    state.theirs = theirs;
    Object.assign(state, line.weights(ratioOf(ours.tokens, theirs)));
  };
  const add = (event: StoredEvent): void => {
    if (event.type === "turn.completed") {
      const { prompt, usage, model } = event;
      if (state.model !== undefined && model !== state.model) {
        // Another model has another window, and its count is nothing to compare with.
        Object.assign(state, uncalibrated);
        line = weightsFold();
      }
      state.model = model;
      if (prompt !== undefined && !usage.estimated) report(prompt, usage.inputTokens);
    } else if (event.type === "turn.failed" && event.overflow !== undefined) {
      const { prompt, overflow } = event;
      const { inputTokens, contextTokens } = overflow;
      if (contextTokens !== undefined) {
        state.contextTokens = Math.min(state.contextTokens ?? contextTokens, contextTokens);
      }
      if (prompt !== undefined && inputTokens !== undefined) report(prompt, inputTokens);
    }
  };
  return { state, add };
}

/** Below this, what a provider puts around a request counts for more than how it cuts words. */
const tellingTokens = 2_000;

/** The ratio of two counts of one request, as far as tokenizers really differ. */
function ratioOf(ours: number, theirs: number): number {
  const most = ours < tellingTokens ? 1.5 : 3;
  return ours === 0 ? 1 : Math.min(most, Math.max(0.6, theirs / ours));
}

/** How much an earlier change still counts beside a later one. */
const memory = 0.95;
/** Changes of this size count as much as what is assumed beforehand. */
const assumed = { tokens: 60, pieces: 1 } as const;
const mostPerPiece = 100;

/** The weights that explain best how the model's count changed with ours (ridge regression). */
function weightsFold() {
  let tokensTokens = 0;
  let tokensPieces = 0;
  let piecesPieces = 0;
  let tokensTheirs = 0;
  let piecesTheirs = 0;
  return {
    add: (now: Size, before: Size, theirs: number): void => {
      const tokens = now.tokens - before.tokens;
      const pieces = now.pieces - before.pieces;
      tokensTokens = tokensTokens * memory + tokens * tokens;
      tokensPieces = tokensPieces * memory + tokens * pieces;
      piecesPieces = piecesPieces * memory + pieces * pieces;
      tokensTheirs = tokensTheirs * memory + tokens * theirs;
      piecesTheirs = piecesTheirs * memory + pieces * theirs;
    },
    /** @param ratio the weight of a token as long as nothing has changed */
    weights: (ratio: number): Pick<Calibration, "perToken" | "perPiece"> => {
      const byTokens = tokensTokens + assumed.tokens ** 2;
      const byPieces = piecesPieces + assumed.pieces ** 2;
      const right = tokensTheirs + ratio * assumed.tokens ** 2;
      const determinant = byTokens * byPieces - tokensPieces ** 2;
      const perToken = (right * byPieces - piecesTheirs * tokensPieces) / determinant;
      const perPiece = (byTokens * piecesTheirs - tokensPieces * right) / determinant;
      return {
        perToken: Math.min(3, Math.max(0.6, perToken)),
        perPiece: Math.min(mostPerPiece, Math.max(-mostPerPiece, perPiece)),
      };
    },
  };
}
