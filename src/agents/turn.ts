import type { ErrorData } from "../base/errors.ts";
import { BoundaryError } from "../boundary/errors.ts";
import type { CallOutcome, CallRecord, Decision } from "../boundary/types.ts";
import { asTheirs, type Size } from "../context/calibration.ts";
import { tooLarge } from "../context/too-large.ts";
import type { Activity } from "../durable/contract.ts";
import type { EventDecision, NewEvent, StopReason } from "../events/event.ts";
import {
  type ContextOverflow,
  contextOverflow,
  overflowOf,
  silentOverflow,
} from "../models/context-overflow.ts";
import { cutShort } from "../models/finish-reason.ts";
import type { ModelEvent, ModelTurn } from "../models/model.ts";
import type { OfferedTool } from "../tools/tool.ts";
import { callOptions, leaveIfUnfinished } from "./call-options.ts";
import { delegateName } from "./delegate.ts";
import { limitRefused } from "./limits.ts";
import type { AgentPorts, RunSession } from "./ports.ts";
import { type Scope, turnCallName } from "./scope.ts";
import { type ScopedRun, scopedRun } from "./scoped-run.ts";
import { type Spoken, spokenIn } from "./steering.ts";
import {
  askOf,
  compacted,
  type SummaryWriter,
  type TurnAsk,
  type TurnPlace,
  type TurnsOver,
} from "./turn-request.ts";

export type TurnInput = TurnPlace & {
  /** Above 1 when the turn comes back from a question to a person, or from making room. */
  readonly ask: number;
};

export type CallPlan = {
  /** Changes the world, or may: it runs by itself, in order. */
  readonly alone: boolean;
  /** Hands work to another agent: it runs beside others that do, and nothing else. */
  readonly delegates?: true;
};

export type TurnResult = Spoken & {
  readonly seq: number;
  /** What the workflow needs to know of each tool call. Empty when there are none. */
  readonly calls: readonly CallPlan[];
  /** Set when this was the closing turn. */
  readonly limit: TurnsOver | null;
  /** Set when the turn failed and the run must stop, unless it is tried `again`. */
  readonly stop: StopReason | null;
  /**
   * The answer broke off after part of it had been shown, or was cut at its length limit. The
   * boundary never repeats such a call; a new turn may ask again. Or a limit was met in the turn,
   * and the next is the closing one.
   */
  readonly again: boolean;
  /** The approval that the turn waits for; null when it has its answer. */
  readonly parkedOn: string | null;
  /** Set where it was not asked yet: earlier turns have to be summarised first, and who may do it. */
  readonly room?: SummaryWriter;
  /** Set for an agent that works for another and whose definition says how its work is checked. */
  readonly judged?: true;
};

/**
 * One model call, which may be made again after a crash: asking twice costs money but harms
 * nothing. What the model sees is rendered from the log; its answer is appended to it.
 */
export function modelTurn(ports: AgentPorts): Activity<TurnInput, TurnResult> {
  return {
    name: "model.turn",
    run: async (input, context) => {
      const { runId, signal } = context;
      const { turn, horizon } = input;
      const run = scopedRun(ports, runId, input);
      const { session } = run;
      const ask = fitTurn(run, input);
      if (typeof ask === "function") return ask;
      const { limit, notice, request, prompt } = ask;
      if (notice !== undefined) run.append([notice]);
      run.begin({ type: "turn.started", turn, toolsOffered: limit === undefined });
      let shown = false;
      const outcome = await session.model.tryCall(request, {
        ...callOptions(run, turnCallName(input), signal),
        ...(limit === undefined
          ? { totalMs: Math.max(1, run.timeLeftMs()) }
          : { totalMs: closingMs, budgets: run.closingBudgets }),
        onChunk: (chunk) => {
          shown = true;
          forward(run, turn, chunk);
        },
      });
      leaveIfUnfinished(context, outcome);
      return (mailbox) => {
        if (!outcome.ok && outcome.error.kind === "approval_required") {
          return park(run, horizon, outcome.error, outcome.record);
        }
        const end = endOf(ask, session, outcome);
        const stored = run.append(
          "answer" in end
            ? answered({ turn, prompt }, session, end.answer, outcome.record, limit)
            : [failed({ turn, prompt }, end, outcome.record)],
        );
        const seq = stored.at(-1)?.seq ?? horizon;
        const result = {
          ...nothingMore,
          ...spokenIn(mailbox, input),
          seq,
          limit: limit ?? null,
        };
        if (!("answer" in end)) {
          const timeIsUp = run.timeLeftMs() <= 0;
          const error = ports.conceal(end.error.toJSON());
          const stop = stopOf(end.error, error, session, limit, timeIsUp);
          // What did not fit is made smaller, and asked once more.
          const mayPass =
            end.overflow === undefined
              ? shown && end.error.retryable
              : ask.fitting.conversation.overflowed === undefined;
          // One closing turn is all; a turn that met a limit is followed by it.
          const again = limit === undefined && (stop.reason === "limit" || mayPass);
          return { ...result, stop, again };
        }
        const calls = limit === undefined ? plan(session, end.answer) : [];
        const stop = calls.length === 0 && limit === undefined ? unusable(end.answer) : null;
        return {
          ...result,
          calls,
          stop,
          again: stop !== null && isCutOff(end.answer),
          ...(isJudged(session, input) ? { judged: true } : {}),
        };
      };
    },
  };
}

/** Times that one turn's prompt is made smaller before it is taken as it is. */
const fitTries = 3;

/**
 * A turn's request, made smaller as far as the log alone can do it; or how the turn ends without
 * being asked.
 */
function fitTurn(run: ScopedRun, place: TurnInput): TurnAsk | (() => TurnResult) {
  const { turn, horizon: seq } = place;
  let ask = askOf(run, place);
  for (let tried = 1; ; tried += 1) {
    const { fitted, fitting, limit, prompt } = ask;
    const { decisions, calibration, room } = fitting;
    if (fitted.kind === "fits") return ask;
    // What is only guessed at stops nothing: the provider knows.
    const isGuess =
      run.session.window.source === "default" && calibration.contextTokens === undefined;
    const fits = isGuess || asTheirs(calibration, prompt) <= room.most;
    if (isGuess && fitted.kind === "too_large") return ask;
    // What has been made smaller for this very turn is not made smaller again and again.
    const isLast = tried === fitTries || decisions.summarisedAt === turn;
    if (isLast && fits) return ask;
    if (isLast || fitted.kind === "too_large") {
      const size = fitted.kind === "too_large" ? fitted.tokens : asTheirs(calibration, prompt);
      const error = tooLarge(fitting, ask.request, size).toJSON();
      const stop = limit ?? ({ reason: "error", error } as const);
      const used = { tokens: 0, costMicroUsd: 0, attempts: 0, durationMs: 0 };
      return () => {
        const [stored] = run.append([{ type: "turn.failed", turn, error, ...used }]);
        return { ...nothingMore, seq: stored?.seq ?? seq, limit: limit ?? null, stop };
      };
    }
    const { shortening } = fitted;
    if (shortening.summariseThrough !== undefined) {
      return () => ({ ...nothingMore, seq, room: limit === undefined ? "model" : "log" });
    }
    run.append([compacted(place, fitting, shortening)]);
    ask = askOf(run, place);
  }
}

function isJudged({ answer, checks, judge }: RunSession, { agentPath }: Scope): boolean {
  if (agentPath === undefined) return false;
  return answer !== undefined || checks.length > 0 || judge !== undefined;
}

/** For the last words after a limit, the limit of time included. */
const closingMs = 60_000;

const nothingMore = { calls: [], limit: null, stop: null, again: false, parkedOn: null } as const;

/** Writes down that the run waits for a person. */
function park(
  run: ScopedRun,
  horizon: number,
  error: BoundaryError,
  { callId }: CallRecord,
): TurnResult {
  const approvalId = error.approvalId ?? "";
  const [stored] = run.append([
    { type: "run.parked", approvalId, toolName: "model", message: error.message, callId },
  ]);
  return { ...nothingMore, seq: stored?.seq ?? horizon, parkedOn: approvalId };
}

/** A provider's finish reason decides nothing by itself; here it explains an answer without calls. */
function isCutOff({ finishReason }: ModelTurn): boolean {
  return cutShort(finishReason) === "length";
}

function unusable(answer: ModelTurn): StopReason | null {
  if (isCutOff(answer)) {
    return stopWith("agents.cut_off", "The model's answer was cut off at its length limit.", {
      hint: "Choose a higher effort, which allows longer answers.",
    });
  }
  if (cutShort(answer.finishReason) === "filter") {
    return stopWith("agents.filtered", "The provider's filter ended the model's answer.", {});
  }
  return null;
}

function stopWith(code: string, message: string, more: { readonly hint?: string }): StopReason {
  return { reason: "error", error: { code, message, retryable: false, ...more } };
}

/** What the log keeps of a policy decision. */
export function eventDecision(decision: Decision): EventDecision {
  return {
    effect: decision.effect,
    ruleId: decision.ruleId,
    ...(decision.reason === undefined ? {} : { reason: decision.reason }),
  };
}

function forward(run: ScopedRun, turn: number, chunk: ModelEvent): void {
  if (chunk.type === "text.delta" || chunk.type === "reasoning.delta") {
    run.live({ type: chunk.type, turn, text: chunk.text });
  }
}

/** The answer, and where it was cut off what the model is told about that. */
function answered(
  sent: Sent,
  session: RunSession,
  answer: ModelTurn,
  record: CallRecord,
  limit: TurnsOver | undefined,
): readonly NewEvent[] {
  const event = completed(sent, session, answer, record);
  const cut = isCutOff(answer) && plan(session, answer).length === 0 && limit === undefined;
  if (!cut) return [event];
  const text =
    "Your answer was cut off at its length limit. Go on in smaller steps, or finish in fewer words.";
  return [event, { type: "message.user", text, from: "engine" }];
}

function completed(
  sent: Sent,
  session: RunSession,
  answer: ModelTurn,
  record: CallRecord,
): NewEvent {
  return {
    type: "turn.completed",
    ...sent,
    parts: answer.parts,
    usage: answer.usage,
    costMicroUsd: record.spend?.costMicroUsd ?? null,
    effort: session.effort.effort,
    decision: eventDecision(record.decision),
    attempts: record.attempts.length,
    durationMs: record.durationMs,
    finishReason: answer.finishReason,
    callId: record.callId,
    ...(answer.model === undefined ? {} : { model: answer.model }),
  };
}

function failed(sent: Sent, { error, overflow }: TurnFailure, record: CallRecord): NewEvent {
  return {
    type: "turn.failed",
    ...sent,
    error: error.toJSON(),
    tokens: record.spend?.tokens ?? 0,
    costMicroUsd: record.spend?.costMicroUsd ?? null,
    attempts: record.attempts.length,
    durationMs: record.durationMs,
    callId: record.callId,
    decision: eventDecision(record.decision),
    ...(overflow === undefined ? {} : { overflow: { ...overflow } }),
  };
}

/** What both ends of a turn tell of its request. */
interface Sent {
  readonly turn: number;
  /** Our count of it. */
  readonly prompt: Size;
}

interface TurnFailure {
  readonly error: BoundaryError;
  /** Set where the request did not fit into the model's window. */
  readonly overflow: ContextOverflow | undefined;
}

/**
 * How a turn really ended. An answer to a request that the server clipped was given without the
 * beginning of the conversation, the goal with it: it is none, unless it is all that can be had.
 */
function endOf(
  { limit, fitting, prompt }: TurnAsk,
  { window }: RunSession,
  outcome: CallOutcome<ModelTurn>,
): { readonly answer: ModelTurn } | TurnFailure {
  if (!outcome.ok) return { error: outcome.error, overflow: overflowOf(outcome.error) };
  const answer = outcome.value;
  const { calibration, conversation } = fitting;
  if (limit !== undefined || conversation.overflowed !== undefined) return { answer };
  const isKnown = calibration.theirs > 0 && calibration.model === answer.model;
  const overflow = silentOverflow(answer, {
    inputTokens: isKnown ? asTheirs(calibration, prompt) : 0,
    contextTokens: window.source === "model" ? window.tokens : undefined,
  });
  if (overflow === undefined) return { answer };
  const cause = contextOverflow("the model", overflow);
  const error = new BoundaryError(
    "upstream_4xx",
    `The server clipped what it was sent. ${cause.message}`,
    {
      cause,
    },
  );
  return { error, overflow };
}

/** Reads that may be repeated run side by side; whatever changes the world runs alone, in order. */
function plan(session: RunSession, answer: ModelTurn): readonly CallPlan[] {
  return answer.parts
    .filter((part) => part.type === "tool_call")
    .map((part) => {
      const found = session.toolbox.find(part.toolName);
      // A tool that does not exist only earns an error message.
      if (!found.ok) return { alone: true };
      if (found.value.name === delegateName) return { alone: false, delegates: true };
      return { alone: isAlone(found.value) };
    });
}

/** Whether a tool changes the world, or may. */
export function isAlone({ effect, repeat }: Pick<OfferedTool, "effect" | "repeat">): boolean {
  return effect !== "read" || repeat !== "safe";
}

/** Why a run stops whose model call ended with an error. */
export function stopOf(
  error: BoundaryError,
  data: ErrorData,
  session: RunSession,
  limit: TurnsOver | undefined,
  timeIsUp: boolean,
): StopReason {
  if (error.kind === "cancelled") return { reason: "cancelled" };
  // The run stops for its limit, whatever became of the last words.
  if (limit !== undefined) return limit;
  if (timeIsUp) return { reason: "limit", limit: "time", allowed: session.limits.maxSeconds };
  const refused = limitRefused(session.limits, data);
  if (refused !== undefined) return refused;
  if (error.kind === "policy_denied" || error.kind.startsWith("approval_"))
    return { reason: "denied", error: data };
  return { reason: "error", error: data };
}
