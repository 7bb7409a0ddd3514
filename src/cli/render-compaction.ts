import type { EventOf } from "../events/event.ts";

const count = (value: number): string => value.toLocaleString("en-US");

/** What a conversation was made smaller by, in one line. */
export function compactionText(event: EventOf<"context.compacted">): string {
  const { summary, offloaded, clearedThrough, beforeTokens, afterTokens, roomTokens } = event;
  const by =
    summary?.by === "log" ? ` (from the log: ${summary.why ?? "the model could not"})` : "";
  return [
    `${count(beforeTokens)} → ${count(afterTokens)} of ${count(roomTokens)} tokens`,
    ...(event.reason === "overflow" ? ["the provider had refused it"] : []),
    ...(offloaded.length === 0 ? [] : [`${offloaded.length} large results shown in part`]),
    ...(clearedThrough === 0 ? [] : [`results through turn ${clearedThrough} not shown`]),
    ...(summary === undefined ? [] : [`turns 1 to ${summary.throughTurn} summarised${by}`]),
    `${event.keptTurns} turns as they were`,
  ].join(" · ");
}
