import type { Repeat } from "../base/effect.ts";
import type { BoundaryError } from "../boundary/errors.ts";
import type { CallRecord, Decision } from "../boundary/types.ts";
import type { Activity } from "../durable/contract.ts";
import type { EventDecision, NewEvent, StopReason } from "../events/event.ts";
import type { ModelEvent, ModelRequest, ModelTurn } from "../models/model.ts";
import { type LimitReached, reachedLimit, timeLeftMs } from "./limits.ts";
import type { AgentPorts, RunSession } from "./ports.ts";
import { activeMs, foldRun } from "./state.ts";

export type TurnInput = {
  readonly turn: number;
  /** The last event that belongs to the run's past at this point. */
  readonly horizon: number;
};

export type CallPlan = {
  /** Changes the world, or may: it runs by itself, in order. */
  readonly alone: boolean;
  readonly repeat: Repeat;
};

export type TurnResult = {
  readonly seq: number;
  /** What the workflow needs to know of each tool call. Empty when there are none. */
  readonly calls: readonly CallPlan[];
  /** Set when this was the closing turn. */
  readonly limit: LimitReached | null;
  /** Set when the turn failed and the run must stop, unless it is tried `again`. */
  readonly stop: StopReason | null;
  /**
   * The answer broke off after part of it had been shown. The boundary never repeats such a call;
   * a new turn may ask again, because nothing of the broken one enters the conversation.
   */
  readonly again: boolean;
};

/** One model call: what the model sees is rendered from the log, its answer is appended to it. */
export function modelTurn(ports: AgentPorts): Activity<TurnInput, TurnResult> {
  return {
    name: "model.turn",
    // Asking a model twice costs money but harms nothing.
    repeat: () => "safe",
    run: async ({ turn, horizon }, { runId, signal }) => {
      const session = ports.session(runId);
      const events = ports.log.read(runId);
      const state = foldRun(events, horizon);
      const limit = reachedLimit(session.limits, state, activeMs(events, ports.now()));
      ports.log.append(runId, [{ type: "turn.started", turn, toolsOffered: limit === undefined }]);
      const request: ModelRequest = {
        system: session.systemPrompt,
        messages:
          limit === undefined
            ? state.messages
            : [...state.messages, { role: "user", text: closingWords(limit) }],
        tools: limit === undefined ? session.toolbox.tools : [],
        maxOutputTokens: session.effort.maxOutputTokens,
        effort: session.effort.effort,
      };
      let shown = false;
      const outcome = await session.model.tryCall(request, {
        principal: session.principal,
        runId,
        logicalCallId: `turn-${turn}`,
        budgets: [budgetOf(runId)],
        signal,
        totalMs: limit === undefined ? timeLeftMs(session.limits, events, ports.now()) : closingMs,
        onChunk: (chunk) => {
          shown = true;
          forward(session, turn, chunk);
        },
      });
      return () => {
        const event = outcome.ok
          ? completed(turn, session, outcome.value, outcome.record)
          : failed(turn, outcome.error, outcome.record);
        const [stored] = ports.log.append(runId, [event]);
        const calls = outcome.ok && limit === undefined ? plan(session, outcome.value) : [];
        const timeIsUp = timeLeftMs(session.limits, events, ports.now()) <= 1;
        const stop = outcome.ok ? null : stopOf(outcome.error, session, limit, timeIsUp);
        const again = !outcome.ok && shown && outcome.error.retryable;
        return { seq: stored?.seq ?? horizon, calls, limit: limit ?? null, stop, again };
      };
    },
    outcomeUnknown:
      ({ horizon }) =>
      () => // Never called: the activity is safe to repeat.
      ({ seq: horizon, calls: [], limit: null, stop: null, again: false }),
  };
}

/** For the last words after a limit, the limit of time included. */
const closingMs = 60_000;

/** The budget that every call of a run is charged to. */
export function budgetOf(runId: string): string {
  return `run:${runId}`;
}

/** What the log keeps of a policy decision. */
export function eventDecision(decision: Decision): EventDecision {
  return {
    effect: decision.effect,
    ruleId: decision.ruleId,
    ...(decision.reason === undefined ? {} : { reason: decision.reason }),
  };
}

function closingWords(limit: LimitReached): string {
  return `The run has reached its limit of ${limit.allowed} (${limit.limit}). No more tools can be called. Say what is done, what is not, and how to go on.`;
}

function forward(session: RunSession, turn: number, chunk: ModelEvent): void {
  if (chunk.type === "text.delta" || chunk.type === "reasoning.delta") {
    session.live({ type: chunk.type, turn, text: chunk.text });
  }
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
  };
}

function failed(turn: number, error: BoundaryError, record: CallRecord): NewEvent {
  return {
    type: "turn.failed",
    turn,
    error: error.toJSON(),
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
      if (!found.ok) return { alone: true, repeat: "safe" };
      const { effect, repeat } = found.value;
      return { alone: effect !== "read" || repeat !== "safe", repeat };
    });
}

const budgetLimits: Readonly<Record<string, LimitReached["limit"]>> = {
  tokens: "tokens",
  costMicroUsd: "cost",
  milliseconds: "time",
  calls: "steps",
};

function stopOf(
  error: BoundaryError,
  session: RunSession,
  limit: LimitReached | undefined,
  timeIsUp: boolean,
): StopReason {
  const data = error.toJSON();
  if (error.kind === "cancelled") return { reason: "cancelled" };
  if (timeIsUp) return { reason: "limit", limit: "time", allowed: session.limits.maxSeconds };
  if (error.kind === "budget_exceeded") {
    if (limit !== undefined) return limit;
    const name = budgetLimits[error.budgetLimit ?? ""] ?? "tokens";
    const allowed = {
      steps: session.limits.maxSteps,
      tokens: session.limits.maxTokens,
      cost: session.limits.maxCostMicroUsd,
      time: session.limits.maxSeconds,
    };
    return { reason: "limit", limit: name, allowed: allowed[name] };
  }
  if (error.kind === "policy_denied" || error.kind.startsWith("approval_"))
    return { reason: "denied", error: data };
  return { reason: "error", error: data };
}
