import { encodeEvent } from "../events/codec.ts";
import type { StoredEvent } from "../events/event.ts";
import type { RouteContext, StreamItem } from "./route.ts";

/** How long nothing may happen before a sign of life. Milliseconds. */
const heartbeatMs = 15_000;
/** How often the log is looked at for what other processes wrote. Milliseconds. */
const lookMs = 1_000;

/**
 * A run's events after a place, as they are written, until the run's end; undefined where the run
 * has ended and all is known. Within this process an append is told at once; for the sake of other
 * processes the log is looked at from time to time.
 * @param prefix the run's id, or its beginning
 * @param after the `seq` of the last event that the other side has; 0 for none
 * @throws Agent33Error `store.unknown_run`, `store.ambiguous_id`
 */
export function runEvents(
  prefix: string,
  after: number,
  { engine: { store }, signal, host: { clock } }: RouteContext,
): AsyncIterable<StreamItem> | undefined {
  const { id } = store.runs.find(prefix);
  const newer = (from: number) => store.runLog.read(id, { fromSeq: from + 1 });
  if (store.runs.find(id).state === "finished" && newer(after).length === 0) return undefined;
  return follow();

  async function* follow(): AsyncGenerator<StreamItem> {
    let place = after;
    let toldAt = clock.monotonic();
    const bell = createBell();
    const stop = store.onAppend(([first]) => {
      if (first?.runId === id) bell.ring();
    });
    signal.addEventListener("abort", bell.ring);
    try {
      while (!signal.aborted) {
        const events = newer(place);
        for (const event of events) {
          yield { id: String(event.seq), event: event.type, data: encodeEvent(event) };
          place = event.seq;
        }
        if (events.some(isEnd)) return;
        if (events.length > 0) toldAt = clock.monotonic();
        else if (clock.monotonic() - toldAt >= heartbeatMs) {
          yield { comment: "nothing new" };
          toldAt = clock.monotonic();
        }
        // What was written while the other side read is there at once.
        if (newer(place).length === 0) await bell.heard(lookMs);
      }
      yield { event: "server.closing", data: "{}" };
    } finally {
      signal.removeEventListener("abort", bell.ring);
      stop();
    }
  }
}

function isEnd({ type }: StoredEvent): boolean {
  return type === "run.finished";
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
    /** Resolves when it was rung since this was last called, or is, or after `ms`. */
    heard: async (ms: number): Promise<void> => {
      if (!rung) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, ms);
        await promise;
        clearTimeout(timer);
      }
      rung = false;
    },
  };
}
