import type { ErrorData } from "../base/errors.ts";
import type { BoundaryError } from "../boundary/errors.ts";
import type { CallRecord, Decision } from "../boundary/types.ts";
import type { Activity } from "../durable/contract.ts";
import type { EventDecision, NewEvent, StopReason } from "../events/event.ts";
import { cutShort } from "../models/finish-reason.ts";
import type { ModelEvent, ModelRequest, ModelTurn } from "../models/model.ts";
import type { OfferedTool } from "../tools/tool.ts";
import { callOptions, leaveIfUnfinished } from "./call-options.ts";
import { type LimitReached, limitMet, limitRefused, tooManyCalls } from "./limits.ts";
import { delegateName } from "./delegate.ts";
import { effortAsked } from "./effort.ts";
import type { AgentPorts, RunSession } from "./ports.ts";
import { type Scope, turnCallName } from "./scope.ts";
import { type ScopedRun, scopedRun } from "./scoped-run.ts";
import { shownTools } from "./shown-tools.ts";
import { foldRun } from "./state.ts";
import { type Spoken, spokenIn } from "./steering.ts";
import { findStuck, loopText, noticeBefore, type StuckStop } from "./stuck/notice.ts";

export type TurnInput = Scope & {
  readonly turn: number;
  /** The last event that belongs to the run's past at this point. */
  readonly horizon: number;
  /** Above 1 when the turn comes back from a question to a person. */
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
  /** Set for an agent that works for another and whose definition says how its work is checked. */
  readonly judged?: true;
};

/** What leaves the model one more turn, for its last words. */
type TurnsOver = LimitReached | StuckStop;

/**
 * One model call, which may be made again after a crash: asking twice costs money but harms
 * nothing. What the model sees is rendered from the log; its answer is appended to it.
 */
export function modelTurn(ports: AgentPorts): Activity<TurnInput, TurnResult> {
  return {
    name: "model.turn",
    run: async (input, context) => {
      const { runId, signal } = context;
      const { turn, horizon, agentPath } = input;
      const run = scopedRun(ports, runId, input);
      const { session } = run;
      const events = run.read();
      const tools = shownTools(session.toolbox, events, horizon);
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
      if (notice !== undefined && known === undefined) run.append([notice]);
      run.begin({ type: "turn.started", turn, toolsOffered: limit === undefined });
      const unseen = notice !== undefined && (known === undefined || known.seq > horizon);
      const words = limit === undefined ? (unseen ? notice.text : undefined) : closingWords(limit);
      const { messages } = foldRun(run.readAll(), horizon, input);
      const request: ModelRequest = {
        system: session.systemPrompt,
        messages: words === undefined ? messages : [...messages, { role: "user", text: words }],
        tools: limit === undefined ? tools : [],
        maxOutputTokens:
          limit === undefined
            ? session.effort.maxOutputTokens
            : Math.min(closingTokens, session.effort.maxOutputTokens),
        ...effortAsked(session.effort),
        asker: {
          name: session.agent.name,
          ...(agentPath === undefined ? {} : { path: agentPath }),
        },
        // Several providers take either tools or a form; beside tools the prompt asks alone.
        ...(session.answer !== undefined && limit === undefined && tools.length === 0
          ? { answer: { name: "answer", schema: session.answer.schema } }
          : {}),
      };
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
          return park(run, horizon, outcome.error);
        }
        const stored = run.append(
          outcome.ok
            ? answered(turn, session, outcome.value, outcome.record, limit)
            : [failed(turn, outcome.error, outcome.record)],
        );
        const seq = stored.at(-1)?.seq ?? horizon;
        const spoken = spokenIn(mailbox, input);
        if (!outcome.ok) {
          const timeIsUp = run.timeLeftMs() <= 0;
          const error = ports.conceal(outcome.error.toJSON());
          const stop = stopOf(outcome.error, error, session, limit, timeIsUp);
          // One closing turn is all; a turn that met a limit is followed by it.
          const again =
            limit === undefined && (stop.reason === "limit" || (shown && outcome.error.retryable));
          return { ...nothingMore, ...spoken, seq, limit: limit ?? null, stop, again };
        }
        const calls = limit === undefined ? plan(session, outcome.value) : [];
        const stop = calls.length === 0 && limit === undefined ? unusable(outcome.value) : null;
        return {
          ...nothingMore,
          ...spoken,
          seq,
          calls,
          limit: limit ?? null,
          stop,
          again: stop !== null && isCutOff(outcome.value),
          ...(isJudged(session, input) ? { judged: true } : {}),
        };
      };
    },
  };
}

function isJudged({ answer, checks, judge }: RunSession, { agentPath }: Scope): boolean {
  if (agentPath === undefined) return false;
  return answer !== undefined || checks.length > 0 || judge !== undefined;
}

/** For the last words after a limit, the limit of time included. */
const closingMs = 60_000;
const closingTokens = 4_096;

const nothingMore = { calls: [], limit: null, stop: null, again: false, parkedOn: null } as const;

/** Writes down that the run waits for a person. */
function park(run: ScopedRun, horizon: number, error: BoundaryError): TurnResult {
  const approvalId = error.approvalId ?? "";
  const [stored] = run.append([
    { type: "run.parked", approvalId, toolName: "model", message: error.message },
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

function closingWords(over: TurnsOver): string {
  const why =
    over.reason === "limit"
      ? `The run has reached its limit of ${over.allowed} (${over.limit}).`
      : `The run goes in circles and is stopped. ${loopText(over.kind, over.turns)}`;
  return `${why} No more tools can be called. Say what is done, what is not, and how to go on.`;
}

function forward(run: ScopedRun, turn: number, chunk: ModelEvent): void {
  if (chunk.type === "text.delta" || chunk.type === "reasoning.delta") {
    run.live({ type: chunk.type, turn, text: chunk.text });
  }
}

/** The answer, and where it was cut off what the model is told about that. */
function answered(
  turn: number,
  session: RunSession,
  answer: ModelTurn,
  record: CallRecord,
  limit: TurnsOver | undefined,
): readonly NewEvent[] {
  const event = completed(turn, session, answer, record);
  const cut = isCutOff(answer) && plan(session, answer).length === 0 && limit === undefined;
  if (!cut) return [event];
  const text =
    "Your answer was cut off at its length limit. Go on in smaller steps, or finish in fewer words.";
  return [event, { type: "message.user", text, from: "engine" }];
}

function completed(
  turn: number,
  session: RunSession,
  answer: ModelTurn,
  record: CallRecord,
): NewEvent {
  return {
    type: "turn.completed",
    turn,
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

function failed(turn: number, error: BoundaryError, record: CallRecord): NewEvent {
  return {
    type: "turn.failed",
    turn,
    error: error.toJSON(),
    tokens: record.spend?.tokens ?? 0,
    costMicroUsd: record.spend?.costMicroUsd ?? null,
    attempts: record.attempts.length,
    durationMs: record.durationMs,
  };
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
