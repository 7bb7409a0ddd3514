import type { JsonObject, JsonValue } from "../../../src/base/json.ts";
import type { EventOf, StoredEvent } from "../../../src/events/event.ts";

/** A run's log as it must be the same however often its process died. */
export interface Story {
  readonly events: readonly JsonObject[];
  /** Calls of which the log says that nobody knows whether they happened, by their places. */
  readonly unknown: readonly string[];
  /** Calls of the given tools of which it says that they went well. */
  readonly claimed: number;
}

/** What is written again when a run is taken up, or only where its process did not die just then. */
const leftOut = new Set([
  "run.resumed",
  "session.opened",
  "turn.started",
  "tool.started",
  "run.parked",
]);
/** What differs between any two runs. */
const volatile = new Set([
  "seq",
  "at",
  "runId",
  "durationMs",
  "callId",
  "evidence",
  "workspace",
  "attempts",
  "key",
  "toolCallId",
]);

/**
 * @param places texts that stand for other things in each run: folders, addresses
 * @param tools names of tools, or their ends
 */
export function storyOf(
  events: readonly StoredEvent[],
  places: readonly string[],
  tools: readonly string[],
): Story {
  const ended = events.filter((event) => event.type === "tool.completed");
  const unknown = ended
    .filter(({ error }) => error?.code === "boundary.outcome_unknown")
    .map(placeOf);
  const claimed = ended.filter(
    ({ isError, toolName }) => !isError && tools.some((tool) => toolName.endsWith(tool)),
  ).length;
  // What is left for one of several agents depends on who came first.
  const told = events
    .filter(({ type }) => !leftOut.has(type))
    .map((event) => (event.type === "agent.started" ? { ...event, limits: {} } : event));
  const plain = told.map((event) => plainOf(event as unknown as JsonObject, places) as JsonObject);
  // Agents that work side by side come to their steps in any order.
  const byAgent = Map.groupBy(plain, (event) => {
    const { agentPath } = event as { readonly agentPath?: string };
    return agentPath ?? "";
  });
  const agents = [...byAgent.keys()].sort();
  return { events: agents.flatMap((agent) => inOrder(byAgent.get(agent) ?? [])), unknown, claimed };
}

function placeOf(event: Pick<EventOf<"tool.completed">, "agentPath" | "turn" | "index">): string {
  return `${event.agentPath ?? ""}/${event.turn}.${event.index}`;
}

/**
 * The same with calls left out that are unknown in another story, and what follows from the other
 * words that the model was then told: what it was counted to have read, and the files.
 */
export function without({ events }: Story, calls: readonly string[]): readonly JsonObject[] {
  if (calls.length === 0) return events;
  return events.map((event) => {
    const place = placeOf(event as unknown as EventOf<"tool.completed">);
    if (event["type"] === "tool.completed" && calls.includes(place)) return { unknown: place };
    return Object.fromEntries(Object.entries(event).filter(([name]) => !consequences.has(name)));
  });
}

const consequences = new Set([
  "usage",
  "prompt",
  "beforeTokens",
  "afterTokens",
  "totals",
  "filesChanged",
]);

function plainOf(value: JsonValue, places: readonly string[]): JsonValue {
  if (typeof value === "string") {
    const placed = places.reduce((text, place) => text.replaceAll(place, "PLACE"), value);
    return placed
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "ID")
      .replace(/\(\d+\.\d s\)/g, "(SOME TIME)");
  }
  if (Array.isArray(value)) return value.map((one) => plainOf(one as JsonValue, places));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !volatile.has(name))
      .map(([name, one]) => [name, plainOf(one as JsonValue, places)]),
  );
}

/** Ends of calls that ran side by side come in any order. */
function inOrder(events: readonly JsonObject[]): readonly JsonObject[] {
  const sorted: JsonObject[] = [];
  let group: JsonObject[] = [];
  const flush = (): void => {
    sorted.push(...group.sort((one, other) => Number(one["index"]) - Number(other["index"])));
    group = [];
  };
  for (const event of events) {
    const isSame = group[0]?.["turn"] === event["turn"];
    if (event["type"] !== "tool.completed" || !isSame) flush();
    if (event["type"] === "tool.completed") group.push(event);
    else sorted.push(event);
  }
  flush();
  return sorted;
}
