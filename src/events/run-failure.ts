import { type FailureClass, failureClassOf } from "../base/failure-class.ts";
import type { EventOf } from "./event.ts";

type Ended = Pick<EventOf<"run.finished">, "outcome" | "stop">;

/**
 * The class of a run's failure; undefined where it did not fail. One that a person cancelled did
 * not. What stopped it says more than its outcome.
 */
export function failureOfRun({ outcome, stop }: Ended): FailureClass | undefined {
  if (outcome === "verified" || outcome === "unverified" || outcome === "cancelled") {
    return undefined;
  }
  switch (stop.reason) {
    case "error":
    case "denied":
      return failureClassOf(stop.error.code);
    case "limit":
      return stop.limit === "time" ? "F-TMO" : "F-RES";
    case "stuck":
      return "F-EXE";
    case "done":
      // The agent said that it was done; a check or the hidden tests said that it was not.
      return "F-VAL";
    case "cancelled":
    case "steered":
      return "F-UNK";
  }
}
