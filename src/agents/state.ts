import type { ToolCallPart } from "../base/message.ts";
import { carriedFold } from "../context/carried.ts";
import type { EventOf, RunTotals, StoredEvent } from "../events/event.ts";
import { isWithin, pathOf, type Scope } from "./scope.ts";

/** What an agent of a run has come to, as the log tells it up to some event. */
export interface RunState {
  /** Of the agent and of all that work for it. */
  readonly totals: Omit<RunTotals, "durationMs">;
  /** The last thing the agent said. */
  readonly lastText: string;
  readonly checks: readonly EventOf<"check.completed">[];
}

/**
 * Folds a run's log into its state. Only events up to `throughSeq` count, so that a workflow that
 * is run again after a crash sees at each step what it saw the first time.
 * @param scope which agent's state it is; the run's own agent's unless said otherwise
 */
export function foldRun(
  events: readonly StoredEvent[],
  throughSeq: number,
  scope: Scope = {},
): RunState {
  const past = events.filter((event) => event.seq <= throughSeq);
  const own = past.filter((event) => pathOf(event) === scope.agentPath);
  const totals = startOfTotals();
  for (const event of past) if (isWithin(event, scope)) addToTotals(totals, event);
  let lastText = "";
  const checks: EventOf<"check.completed">[] = [];
  for (const event of own) {
    if (event.type === "turn.completed") lastText = turnText(event) || lastText;
    if (event.type === "check.completed") checks.push(event);
  }
  return { totals, lastText, checks };
}

/** What an agent and all that work for it have used by now, as {@link foldRun} has it. */
export function totalsOf(events: readonly StoredEvent[], { agentPath }: Scope): RunState["totals"] {
  return { ...spentOf(events, Number.MAX_SAFE_INTEGER, agentPath) };
}

const spentOf = carriedFold<Spent>((agentPath) => {
  const state = startOfTotals();
  const scope = agentPath === undefined ? {} : { agentPath };
  return {
    state,
    add: (event) => {
      if (isWithin(event, scope)) addToTotals(state, event);
    },
  };
});

function startOfTotals(): Spent {
  return {
    turns: 0,
    toolCalls: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    failedTokens: 0,
    costMicroUsd: 0,
    unpricedCalls: 0,
  };
}

function addToTotals(totals: Spent, event: StoredEvent): void {
  const { type } = event;
  if (type === "turn.completed" || type === "turn.failed") totals.turns += 1;
  if (type === "tool.completed") totals.toolCalls += 1;
  if (
    type === "turn.completed" ||
    type === "sampling.completed" ||
    type === "judge.completed" ||
    type === "condense.completed" ||
    type === "matching.completed"
  )
    addAnswer(totals, event);
  if (
    type === "turn.failed" ||
    type === "model.fell_back" ||
    type === "sampling.failed" ||
    type === "judge.failed" ||
    type === "condense.failed" ||
    type === "matching.failed"
  )
    addFailure(totals, event);
}

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
  const { total, last } = gapsOf(events, Number.MAX_SAFE_INTEGER, undefined);
  if (last === undefined || last.type === "run.parked") return total;
  return total + Math.max(0, now - last.at);
}

interface Gaps {
  total: number;
  last: StoredEvent | undefined;
}

const gapsOf = carriedFold<Gaps>(() => {
  const state: Gaps = { total: 0, last: undefined };
  return {
    state,
    add: (event) => {
      const { last } = state;
      state.last = event;
      if (last === undefined || last.type === "run.parked") return;
      if (event.type === "run.resumed" || event.type === "session.opened") return;
      state.total += Math.max(0, event.at - last.at);
    },
  };
});
