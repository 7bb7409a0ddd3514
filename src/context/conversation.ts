import type { Message, ToolCallPart, ToolResultPart } from "../base/message.ts";
import type { EventOf, PlanStep, StoredEvent } from "../events/event.ts";
import { agentOf, carriedFold, type Folding } from "./carried.ts";

export type UserMessage = Extract<Message, { role: "user" }>;
export type AssistantMessage = Extract<Message, { role: "assistant" }>;

/** Something that was said to the agent. */
export interface Said {
  readonly message: UserMessage;
  /** A person's words hold until the end; the engine's are about the moment. */
  readonly byPerson: boolean;
}

/** A turn of the agent, with the results of its calls and what was said after it. */
export interface Exchange {
  readonly turn: number;
  readonly answer: AssistantMessage;
  readonly calls: readonly ToolCallPart[];
  /** By the place of the call in its turn. */
  readonly results: ReadonlyMap<number, ToolResultPart>;
  readonly said: readonly Said[];
  /** Another number whenever something of it has changed. */
  readonly revision: number;
}

/** What one agent and those who speak to it have said and done. */
export interface Conversation {
  /** What was said before its first turn; the first of it is the goal. */
  readonly opening: readonly Said[];
  readonly exchanges: readonly Exchange[];
  readonly plan: readonly PlanStep[];
  /** Questions to a person that are open: what they ask, by the approval's id. */
  readonly open: ReadonlyMap<string, string>;
  /** The turn whose request did not fit, where that was the last. */
  readonly overflowed: number | undefined;
}

/** The conversation of one agent, in whole exchanges: a call and its result are never apart. */
export const conversationOf = carriedFold<Conversation>(conversationFold);

type Open<T> = { -readonly [K in keyof T]: T[K] };
type OpenExchange = Exchange & {
  readonly results: Map<number, ToolResultPart>;
  readonly said: Said[];
  revision: number;
};

function conversationFold(agentPath: string | undefined): Folding<Conversation> {
  const opening: Said[] = [];
  const exchanges: OpenExchange[] = [];
  const open = new Map<string, string>();
  /** Questions by what they are about. A call may ask anew after a crash, and several at once. */
  const parked = new Map<string, readonly string[]>();
  const state: Open<Conversation> = { opening, exchanges, plan: [], open, overflowed: undefined };
  let planned: { readonly turn: number; readonly index: number } = { turn: 0, index: 0 };
  const exchangeOf = (turn: number) => exchanges.findLast((one) => one.turn === turn);
  const say = (text: string, byPerson: boolean): void => {
    const last = exchanges.at(-1);
    (last?.said ?? opening).push({ message: { role: "user", text }, byPerson });
    if (last !== undefined) last.revision += 1;
  };
  const answered = (about: string): void => {
    for (const approvalId of parked.get(about) ?? []) open.delete(approvalId);
    parked.delete(about);
  };
  const add = (event: StoredEvent): void => {
    if (agentOf(event) !== agentPath) return;
    switch (event.type) {
      case "message.user":
        // The task itself says nothing of who wrote it.
        return say(event.text, event.from !== "engine");
      case "stuck.noticed":
        return say(event.text, false);
      case "turn.completed":
        state.overflowed = undefined;
        answered("model");
        exchanges.push(exchangeFrom(event));
        return;
      case "turn.failed":
        state.overflowed = event.overflow === undefined ? undefined : event.turn;
        answered("model");
        return;
      case "tool.completed":
        answered(event.toolName);
        return hold(exchangeOf(event.turn), event);
      case "judge.completed":
      case "judge.failed":
        return answered("judge");
      case "condense.completed":
      case "condense.failed":
        return answered("summary");
      case "plan.updated":
        // Calls of one turn end in any order; the last that was asked for counts.
        if (event.turn === planned.turn && event.index < planned.index) return;
        planned = event;
        state.plan = event.steps;
        return;
      case "run.parked":
        parked.set(event.toolName, [...(parked.get(event.toolName) ?? []), event.approvalId]);
        open.set(event.approvalId, event.message);
        return;
      case "session.opened":
        return answered("session");
      case "agent.started":
      case "agent.stopped":
      case "budget.reached":
      case "check.completed":
      case "context.compacted":
      case "escalation.decided":
      case "message.undelivered":
      case "model.fell_back":
      case "run.finished":
      case "run.resumed":
      case "run.started":
      case "sampling.completed":
      case "matching.completed":
      case "matching.failed":
      case "skills.matched":
      case "sampling.failed":
      case "tool.started":
      case "skill.loaded":
      case "tools.activated":
      case "turn.started":
      case "verification.completed":
        return;
    }
  };
  return { state, add };
}

function hold(exchange: OpenExchange | undefined, event: EventOf<"tool.completed">): void {
  if (exchange === undefined) return;
  exchange.results.set(event.index, resultFrom(event));
  exchange.revision += 1;
}

function exchangeFrom({ turn, parts }: EventOf<"turn.completed">): OpenExchange {
  return {
    turn,
    answer: { role: "assistant", parts },
    calls: parts.filter((part) => part.type === "tool_call"),
    results: new Map(),
    said: [],
    revision: 0,
  };
}

function resultFrom(event: EventOf<"tool.completed">): ToolResultPart {
  const { toolCallId, toolName, content, isError } = event;
  return { toolCallId, toolName, content, isError };
}
