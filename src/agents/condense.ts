import type { BoundaryError } from "../boundary/errors.ts";
import type { CallOutcome } from "../boundary/types.ts";
import type { FitRequest } from "../context/fit.ts";
import { renderMessages, shownExchanges } from "../context/prompt.ts";
import {
  type SummaryRequest,
  summaryFromLog,
  summaryOf,
  summaryQuestion,
} from "../context/summary.ts";
import { asTheirs, sizeOf, weigh } from "../context/calibration.ts";
import type { Decisions } from "../context/decisions.ts";
import { touchedFilesOf } from "../context/touched-files.ts";
import type { Activity } from "../durable/contract.ts";
import type { NewEvent, TurnSummary } from "../events/event.ts";
import type { ModelRequest, ModelTurn } from "../models/model.ts";
import { callOptions, leaveIfUnfinished } from "./call-options.ts";
import type { AgentPorts } from "./ports.ts";
import { condenseCallName } from "./scope.ts";
import { type ScopedRun, scopedRun } from "./scoped-run.ts";
import { turnText } from "./state.ts";
import { eventDecision } from "./turn.ts";
import { askOf, compacted, type SummaryWriter, type TurnPlace } from "./turn-request.ts";

export type CondenseInput = TurnPlace & {
  readonly by: SummaryWriter;
  /** Above 1 when the question comes back from a question to a person. */
  readonly ask: number;
};

export type CondenseResult = {
  /** The approval that the question waits for; null when it has its answer. */
  readonly parkedOn: string | null;
};

/**
 * Makes room for a turn: its model writes a summary of older turns, in a governed call that the run
 * pays for. Where it cannot, the log itself says what there was: a run never stops for this.
 */
export function condense(ports: AgentPorts): Activity<CondenseInput, CondenseResult> {
  return {
    name: "context.condense",
    run: async (input, context) => {
      const { runId, signal } = context;
      const run = scopedRun(ports, runId, input);
      const { fitting, fitted } = askOf(run, input);
      const through = fitted.kind === "shorten" ? fitted.shortening.summariseThrough : undefined;
      // A question to a person came between, and it fits by now.
      if (fitted.kind !== "shorten" || through === undefined) return () => ({ parkedOn: null });
      const asked = summaryRequest(run, fitting, through);
      const decide = (text: string, more: Pick<TurnSummary, "by" | "why">): NewEvent => {
        const files = touchedFilesOf(run.readAll(), input.horizon, input.agentPath);
        const summary = summaryOf(text, { throughTurn: through, ...more }, files, asked);
        const event = compacted(input, fitting, fitted.shortening);
        return { ...event, afterTokens: sizeWith(fitting, event, summary), summary };
      };
      const fromLog = (why: string): NewEvent => decide(summaryFromLog(asked), { by: "log", why });
      if (input.by === "log") {
        return () => {
          run.append([fromLog("a limit leaves nothing to ask with")]);
          return { parkedOn: null };
        };
      }
      const outcome = await run.session.model.tryCall(questionOf(run, asked), {
        ...callOptions(run, condenseCallName(input), signal),
        totalMs: Math.max(1, run.timeLeftMs()),
      });
      leaveIfUnfinished(context, outcome);
      return () => {
        if (!outcome.ok && outcome.error.kind === "approval_required") {
          return park(run, outcome.error, outcome.record.callId);
        }
        const text = outcome.ok ? turnText(outcome.value).trim() : "";
        const decided =
          text === ""
            ? fromLog(outcome.ok ? "the model wrote nothing" : outcome.error.code)
            : decide(text, { by: "model" });
        run.append([told(input.turn, ports, outcome), decided]);
        return { parkedOn: null };
      };
    },
  };
}

/** How much of the room a question for a summary may have: counts are estimates. */
const questionShare = 0.9;

function summaryRequest(
  { session }: ScopedRun,
  { conversation, decisions, calibration, room }: FitRequest,
  throughTurn: number,
): SummaryRequest {
  return {
    conversation,
    exchanges: shownExchanges(conversation, decisions).filter(({ turn }) => turn <= throughTurn),
    previous: decisions.summary,
    mostTokens: Math.floor((room.most / Math.max(1, calibration.perToken)) * questionShare),
    summaryTokens: room.summaryTokens,
    tokens: session.tokens,
  };
}

function questionOf(run: ScopedRun, asked: SummaryRequest): ModelRequest {
  const { session, scope } = run;
  const before = run.read().filter(({ type }) => type === "condense.completed");
  return {
    ...summaryQuestion(asked),
    maxOutputTokens: Math.min(session.effort.maxOutputTokens, longestSummary(asked)),
    effort: "low",
    asker: {
      name: session.agent.name,
      ...(scope.agentPath === undefined ? {} : { path: scope.agentPath }),
    },
    condensation: before.length,
  };
}

/** Models that reason do so before they write; what they write is cut to its room. */
function longestSummary({ summaryTokens }: SummaryRequest): number {
  return summaryTokens * 2;
}

/** What the prompt counts once a summary stands for its first turns. */
function sizeWith(
  { conversation, decisions, calibration, options, fixed }: FitRequest,
  {
    offloaded,
    clearedThrough,
  }: Pick<Extract<NewEvent, { type: "context.compacted" }>, "offloaded" | "clearedThrough">,
  summary: TurnSummary,
): number {
  const places = new Map<number, Set<number>>();
  for (const [turn, before] of decisions.offloaded) places.set(turn, new Set(before));
  for (const { turn, index } of offloaded) {
    places.set(turn, (places.get(turn) ?? new Set()).add(index));
  }
  const decided: Decisions = { ...decisions, offloaded: places, clearedThrough, summary };
  const messages = renderMessages(conversation, decided, options);
  const weight = weigh(calibration, sizeOf(messages, options.tokens));
  return Math.max(0, Math.round(asTheirs(calibration, fixed) + weight));
}

/** The question's own end. */
function told(turn: number, ports: AgentPorts, outcome: CallOutcome<ModelTurn>): NewEvent {
  const { record } = outcome;
  const costMicroUsd = record.spend?.costMicroUsd ?? null;
  const { durationMs } = record;
  if (!outcome.ok) {
    const error = ports.conceal(outcome.error.toJSON());
    const tokens = record.spend?.tokens ?? 0;
    const { callId } = record;
    return { type: "condense.failed", turn, error, tokens, costMicroUsd, durationMs, callId };
  }
  return {
    type: "condense.completed",
    turn,
    text: turnText(outcome.value),
    usage: outcome.value.usage,
    costMicroUsd,
    decision: eventDecision(record.decision),
    durationMs,
    callId: record.callId,
  };
}

function park(
  run: ScopedRun,
  { approvalId = "", message }: BoundaryError,
  callId: string,
): CondenseResult {
  run.append([{ type: "run.parked", approvalId, toolName: "summary", message, callId }]);
  return { parkedOn: approvalId };
}
