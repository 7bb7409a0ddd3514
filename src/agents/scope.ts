import { carriedFold } from "../context/carried.ts";
import type { StoredEvent } from "../events/event.ts";

/**
 * Which agent of a run something belongs to. All agents of a run share its log, its journal and its
 * budget; `agentPath` tells them apart, and the run's own agent has none.
 */
export type Scope = {
  readonly agentPath?: string;
};

/** The place of a call within its agent's turns. */
export type CallPlace = Scope & { readonly turn: number; readonly index: number };

/** The scope alone, of whatever carries one. */
export function scopeOf({ agentPath }: Scope): Scope {
  return agentPath === undefined ? {} : { agentPath };
}

/** The agent that an event belongs to; undefined for the run's own and for what is the run's. */
export function pathOf(event: StoredEvent): string | undefined {
  return "agentPath" in event ? event.agentPath : undefined;
}

/** The path of the agent that a call hands work to. */
export function pathBelow({ agentPath, turn, index }: CallPlace): string {
  return `${prefix(agentPath)}${turn}.${index}`;
}

/** The paths from the first agent below the run's own down to this one, which is the last. */
export function agentsAbove(agentPath: string): readonly string[] {
  const steps = agentPath.split("/");
  return steps.map((_step, place) => steps.slice(0, place + 1).join("/"));
}

/** Whether an event belongs to an agent, or to one that works for it. */
export function isWithin(event: StoredEvent, { agentPath }: Scope): boolean {
  if (agentPath === undefined) return true;
  const path = pathOf(event);
  return path === agentPath || path?.startsWith(`${agentPath}/`) === true;
}

/** The events of one agent alone. What the run could act with is every agent's. */
export function eventsOfAgent(
  events: readonly StoredEvent[],
  { agentPath }: Scope,
): readonly StoredEvent[] {
  return [...ownEvents(events, Number.MAX_SAFE_INTEGER, agentPath)];
}

const ownEvents = carriedFold<StoredEvent[]>((agentPath) => {
  const state: StoredEvent[] = [];
  return {
    state,
    add: (event) => {
      if (pathOf(event) === agentPath || event.type === "session.opened") state.push(event);
    },
  };
});

/**
 * Whose the events of one agent alone are. Those of several agents of a run begin with the same one,
 * that the session was opened.
 */
export function ownerOf(events: readonly StoredEvent[]): string | undefined {
  const own = events.find(({ type }) => type !== "session.opened");
  return own === undefined ? undefined : pathOf(own);
}

/** The name of a turn's logical call within its run, the same after a crash. */
export function turnCallName({ agentPath, turn }: Scope & { readonly turn: number }): string {
  return `${prefix(agentPath)}turn-${turn}`;
}

/** The name of the logical call for a summary before a turn, the same after a crash. */
export function condenseCallName({ agentPath, turn }: Scope & { readonly turn: number }): string {
  return `${prefix(agentPath)}condense-${turn}`;
}

/** The name of a tool's logical call within its run, the same after a crash. */
export function toolCallName({ agentPath, turn, index }: CallPlace): string {
  return `${prefix(agentPath)}turn-${turn}-call-${index}`;
}

/** The name of one question about an agent's work within its run, the same after a crash. */
export function judgeCallName(
  { agentPath }: Scope,
  question: { readonly attempt: number; readonly try: number },
): string {
  return `${prefix(agentPath)}judge-${question.attempt}-${question.try}`;
}

function prefix(agentPath: string | undefined): string {
  return agentPath === undefined ? "" : `${agentPath}/`;
}
