/** Gives up what says nothing for so long. */
export interface Silence {
  /** Aborted with a `TimeoutError` when it was silent for too long, or as what it was made with is. */
  readonly signal: AbortSignal;
  /** Begins the time anew. */
  heard(): void;
  /** Stops the time until something is heard again. */
  end(): void;
}

/** The longest time that timers know; beyond it they fire at once. Milliseconds. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Begins the time.
 * @param ms milliseconds; beyond what timers know there is no limit
 * @param outer what gives it up as well
 */
export function createSilence(ms: number, outer: AbortSignal | undefined): Silence {
  const given = new AbortController();
  const over = (): void =>
    given.abort(new DOMException(`Nothing came for ${ms / 1_000} seconds.`, "TimeoutError"));
  const start = (): ReturnType<typeof setTimeout> | undefined =>
    ms <= longestTimerMs ? setTimeout(over, ms) : undefined;
  let timer = start();
  const end = (): void => clearTimeout(timer);
  const heard = (): void => {
    end();
    timer = start();
  };
  const signal = outer === undefined ? given.signal : AbortSignal.any([outer, given.signal]);
  return { signal, heard, end };
}
