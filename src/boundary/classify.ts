import { causesOf } from "../base/causes.ts";
import { isAgent33Error, messageOf } from "../base/errors.ts";
import { egressRefusalIn } from "./egress/guard.ts";
import { BoundaryError, isBoundaryError, type Phase } from "./errors.ts";
import type { CallFacts } from "./types.ts";

/** What is known about a call when something was thrown. */
export interface ThrownDuring {
  /** The call in words, for messages. */
  readonly name: string;
  readonly mapError: ((error: unknown) => BoundaryError | undefined) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether the other side can have seen anything. */
  readonly reached: boolean;
}

/**
 * Whatever a call threw, as a boundary error: what is one already, the caller's own cancel, what
 * the connector knows how to read, and otherwise a fault of ours. Never throws.
 */
export function toBoundaryError(thrown: unknown, during: ThrownDuring): BoundaryError {
  if (isBoundaryError(thrown)) return thrown;
  const { name, mapError, signal, reached } = during;
  const stopped = stoppedWithin(thrown, name);
  if (stopped !== undefined) return stopped;
  if (signal?.aborted === true && (thrown === signal.reason || isAbort(thrown))) {
    return cancelled(signal, reached ? "unknown" : "before_send");
  }
  try {
    const mapped = mapError?.(thrown);
    if (mapped !== undefined) return mapped;
  } catch (fault) {
    return unexpected(name, fault);
  }
  return unexpected(name, thrown);
}

/**
 * What the boundary itself stopped in the middle of a handler, and what a library then wrapped: no
 * connector may take it for a failure of the network, which is tried again and held against the
 * other side.
 */
function stoppedWithin(thrown: unknown, name: string): BoundaryError | undefined {
  const refused = egressRefusalIn(thrown);
  if (refused !== undefined)
    return isBoundaryError(refused) ? refused : egressBlocked(name, refused);
  return causesOf(thrown).find(
    (cause): cause is BoundaryError => isBoundaryError(cause) && cause.kind === "cancelled",
  );
}

function unexpected(name: string, thrown: unknown): BoundaryError {
  return new BoundaryError("internal", `${name} failed unexpectedly: ${messageOf(thrown)}`, {
    cause: thrown,
    ...(isAgent33Error(thrown) && thrown.hint !== undefined ? { hint: thrown.hint } : {}),
  });
}

/** The egress guard has refused something that the call needed. */
function egressBlocked(name: string, refused: Error): BoundaryError {
  return new BoundaryError("egress_blocked", `${name} was stopped. ${refused.message}`, {
    hint: "What a handler opens it must open itself: a pool or a queue that others share loses track of who asked.",
    // What the handler had sent before that, nobody knows.
    phase: "unknown",
    cause: refused,
  });
}

/** A write that may not be repeated and whose answer was lost: nobody knows how it ended. */
export function withLostWrite(error: BoundaryError, name: string, facts: CallFacts): BoundaryError {
  const lost = error.phase === "unknown" && facts.effect !== "read" && facts.repeat === "once";
  if (!lost || error.kind === "outcome_unknown") return error;
  const message = `${name} was sent, but how it ended is unknown: ${error.message}`;
  return new BoundaryError("outcome_unknown", message, {
    hint: "Look at the other side before doing it again.",
    // A caller that went away, as all do at a shutdown, says nothing of the other side.
    countsAgainstBreaker: error.countsAgainstBreaker,
    cause: error,
  });
}

/** The caller's own end of a call. */
export function cancelled(signal: AbortSignal, phase: Phase = "unknown"): BoundaryError {
  return new BoundaryError("cancelled", "The caller cancelled the call.", {
    phase,
    cause: signal.reason,
  });
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "AbortError";
}
