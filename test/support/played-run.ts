import {
  type StuckStop,
  findStuck,
  noticeBefore,
  refusalOf,
} from "../../src/agents/stuck/notice.ts";
import type { Agent33Error } from "../../src/base/errors.ts";
import { usualStuckTurns } from "../../src/agents/stuck/thresholds.ts";
import type { EventOf, NewEvent, StoredEvent } from "../../src/events/event.ts";

/** One call and what it comes to when it is let through. */
export interface PlayedCall {
  readonly tool: string;
  /** As a model wrote them. */
  readonly argumentsText: string;
  readonly content: string;
  readonly isError: boolean;
}

/** One turn of a run that is told in advance. */
export interface PlayedTurn {
  /** What a person says before it. */
  readonly said?: string;
  /** What the engine says before it. */
  readonly told?: string;
  /** Whether the conversation has to be made smaller before it. */
  readonly compacted?: true;
  readonly calls: readonly PlayedCall[];
}

export interface Played {
  readonly events: readonly StoredEvent[];
  readonly notices: readonly (EventOf<"stuck.noticed"> & { readonly before: number })[];
  /** The turns that it had, and why it ended before all were played. */
  readonly turns: number;
  readonly stop: StuckStop | undefined;
}

/**
 * Writes the log of a run as the loop does, with its look for circles before each turn: it heeds no
 * warning, its refused calls are refused, and it ends where it is stopped.
 */
export function playRun(
  turns: readonly PlayedTurn[],
  reads: readonly string[],
  maxStuckTurns: number = usualStuckTurns,
): Played {
  const events: StoredEvent[] = [];
  const notices: (EventOf<"stuck.noticed"> & { readonly before: number })[] = [];
  const append = (event: NewEvent): void => {
    events.push({ ...event, seq: events.length + 1, runId: "played", at: events.length * 1_000 });
  };
  append({
    type: "session.opened",
    tools: reads.map((name) => {
      return { name, source: "played", effect: "read", repeat: "safe", digest: name };
    }),
    skills: [],
    notices: [],
  });
  append({ type: "message.user", text: "Do it." });
  for (const [index, turn] of turns.entries()) {
    const number = index + 1;
    if (turn.said !== undefined) append({ type: "message.user", text: turn.said });
    if (turn.told !== undefined) append({ type: "message.user", text: turn.told, from: "engine" });
    const found = findStuck(events, events.length, maxStuckTurns);
    if (found?.type === "stop") return { events, notices, turns: index, stop: found.stop };
    if (found !== undefined) append(found);
    const notice = noticeBefore(events, number);
    if (notice !== undefined) notices.push({ ...notice, before: number });
    if (turn.compacted === true) append(compaction(number));
    append({ type: "turn.started", turn: number, toolsOffered: true });
    append(answer(number, turn.calls));
    for (const [place, call] of turn.calls.entries()) {
      const refusal = refusalOf(notice, { ...call, toolName: call.tool });
      append(end(number, place, call, refusal));
    }
  }
  return { events, notices, turns: turns.length, stop: undefined };
}

function compaction(turn: number): NewEvent {
  return {
    type: "context.compacted",
    turn,
    reason: "full",
    beforeTokens: 900,
    afterTokens: 550,
    roomTokens: 1_000,
    offloaded: [],
    clearedThrough: turn - 1,
    keptTurns: 1,
  };
}

function answer(turn: number, calls: readonly PlayedCall[]): NewEvent {
  return {
    type: "turn.completed",
    turn,
    parts: [
      { type: "text", text: "" },
      ...calls.map(({ tool, argumentsText }, index) => {
        const toolCallId = `${turn}-${index}`;
        return { type: "tool_call" as const, toolCallId, toolName: tool, argumentsText };
      }),
    ],
    usage: {
      inputTokens: 1,
      cachedInputTokens: 0,
      outputTokens: 1,
      reasoningTokens: 0,
      estimated: false,
    },
    costMicroUsd: null,
    effort: "medium",
    decision: { effect: "allow", ruleId: "played/all" },
    attempts: 1,
    durationMs: 1,
    finishReason: "stop",
    callId: `turn-${turn}`,
  };
}

function end(
  turn: number,
  index: number,
  call: PlayedCall,
  refusal: Agent33Error | undefined,
): NewEvent {
  return {
    type: "tool.completed",
    turn,
    index,
    toolCallId: `${turn}-${index}`,
    toolName: call.tool,
    content: refusal?.message ?? call.content,
    isError: refusal !== undefined || call.isError,
    decision: null,
    attempts: 1,
    durationMs: 1,
    ...(refusal === undefined ? {} : { error: refusal.toJSON() }),
  };
}
