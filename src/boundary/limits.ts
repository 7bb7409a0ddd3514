/** Calls in flight at once. No queue: who waits unseen holds resources that nobody counts. */
export interface Bulkhead {
  enter(): boolean;
  leave(): void;
}

export function createBulkhead(maxConcurrent: number): Bulkhead {
  let inside = 0;
  return {
    enter: () => {
      if (inside >= maxConcurrent) return false;
      inside += 1;
      return true;
    },
    leave: () => {
      inside -= 1;
    },
  };
}

/**
 * A rate limit by the generic cell rate algorithm (ITU-T I.371): one number of state.
 * Admits `perSecond` calls a second on average and bursts of as many.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  #theoreticalArrivalMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#intervalMs = 1000 / perSecond;
    this.#toleranceMs = Math.max(0, 1000 - this.#intervalMs);
  }

  /** 0 when admitted, else milliseconds until the next call may come. */
  admit(nowMs: number): number {
    const arrival = Math.max(this.#theoreticalArrivalMs, nowMs);
    const earlyMs = arrival - nowMs - this.#toleranceMs;
    // A float's worth of slack, so that evenly spaced calls are never refused by rounding.
    if (earlyMs > 1e-6) return earlyMs;
    this.#theoreticalArrivalMs = arrival + this.#intervalMs;
    return 0;
  }
}

export const createRateLimit = (perSecond: number): RateLimit => new RateLimit(perSecond);
