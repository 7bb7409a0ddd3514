import type { RunEvent } from "../api.ts";
import type { Tone } from "../parts/tone.ts";

export type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;

/** One call of a tool, from its first event on. */
export interface ToolCall {
  readonly index: number;
  readonly name: string;
  readonly argumentsText: string;
  readonly startedAt: number;
  /** Undefined while it runs. */
  readonly end: EventOf<"tool.completed"> | undefined;
}

/** One turn of an agent, from its first event on. */
export interface Turn {
  readonly kind: "turn";
  readonly key: string;
  /** Which agent's; empty for the run's own. */
  readonly path: string;
  readonly turn: number;
  readonly startedAt: number;
  readonly answer: EventOf<"turn.completed"> | undefined;
  readonly failure: EventOf<"turn.failed"> | undefined;
  readonly calls: readonly ToolCall[];
}

/** Something that happened between turns, in words. */
export interface Note {
  readonly kind: "note";
  readonly key: string;
  readonly path: string;
  readonly at: number;
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
}

export type Item = Turn | Note;

/** A run's log as a page shows it. */
export interface Trajectory {
  readonly items: readonly Item[];
  readonly started: EventOf<"run.started"> | undefined;
  readonly finished: EventOf<"run.finished"> | undefined;
  /** What is used so far, by the events that say so. */
  readonly used: {
    readonly costMicroUsd: number;
    readonly unpriced: number;
    readonly tokens: number;
  };
  readonly lastSeq: number;
  /** The newest event after which the run stands otherwise: it waits, goes on, or has ended. */
  readonly turnedAt: number;
}

export const noTrajectory: Trajectory = {
  items: [],
  started: undefined,
  finished: undefined,
  used: { costMicroUsd: 0, unpriced: 0, tokens: 0 },
  lastSeq: 0,
  turnedAt: 0,
};

/** A trajectory with more of the log. Turns that the events do not touch stay the same objects. */
export function withEvents(before: Trajectory, events: readonly RunEvent[]): Trajectory {
  const items = [...before.items];
  const places = new Map(items.map(({ key }, at) => [key, at]));
  let { started, finished, used, lastSeq, turnedAt } = before;
  const put = (item: Item): void => {
    const at = places.get(item.key) ?? items.length;
    places.set(item.key, at);
    items[at] = item;
  };
  const change = (key: string, by: (turn: Turn) => Turn): void => {
    const item = items[places.get(key) ?? -1];
    if (item?.kind === "turn") put(by(item));
  };
  for (const event of events) {
    if (event.seq <= lastSeq) continue;
    lastSeq = event.seq;
    if (event.type.startsWith("run.")) turnedAt = event.seq;
    if (event.type === "run.started") started = event;
    if (event.type === "run.finished") finished = event;
    used = withUse(used, event);
    if (isOfTurn(event)) place(event, put, change);
    else {
      const note = noteOf(event);
      if (note !== undefined) put(note);
    }
  }
  return { items, started, finished, used, lastSeq, turnedAt };
}

const turnTypes = [
  "turn.started",
  "turn.completed",
  "turn.failed",
  "tool.started",
  "tool.completed",
] as const;
type TurnEvent = EventOf<(typeof turnTypes)[number]>;

function isOfTurn(event: RunEvent): event is TurnEvent {
  return (turnTypes as readonly string[]).includes(event.type);
}

function place(
  event: TurnEvent,
  put: (item: Item) => void,
  change: (key: string, by: (turn: Turn) => Turn) => void,
): void {
  const path = event.agentPath ?? "";
  const key = `${path} ${event.turn}`;
  switch (event.type) {
    case "turn.started":
      return put({
        kind: "turn",
        key,
        path,
        turn: event.turn,
        startedAt: event.at,
        answer: undefined,
        failure: undefined,
        calls: [],
      });
    case "turn.completed":
      return change(key, (turn) => ({ ...turn, answer: event, calls: callsOf(event) }));
    case "turn.failed":
      return change(key, (turn) => ({ ...turn, failure: event }));
    case "tool.started":
    case "tool.completed":
      return change(key, (turn) => ({ ...turn, calls: withCall(turn.calls, event) }));
    default:
      return event satisfies never;
  }
}

/** The calls that an answer asks for, before any of them has begun. */
function callsOf({ parts, at }: EventOf<"turn.completed">): readonly ToolCall[] {
  return parts
    .filter((part) => part.type === "tool_call")
    .map(({ toolName: name, argumentsText }, index) => ({
      index,
      name,
      argumentsText,
      startedAt: at,
      end: undefined,
    }));
}

function withCall(
  calls: readonly ToolCall[],
  event: EventOf<"tool.started" | "tool.completed">,
): readonly ToolCall[] {
  const { index, toolName: name, at } = event;
  const known = calls.find((call) => call.index === index);
  const call: ToolCall =
    event.type === "tool.started"
      ? { index, name, argumentsText: event.argumentsText, startedAt: at, end: undefined }
      : { argumentsText: "", startedAt: at, ...known, index, name, end: event };
  return [...calls.filter((one) => one.index !== index), call].toSorted(
    (a, b) => a.index - b.index,
  );
}

function withUse(used: Trajectory["used"], event: RunEvent): Trajectory["used"] {
  if (!("costMicroUsd" in event)) return used;
  const { costMicroUsd } = event;
  const tokens =
    "usage" in event
      ? event.usage.inputTokens + event.usage.outputTokens
      : "tokens" in event
        ? event.tokens
        : 0;
  return {
    costMicroUsd: used.costMicroUsd + (costMicroUsd ?? 0),
    unpriced: used.unpriced + (costMicroUsd === null ? 1 : 0),
    tokens: used.tokens + tokens,
  };
}

/** What is said of an event that is no part of a turn; undefined for what only machines need. */
function noteOf(event: RunEvent): Note | undefined {
  const words = wordsOf(event);
  if (words === undefined) return undefined;
  const [tone, title, text = ""] = words;
  const path = "agentPath" in event ? (event.agentPath ?? "") : "";
  return { kind: "note", key: `note ${event.seq}`, path, at: event.at, tone, title, text };
}

type Words = readonly [tone: Tone, title: string, text?: string | undefined];

function wordsOf(event: RunEvent): Words | undefined {
  switch (event.type) {
    case "run.resumed":
      return ["plain", "Taken up again"];
    case "message.user":
      if (event.from === undefined) return undefined;
      return ["busy", event.from === "engine" ? "The engine says" : "A person says", event.text];
    case "message.undelivered":
      return ["warn", "Said too late", event.text];
    case "agent.started":
      return ["plain", `Work is handed to ${event.agent}`];
    case "agent.stopped":
      return event.agentPath === undefined
        ? undefined
        : ["plain", `The agent stopped: ${event.stop.reason}`, event.summary];
    case "model.fell_back":
      return ["warn", `${event.from} could not answer`, toWords(event)];
    case "run.parked":
      return ["warn", `Waits for a person: ${event.toolName}`, event.message];
    case "stuck.noticed":
      return ["warn", `Goes in circles: ${event.kind.replaceAll("_", " ")}`, event.text];
    case "check.completed":
      return [
        event.passed ? "good" : "bad",
        event.passed ? "Check passed" : "Check failed",
        event.output,
      ];
    case "verification.completed":
      return [
        event.passed ? "good" : "bad",
        event.passed ? "Hidden tests passed" : "Hidden tests failed",
        event.error?.message ?? event.output,
      ];
    case "judge.failed":
    case "sampling.failed":
    case "matching.failed":
      return ["warn", event.type.replace(".", " "), event.error.message];
    case "escalation.decided":
      return [
        "warn",
        event.escalates ? `Tried again as ${event.to?.effort}` : "Not tried again",
        event.reason,
      ];
    case "budget.reached":
      return [
        event.percent === 100 ? "bad" : "warn",
        `${event.percent} % of the ${limitWord(event.limit)} of ${event.budget}`,
      ];
    case "context.compacted":
      return [
        "plain",
        `Shows less of its past: ${event.beforeTokens} → ${event.afterTokens} tokens`,
        event.summary?.text,
      ];
    case "skill.loaded":
      return ["plain", `Works by the skill ${event.name}`];
    case "skills.matched":
      return ["plain", `Skills that fit: ${event.chosen.join(", ") || "none"}`];
    case "plan.updated":
      return [
        "plain",
        "Plan",
        event.steps.map(({ step, status }) => `${signs[status]} ${step}`).join("\n"),
      ];
    case "run.started":
    case "run.finished":
    case "session.opened":
    case "turn.started":
    case "turn.completed":
    case "turn.failed":
    case "tool.started":
    case "tool.completed":
    case "tools.activated":
    case "condense.completed":
    case "condense.failed":
    case "judge.completed":
    case "matching.completed":
    case "sampling.completed":
      return undefined;
    // A newer server than this page may tell of more.
    default:
      return undefined;
  }
}

const signs = { pending: "○", in_progress: "◐", done: "●", dropped: "✕" } as const;

function toWords({ to, error }: EventOf<"model.fell_back">): string {
  return `${error.message}\n${to === null ? "No other is left." : `${to} stands in.`}`;
}

function limitWord(limit: EventOf<"budget.reached">["limit"]): string {
  return limit === "costMicroUsd" ? "cost" : limit === "milliseconds" ? "time" : limit;
}
