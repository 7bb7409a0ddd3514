import type { Random } from "../base/random.ts";
import type { BoundaryError } from "./errors.ts";
import type { CallFacts } from "./types.ts";

const baseDelayMs = 250;
const maxDelayMs = 20_000;

/**
 * Whether the same call may be sent again: it failed before it was sent, or sending it twice does
 * no harm. Nothing is retried once a chunk of the answer has reached the caller.
 */
export function mayRetry(facts: CallFacts, error: BoundaryError, chunkDelivered: boolean): boolean {
  if (!error.retryable || chunkDelivered) return false;
  if (error.phase === "before_send") return true;
  return facts.repeat !== "once";
}

/**
 * Wait before the next attempt, in milliseconds: full jitter over an exponential bound (Brooker,
 * "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), never less than what the other
 * side asked for.
 */
export function retryDelayMs(attempt: number, error: BoundaryError, random: Random): number {
  const bound = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
  const jittered = Math.floor(random.next() * bound);
  return Math.max(jittered, error.retryAfterMs ?? 0);
}

const savedAtMost = 10;
const earnedPerCall = 0.1;

/**
 * Keeps retries from multiplying an outage: each call earns a tenth of a retry, each retry costs
 * one, and a quiet connector always has a few saved.
 */
export class RetryBudget {
  #saved = savedAtMost;

  earn(): void {
    if (this.#saved < savedAtMost) this.#saved = Math.min(savedAtMost, this.#saved + earnedPerCall);
  }

  /** Whole retries that could be taken now. */
  get left(): number {
    return Math.floor(this.#saved);
  }

  take(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
