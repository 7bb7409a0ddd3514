import type { Clock } from "../../base/clock.ts";

/** A limit on the time of a call. It stands still while a person is asked. */
export interface TimeLimit {
  /** Aborts when the time is up, and when the outer signal does. */
  readonly signal: AbortSignal;
  pause(): void;
  resume(): void;
  /** Nobody waits any more. */
  end(): void;
}

export function createTimeLimit(ms: number, outer: AbortSignal, clock: Clock): TimeLimit {
  const own = new AbortController();
  const expire = (): void => {
    own.abort(new DOMException("The call took longer than it may.", "TimeoutError"));
  };
  let leftMs = ms;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const resume = (): void => {
    since = clock.monotonic();
    timer = setTimeout(expire, Math.max(0, leftMs)).unref();
  };
  const pause = (): void => {
    clearTimeout(timer);
    leftMs -= clock.monotonic() - since;
  };
  resume();
  return {
    signal: AbortSignal.any([outer, own.signal]),
    pause,
    resume,
    end: () => clearTimeout(timer),
  };
}
