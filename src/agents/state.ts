import type { Message, ToolCallPart, ToolResultPart } from "../base/message.ts";
import type { EventOf, RunTotals, StoredEvent } from "../events/event.ts";
import { carriedFold, countThrough } from "./carried.ts";
import { isWithin, pathOf, type Scope } from "./scope.ts";

/** What an agent of a run has come to, as the log tells it up to some event. */
export interface RunState {
  readonly messages: readonly Message[];
  /** Of the agent and of all that work for it. */
  readonly totals: Omit<RunTotals, "durationMs">;
  /** The last thing the agent said. */
  readonly lastText: string;
  readonly checks: readonly EventOf<"check.completed">[];
}

/**
 * Folds a run's log into its state. Only events up to `throughSeq` count, so that a workflow that
 * is run again after a crash sees at each step what it saw the first time.
 * @param scope whose conversation it is; the run's own agent's unless said otherwise
 */
export function foldRun(
  events: readonly StoredEvent[],
  throughSeq: number,
  scope: Scope = {},
): RunState {
  const { agentPath } = scope;
  const count = countThrough(events, throughSeq);
  const { lastText, checks } = conversationOf(events, { count, agentPath });
  const totals = { ...spentOf(events, { count, agentPath }) };
  return { messages: messagesOf(events, throughSeq, scope), lastText, checks: [...checks], totals };
}

/** What an agent has been told and has said, as {@link foldRun} has it. */
export function messagesOf(
  events: readonly StoredEvent[],
  throughSeq: number,
  { agentPath }: Scope,
): readonly Message[] {
  const part = { count: countThrough(events, throughSeq), agentPath };
  const { messages, open } = conversationOf(events, part);
  return open === undefined ? [...messages] : [...messages, toolMessage(open)];
}

/** What an agent and all that work for it have used. */
export function totalsOf(events: readonly StoredEvent[], { agentPath }: Scope): RunState["totals"] {
  return { ...spentOf(events, { agentPath }) };
}

const spentOf = carriedFold<Spent>((agentPath) => ({
  begin: () => ({
    turns: 0,
    toolCalls: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    failedTokens: 0,
    costMicroUsd: 0,
    unpricedCalls: 0,
  }),
  add: (totals, event) => {
    if (agentPath !== undefined && !isWithin(event, { agentPath })) return;
    const { type } = event;
    if (type === "turn.completed" || type === "turn.failed") totals.turns += 1;
    if (type === "tool.completed") totals.toolCalls += 1;
    if (type === "turn.completed" || type === "sampling.completed" || type === "judge.completed")
      addAnswer(totals, event);
    if (
      type === "turn.failed" ||
      type === "model.fell_back" ||
      type === "sampling.failed" ||
      type === "judge.failed"
    )
      addFailure(totals, event);
  },
}));

/** Results of one turn's calls, in the order in which they came. */
interface OpenResults {
  readonly byIndex: Map<number, ToolResultPart>;
  message?: Message;
}

interface Conversation {
  readonly messages: Message[];
  readonly checks: EventOf<"check.completed">[];
  open: OpenResults | undefined;
  lastText: string;
}

/** The results as one message; the same object until there is another result. */
function toolMessage(open: OpenResults): Message {
  open.message ??= {
    role: "tool",
    results: [...open.byIndex].sort(([left], [right]) => left - right).map(([, one]) => one),
  };
  return open.message;
}

function say(conversation: Conversation, message: Message): void {
  if (conversation.open !== undefined) conversation.messages.push(toolMessage(conversation.open));
  conversation.open = undefined;
  conversation.messages.push(message);
}

const conversationOf = carriedFold<Conversation>((agentPath) => ({
  begin: () => ({ messages: [], checks: [], open: undefined, lastText: "" }),
  add: (state, event) => {
    if (pathOf(event) !== agentPath) return;
    switch (event.type) {
      case "message.user":
      case "stuck.noticed":
        say(
          state,
          once(event, () => ({ role: "user", text: event.text })),
        );
        break;
      case "turn.completed":
        say(
          state,
          once(event, () => ({ role: "assistant", parts: event.parts })),
        );
        state.lastText = turnText(event) || state.lastText;
        break;
      case "tool.completed":
        state.open ??= { byIndex: new Map() };
        state.open.byIndex.set(event.index, resultOf(event));
        delete state.open.message;
        break;
      case "check.completed":
        state.checks.push(event);
        break;
      case "message.undelivered":
      case "run.started":
      case "run.resumed":
      case "session.opened":
      case "agent.started":
      case "turn.started":
      case "turn.failed":
      case "model.fell_back":
      case "judge.completed":
      case "judge.failed":
      case "sampling.completed":
      case "sampling.failed":
      case "tool.started":
      case "tools.activated":
      case "run.parked":
      case "agent.stopped":
      case "verification.completed":
      case "run.finished":
        break;
    }
  },
}));

type Spent = { -readonly [Field in keyof RunState["totals"]]: number };

function addAnswer(
  totals: Spent,
  { usage, costMicroUsd }: Pick<EventOf<"turn.completed">, "usage" | "costMicroUsd">,
): void {
  totals.inputTokens += usage.inputTokens;
  totals.cachedInputTokens += usage.cachedInputTokens;
  totals.outputTokens += usage.outputTokens;
  if (costMicroUsd === null) totals.unpricedCalls += 1;
  else totals.costMicroUsd += costMicroUsd;
}

function addFailure(
  totals: Spent,
  { tokens, costMicroUsd }: Pick<EventOf<"turn.failed">, "tokens" | "costMicroUsd">,
): void {
  totals.failedTokens += tokens;
  if (costMicroUsd !== null) totals.costMicroUsd += costMicroUsd;
  else if (tokens > 0) totals.unpricedCalls += 1;
}

const messageOf = new WeakMap<StoredEvent, Message>();
const resultsOf = new WeakMap<StoredEvent, ToolResultPart>();

/** The same object for the same event, so that its tokens need not be counted in each turn again. */
function once(event: StoredEvent, make: () => Message): Message {
  const known = messageOf.get(event) ?? make();
  messageOf.set(event, known);
  return known;
}

function resultOf(event: EventOf<"tool.completed">): ToolResultPart {
  const { toolCallId, toolName, content, isError } = event;
  const known = resultsOf.get(event) ?? { toolCallId, toolName, content, isError };
  resultsOf.set(event, known);
  return known;
}

/** What the model said in a turn. */
export function turnText(turn: Pick<EventOf<"turn.completed">, "parts">): string {
  return turn.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** What the model answered in one turn, in the events of one agent. */
export function turnAnswer(
  events: readonly StoredEvent[],
  turn: number,
): EventOf<"turn.completed"> | undefined {
  return events.findLast(
    (event): event is EventOf<"turn.completed"> =>
      event.type === "turn.completed" && event.turn === turn,
  );
}

/** The tool calls of one turn of one agent, in the order in which the model wrote them. */
export function toolCallsOf(events: readonly StoredEvent[], turn: number): readonly ToolCallPart[] {
  const parts = turnAnswer(events, turn)?.parts ?? [];
  return parts.filter((part) => part.type === "tool_call");
}

/**
 * Time in which the run was worked on, in milliseconds: the gaps between its events, without
 * those in which it had yet to be begun, was parked, or lay crashed.
 */
export function activeMs(events: readonly StoredEvent[], now: number): number {
  const { total, last } = gapsOf(events);
  if (last === undefined || last.type === "run.parked") return total;
  return total + Math.max(0, now - last.at);
}

const gapsOf = carriedFold<{ total: number; last: StoredEvent | undefined }>(() => ({
  begin: () => ({ total: 0, last: undefined }),
  add: (gaps, event) => {
    const { last } = gaps;
    gaps.last = event;
    if (last === undefined || last.type === "run.parked") return;
    if (event.type === "run.resumed" || event.type === "session.opened") return;
    gaps.total += Math.max(0, event.at - last.at);
  },
}));
