import { isAgent33Error } from "../base/errors.ts";

/**
 * How writes wait for another process's lock: without blocking the thread, because what waits for an
 * answer here would take a blocked thread for silence. The pauses are short at first, because a busy
 * process leaves the lock alone for a moment only.
 */
const firstPauseMs = 1;
const shortPausesMs = 4;
const longPausesMs = 50;
/** From here on the lock is not ordinary: whoever holds it may be stopped. */
const tellAfterMs = 1000;

/** Whether a write failed by what may be over in a moment. */
export function isRetryable(error: unknown): boolean {
  return isAgent33Error(error) && error.retryable;
}

/** Counts how long writes have been refused, and says so once for each stretch. */
export interface Patience {
  /** A write was refused. Gives how long to wait before the next try. Milliseconds. */
  refused(error: unknown): number;
  /** A write got through. */
  over(): void;
  /** Milliseconds without a write that got through. */
  readonly waitedMs: number;
}

export function createPatience(tell: (error: unknown) => void): Patience {
  let waitedMs = 0;
  let pauseMs = firstPauseMs;
  let isTold = false;
  return {
    refused: (error) => {
      const ms = pauseMs;
      waitedMs += ms;
      pauseMs = Math.min(pauseMs * 2, waitedMs < tellAfterMs ? shortPausesMs : longPausesMs);
      if (!isTold && waitedMs >= tellAfterMs) {
        isTold = true;
        tell(error);
      }
      return ms;
    },
    over: () => {
      waitedMs = 0;
      pauseMs = firstPauseMs;
      isTold = false;
    },
    get waitedMs() {
      return waitedMs;
    },
  };
}
