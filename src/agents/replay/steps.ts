import type { ToolCallPart } from "../../base/message.ts";
import { elicitationRule } from "../../connectors/mcp/person.ts";
import type { EventOf, NewEvent, StopReason, StoredEvent } from "../../events/event.ts";
import { type CallPlace, pathBelow, pathOf, type Scope, scopeOf, toolCallName } from "../scope.ts";

/** A call of the log, with the result that it had. */
export interface LoggedCall {
  readonly place: CallPlace;
  readonly part: ToolCallPart;
  /** Undefined where the log ends before the call did. */
  readonly result: EventOf<"tool.completed"> | undefined;
  /** Whether the tool asked a person in the course of the call. */
  readonly asked: boolean;
  /** The event at which it began; undefined where it was asked for and never begun. */
  readonly startedAt: number | undefined;
}

/** A call of the log that came to an end. */
export type EndedCall = LoggedCall & { readonly result: EventOf<"tool.completed"> };

/** What a replay does at one place of the log. Checks have a place among those of their attempt. */
export type ReplayAct =
  | { readonly kind: "call"; readonly call: EndedCall }
  | {
      readonly kind: "check";
      readonly of: Scope;
      readonly attempt: number;
      readonly place: number;
    };

/** A stretch of the log: what is done again, and then what is only told again. */
export interface ReplayStep {
  /** Undefined at the beginning of the log. */
  readonly act: ReplayAct | undefined;
  readonly told: readonly NewEvent[];
}

/** How the log ends. */
export interface ReplayEnding {
  /** Null where the run had not come to its end. */
  readonly stop: StopReason | null;
  readonly verified: boolean;
}

/**
 * Every call that a model asked for, in the order of the log. One that was begun several times,
 * because of a crash or a question to a person, is one call with its last result.
 */
export function loggedCalls(events: readonly StoredEvent[]): readonly LoggedCall[] {
  const started = new Map<string, number>();
  const results = new Map<string, EventOf<"tool.completed">>();
  const asked = new Set<string>();
  const latest = new Map<string, string>();
  for (const event of events) {
    if (event.type === "tool.started") {
      started.set(toolCallName(event), event.seq);
      latest.set(`${event.agentPath} ${event.toolName}`, toolCallName(event));
    }
    if (event.type === "run.parked" && event.ruleId === elicitationRule) {
      asked.add(latest.get(`${event.agentPath} ${event.toolName}`) ?? "");
    }
    if (event.type === "tool.completed") results.set(toolCallName(event), event);
  }
  return events.flatMap((event) => {
    if (event.type !== "turn.completed") return [];
    const parts = event.parts.filter((part) => part.type === "tool_call");
    return parts.map((part, index): LoggedCall => {
      const place = { ...scopeOf(event), turn: event.turn, index };
      const name = toolCallName(place);
      return {
        place,
        part,
        result: results.get(name),
        asked: asked.has(name),
        startedAt: started.get(name),
      };
    });
  });
}

/**
 * A run's log as what a replay of it does, step by step. Models, people and judges are not asked
 * again: what they said is told at the place where they said it.
 */
export function replaySteps(events: readonly StoredEvent[]): readonly ReplayStep[] {
  const calls = new Map(loggedCalls(events).map((call) => [call.startedAt, call]));
  const agents = new Set(events.map(pathOf));
  const steps: ReplayStep[] = [];
  const looks = new Map<string, number>();
  let act: ReplayAct | undefined;
  let told: NewEvent[] = [];
  const begin = (next: ReplayAct | undefined): void => {
    steps.push({ act, told });
    act = next;
    told = [];
  };
  for (const event of events) {
    if ("index" in event && agents.has(pathBelow(event))) {
      told.push(...handedOn(event));
    } else if (event.type === "tool.started") {
      const call = calls.get(event.seq);
      if (call?.result !== undefined) {
        begin({ kind: "call", call: { ...call, result: call.result } });
      }
    } else if (event.type === "check.completed" && looksAtWorkspace(event)) {
      const { attempt } = event;
      const of = scopeOf(event);
      const look = `${of.agentPath} ${attempt}`;
      const place = looks.get(look) ?? 0;
      looks.set(look, place + 1);
      begin({ kind: "check", of, attempt, place });
    } else {
      told.push(...toldAgain(event));
    }
  }
  begin(undefined);
  return steps;
}

/** Whether a check looks at what the agent left, and not only at what a model said. */
export function looksAtWorkspace({ kind = "command" }: EventOf<"check.completed">): boolean {
  return kind === "command" || kind === "scorer";
}

/** A call that was answered by another agent: what that one did is in the log, step by step. */
function handedOn(event: StoredEvent): readonly NewEvent[] {
  const { seq: _seq, runId: _runId, at: _at, ...told } = event;
  if (told.type === "tool.started") return [told];
  if (told.type !== "tool.completed") return [];
  return [{ ...told, attempts: 0, durationMs: 0, fromLog: "agent" }];
}

/** How a run's log ends, as far as a replay has to do it again. */
export function replayEnding(events: readonly StoredEvent[]): ReplayEnding {
  const stopped = events.findLast(
    (event) => event.type === "agent.stopped" && event.agentPath === undefined,
  );
  return {
    stop: stopped?.type === "agent.stopped" ? stopped.stop : null,
    verified: events.some((event) => event.type === "verification.completed"),
  };
}

const nothingUsed = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  estimated: false,
};

/** An event as a replay's own log has it; what the replay does or says itself is not told. */
function toldAgain(event: StoredEvent): readonly NewEvent[] {
  const { seq: _seq, runId: _runId, at: _at, ...told } = event;
  switch (told.type) {
    case "message.user":
    case "message.undelivered":
    case "agent.started":
    case "turn.started":
    case "plan.updated":
    case "skill.loaded":
    case "context.compacted":
      return [told];
    case "check.completed":
      return [{ ...told, durationMs: 0 }];
    case "stuck.noticed":
      // Its evidence is events of the other log.
      return [{ ...scopeOf(told), type: "message.user", text: told.text, from: "engine" }];
    case "turn.completed":
      return [{ ...told, usage: nothingUsed, costMicroUsd: 0, attempts: 0, durationMs: 0 }];
    case "turn.failed":
      return [{ ...told, tokens: 0, costMicroUsd: 0, attempts: 0, durationMs: 0 }];
    case "judge.completed":
    case "condense.completed":
      return [{ ...told, usage: nothingUsed, costMicroUsd: 0, durationMs: 0 }];
    case "judge.failed":
    case "condense.failed":
      return [{ ...told, tokens: 0, costMicroUsd: 0, durationMs: 0 }];
    case "agent.stopped": {
      // What it used then, nobody used now.
      const { totals: _totals, ...stopped } = told;
      return told.agentPath === undefined ? [] : [stopped];
    }
    case "run.started":
    case "run.resumed":
    case "run.parked":
    case "session.opened":
    case "tool.started":
    case "tool.completed":
    case "tools.activated":
    case "sampling.completed":
    case "sampling.failed":
    case "matching.completed":
    case "matching.failed":
    case "skills.matched":
    case "model.fell_back":
    case "verification.completed":
    case "escalation.decided":
    case "budget.reached":
    case "run.finished":
      return [];
  }
}
