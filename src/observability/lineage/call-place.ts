import type { StoredEvent } from "../../events/event.ts";

/** The names by which a call and its run know each other. */
export interface NamedCall {
  readonly callId: string;
  readonly logicalCallId: string;
}

/** Which step of its run a call is. `agent` is the path of the agent, undefined for the run's own. */
export type CallPlace = { readonly agent: string | undefined } & (
  | { readonly kind: "turn"; readonly turn: number }
  | { readonly kind: "tool"; readonly turn: number; readonly index: number }
  | { readonly kind: "condense"; readonly turn: number }
  | { readonly kind: "judge"; readonly attempt: number }
);

/**
 * The step of the run that a call was made for, by the name that it has over crashes: so it is
 * known of calls, too, whose end the log has not.
 * @returns undefined for calls that are no step of an agent, such as the opening of a server
 */
export function placeOf({ callId, logicalCallId }: NamedCall, log: readonly StoredEvent[]) {
  const named = placeNamed(logicalCallId);
  if (named !== undefined) return named;
  const event = log.find((one) => "callId" in one && one.callId === callId);
  return event === undefined ? undefined : placeNoted(event);
}

/** As agents/scope.ts spells the names; a model that stands in for another adds its own place. */
function placeNamed(name: string): CallPlace | undefined {
  const found =
    /^(?:(?<agent>[\d./]+)\/)?(?:turn-(?<turn>\d+)(?:-call-(?<index>\d+))?|condense-(?<condense>\d+)|judge-(?<judge>\d+)-\d+)(?:\/fallback-\d+)?$/.exec(
      name,
    )?.groups;
  if (found === undefined) return undefined;
  const { agent, turn, index, condense, judge } = found;
  if (condense !== undefined) return { agent, kind: "condense", turn: Number(condense) };
  if (judge !== undefined) return { agent, kind: "judge", attempt: Number(judge) };
  if (index === undefined) return { agent, kind: "turn", turn: Number(turn) };
  return { agent, kind: "tool", turn: Number(turn), index: Number(index) };
}

/** A call that has no name of its own, by the event that notes it. */
function placeNoted(event: StoredEvent): CallPlace | undefined {
  if (event.type === "tool.completed") {
    const { agentPath, turn, index } = event;
    return { agent: agentPath, kind: "tool", turn, index };
  }
  if (event.type === "turn.completed") {
    return { agent: event.agentPath, kind: "turn", turn: event.turn };
  }
  return event.type === "agent.started" ? placeOfDelegation(event.agentPath) : undefined;
}

/** The call that an agent's path names: `3.1/2.0` is call 0 of turn 2 of the agent at `3.1`. */
export function placeOfDelegation(path: string): Extract<CallPlace, { kind: "tool" }> | undefined {
  const end = path.lastIndexOf("/");
  const [turn, index] = path
    .slice(end + 1)
    .split(".")
    .map(Number);
  if (turn === undefined || index === undefined || Number.isNaN(turn + index)) return undefined;
  return { agent: end === -1 ? undefined : path.slice(0, end), kind: "tool", turn, index };
}

/** A place in words. */
export function placeText(place: CallPlace): string {
  const whose = place.agent === undefined ? "" : ` of the agent at ${place.agent}`;
  switch (place.kind) {
    case "turn":
      return `turn ${place.turn}${whose}`;
    case "tool":
      return `call ${place.index} of turn ${place.turn}${whose}`;
    case "condense":
      return `the summary before turn ${place.turn}${whose}`;
    case "judge":
      return `the question whether attempt ${place.attempt} is done${whose}`;
  }
}

/** The agent that an event is of; undefined for the run's own. */
export function agentOf(event: StoredEvent): string | undefined {
  return "agentPath" in event ? event.agentPath : undefined;
}
