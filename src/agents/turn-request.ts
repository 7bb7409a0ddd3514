import type { Message } from "../base/message.ts";
import { asTheirs, calibrationOf, requestSize, type Size, sizeOf } from "../context/calibration.ts";
import { conversationOf } from "../context/conversation.ts";
import { decisionsOf } from "../context/decisions.ts";
import { fit, type Fitted, type FitRequest, type Shortening } from "../context/fit.ts";
import { type PromptOptions, renderMessages } from "../context/prompt.ts";
import { stateMessage } from "../context/record.ts";
import { type Room, roomOf } from "../context/window.ts";
import type { EventOf, NewEvent } from "../events/event.ts";
import type { ModelRequest } from "../models/model.ts";
import { loadSkillToolName } from "../skills/skill-tool.ts";
import { withinLimits } from "./delegate.ts";
import { effortAsked } from "./effort.ts";
import { type LimitReached, limitMet, tooManyCalls } from "./limits.ts";
import type { Scope } from "./scope.ts";
import type { ScopedRun } from "./scoped-run.ts";
import { shownTools } from "./shown-tools.ts";
import { findStuck, loopText, noticeBefore, type StuckStop } from "./stuck/notice.ts";

/** What leaves the model one more turn, for its last words. */
export type TurnsOver = LimitReached | StuckStop;

/** Who writes the summary of a run's earlier turns: the log where nothing may be asked any more. */
export type SummaryWriter = "model" | "log";

/** Which turn of which agent, and how far its past goes. */
export type TurnPlace = Scope & {
  readonly turn: number;
  /** The last event that belongs to the run's past at this point. */
  readonly horizon: number;
};

/** What a turn is about to ask, and whether that fits into the model's window. */
export interface TurnAsk {
  readonly limit: TurnsOver | undefined;
  /** What is to be written before the turn, where it has not been. */
  readonly notice: Extract<NewEvent, { type: "stuck.noticed" }> | undefined;
  readonly fitting: FitRequest;
  readonly fitted: Fitted;
  /** The request as it stands now, whether it fits or not. */
  readonly request: ModelRequest;
  /** Our count of it. */
  readonly prompt: Size;
}

/** For the last words after a limit. */
const closingTokens = 4_096;

/** Results that hold until the end of a run, however long it is. */
const holds: ReadonlySet<string> = new Set([loadSkillToolName]);

/**
 * What the model is asked in a turn: a function of the log up to the turn's horizon and of what has
 * been decided since, so that whoever takes the run up asks the same.
 */
export function askOf(run: ScopedRun, place: TurnPlace): TurnAsk {
  const { session } = run;
  const { turn, horizon } = place;
  const events = run.read();
  const tools = withinLimits(shownTools(session.toolbox, events, horizon), session.limits);
  // Who has no tools cannot act in circles; how often its words are sent back has a bound.
  const stuck =
    tools.length === 0 ? undefined : findStuck(events, horizon, session.limits.maxStuckTurns);
  const limit: TurnsOver | undefined =
    limitMet(session.limits, events, horizon) ??
    run.reachedLimit() ??
    tooManyCalls(session.limits, events, horizon) ??
    (stuck?.type === "stop" ? stuck.stop : undefined);
  // Where a crash or a question to a person came between, it has been written already.
  const known = noticeBefore(events, turn);
  const notice = limit === undefined && stuck?.type === "stuck.noticed" ? stuck : undefined;
  const words = limit === undefined ? unseenWords(notice, known, horizon) : closingWords(limit);
  const log = run.readAll();
  const conversation = conversationOf(log, horizon, place.agentPath);
  const decisions = decisionsOf(log, Number.MAX_SAFE_INTEGER, place.agentPath);
  const calibration = calibrationOf(log, horizon, undefined);
  const room = roomOf(session.window, calibration.contextTokens);
  const state = stateMessage(conversation);
  const tail: readonly Message[] = [
    ...(state === undefined ? [] : [state]),
    ...(words === undefined ? [] : [{ role: "user", text: words } as const]),
  ];
  const options: PromptOptions = {
    tokens: session.tokens,
    offloadAbove: room.offloadAbove,
    holds,
  };
  const around: ModelRequest = {
    system: session.systemPrompt,
    messages: tail,
    tools: limit === undefined ? tools : [],
    maxOutputTokens:
      limit === undefined
        ? session.effort.maxOutputTokens
        : Math.min(closingTokens, session.effort.maxOutputTokens),
    ...effortAsked(session.effort),
    asker: {
      name: session.agent.name,
      answered: conversation.exchanges.length,
      ...(place.agentPath === undefined ? {} : { path: place.agentPath }),
    },
    // Several providers take either tools or a form; beside tools the prompt asks alone.
    ...(session.answer !== undefined && limit === undefined && tools.length === 0
      ? { answer: { name: "answer", schema: session.answer.schema } }
      : {}),
  };
  const fixed = requestSize(around, session.tokens);
  const fitting: FitRequest = {
    conversation,
    decisions,
    calibration,
    room,
    options,
    fixed,
    refused: decisions.decidedAt <= (conversation.overflowed ?? -1),
  };
  const rendered = renderMessages(conversation, decisions, options);
  const messages = [...rendered, ...tail];
  const shown = sizeOf(rendered, session.tokens);
  const prompt = { tokens: fixed.tokens + shown.tokens, pieces: fixed.pieces + shown.pieces };
  const asked = asTheirs(calibration, prompt);
  return {
    limit,
    notice: known === undefined ? notice : undefined,
    fitting,
    fitted: fit(fitting),
    request: {
      ...around,
      messages,
      maxOutputTokens: Math.min(around.maxOutputTokens, longestAnswer(room, asked)),
    },
    prompt,
  };
}

/** A count may be so far off that a provider which adds the answer's room up still takes it. */
const answerSlack = 0.97;

/** What the window has left for an answer: providers refuse a request that asks for more. */
function longestAnswer({ windowTokens, most }: Room, asked: number): number {
  return Math.max(windowTokens - most, Math.floor(windowTokens * answerSlack) - asked);
}

/** A decision about what is shown less of, as the log keeps it. */
export function compacted(
  place: TurnPlace,
  fitting: FitRequest,
  { offloaded, clearedThrough, why, beforeTokens, afterTokens, keptTurns }: Shortening,
): Extract<NewEvent, { type: "context.compacted" }> {
  return {
    type: "context.compacted",
    turn: place.turn,
    reason: fitting.refused ? "overflow" : why,
    beforeTokens,
    afterTokens,
    roomTokens: fitting.room.most,
    offloaded: [...offloaded],
    clearedThrough,
    keptTurns,
  };
}

/** What the model is told of a loop, where it has not been told in an earlier turn. */
function unseenWords(
  notice: { readonly text: string } | undefined,
  known: EventOf<"stuck.noticed"> | undefined,
  horizon: number,
): string | undefined {
  const unseen = notice !== undefined && (known === undefined || known.seq > horizon);
  return unseen ? notice.text : undefined;
}

function closingWords(over: TurnsOver): string {
  const why =
    over.reason === "limit"
      ? `The run has reached its limit of ${over.allowed} (${over.limit}).`
      : `The run goes in circles and is stopped. ${loopText(over.kind, over.turns)}`;
  return `${why} No more tools can be called. Say what is done, what is not, and how to go on.`;
}
