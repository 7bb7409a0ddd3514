import { joinFeed } from "./run-feed.ts";
import type { RouteContext, StreamItem } from "./route.ts";

/** How long nothing may happen before a sign of life. Milliseconds. */
const heartbeatMs = 15_000;

/**
 * A run's events after a place, as they are written, until the run's end; undefined where the run
 * has ended and all is known.
 * @param prefix the run's id, or its beginning
 * @param after the `seq` of the last event that the other side has; 0 for none
 * @throws Agent33Error `store.unknown_run`, `store.ambiguous_id`
 */
export function runEvents(
  prefix: string,
  after: number,
  { engine: { store }, signal, host: { clock } }: RouteContext,
): AsyncIterable<StreamItem> | undefined {
  const { id, state } = store.runs.find(prefix);
  const isOver = state === "finished";
  if (isOver && store.runLog.read(id, { fromSeq: after + 1, limit: 1 }).length === 0) {
    return undefined;
  }
  return follow();

  async function* follow(): AsyncGenerator<StreamItem> {
    let place = after;
    let toldAt = clock.monotonic();
    const bell = createBell();
    const feed = joinFeed(store, id, bell.ring);
    signal.addEventListener("abort", bell.ring);
    try {
      while (!signal.aborted) {
        const events = feed.after(place);
        for (const { seq, isLast, item } of events) {
          yield item;
          place = seq;
          if (isLast) return;
        }
        if (events.length > 0) toldAt = clock.monotonic();
        else if (clock.monotonic() - toldAt >= heartbeatMs) {
          yield { comment: "nothing new" };
          toldAt = clock.monotonic();
        }
        // What was written while the other side read is there at once.
        else await bell.heard();
      }
      yield { event: "server.closing", data: "{}" };
    } finally {
      signal.removeEventListener("abort", bell.ring);
      feed.leave();
    }
  }
}

/** Wakes the one who waits for it. */
function createBell() {
  let wake: () => void = () => undefined;
  let rung = false;
  return {
    ring: (): void => {
      rung = true;
      wake();
    },
    /** Resolves when it was rung since this was last called, or is. */
    heard: async (): Promise<void> => {
      if (!rung) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
      rung = false;
    },
  };
}
