import type { StopReason } from "../events/event.ts";
import { loopText } from "./stuck/notice.ts";

/** Why an agent stopped, in words for the agent that it works for. */
export function stopWords(stop: StopReason): string {
  switch (stop.reason) {
    case "done":
      return "it was done";
    case "limit":
      return `the limit of ${stop.allowed} (${stop.limit}) was reached`;
    case "stuck":
      return `it went in circles and was stopped (${loopText(stop.kind, stop.turns)} Events ${stop.evidence.join(", ")})`;
    case "denied":
      return `a call that it cannot do without was refused (${stop.error.code}: ${stop.error.message})`;
    case "steered":
      return "a person spoke to the run, and it was ended where it was";
    case "cancelled":
      return "the run was cancelled";
    case "error":
      return `it failed (${stop.error.code}: ${stop.error.message})`;
  }
}
