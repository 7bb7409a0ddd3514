import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import { decodeEvent, encodeEvent } from "../../events/codec.ts";
import { type NewEvent, type StoredEvent, storedEventSchema } from "../../events/event.ts";
import type { Database } from "./database.ts";
import { unknownRun } from "./runs.ts";

/** What happened in each run: the truth of it, appended to and never changed. */
export interface RunLog {
  /**
   * Gives the events their place (1, 2, 3 … in each run, without a gap) and time, and writes them
   * in the transaction that is open, or in one of their own.
   * @throws Agent33Error `store.unknown_run`, `store.bad_event`, other `store.*`
   */
  append(runId: string, events: readonly NewEvent[]): readonly StoredEvent[];
  /**
   * A run's events in order, from `fromSeq` (default 1) on.
   * @throws Agent33Error `events.malformed` where an event is damaged or of another version
   */
  read(runId: string, options?: { readonly fromSeq?: number }): readonly StoredEvent[];
  /**
   * Tells of events of this process once they are committed, in order; rolled back ones are never
   * told. Returns the function that ends it.
   */
  onAppend(listener: (events: readonly StoredEvent[]) => void): () => void;
}

export function createRunLog(database: Database, clock: Clock): RunLog {
  const listeners = new Set<(events: readonly StoredEvent[]) => void>();
  return {
    append: (runId, events) => {
      if (events.length === 0) return [];
      return database.transaction((sql) => {
        const row = sql.get(
          `SELECT (SELECT max(seq) FROM run_events WHERE run_id = runs.id) AS last
           FROM runs WHERE id = ?`,
          runId,
        );
        if (row === undefined) throw unknownRun(runId);
        const last = Number(row["last"] ?? 0);
        const at = clock.now();
        const stored = events.map((event, index) =>
          place(event, { runId, at, seq: last + index + 1 }),
        );
        for (const event of stored) {
          sql.run(
            "INSERT INTO run_events (run_id, seq, at, type, event) VALUES (?, ?, ?, ?, ?)",
            runId,
            event.seq,
            at,
            event.type,
            encodeEvent(event),
          );
        }
        for (const listener of listeners) database.afterCommit(() => listener(stored));
        return stored;
      });
    },
    read: (runId, options = {}) =>
      database.sql
        .all(
          "SELECT event FROM run_events WHERE run_id = ? AND seq >= ? ORDER BY seq",
          runId,
          options.fromSeq ?? 1,
        )
        .map((row) => decodeEvent(String(row["event"]))),
    onAppend: (listener) => {
      // Its own function, so that one listener given twice is two subscriptions.
      const subscription = (events: readonly StoredEvent[]): void => listener(events);
      listeners.add(subscription);
      return () => {
        listeners.delete(subscription);
      };
    },
  };
}

/** An event that could not be read back is a fault of its writer and must not enter the log. */
function place(
  event: NewEvent,
  where: { readonly runId: string; readonly at: number; readonly seq: number },
): StoredEvent {
  const parsed = storedEventSchema.safeParse({ ...event, ...where });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const what = `${event.type}: ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "?"}`;
  throw new Agent33Error(
    "store.bad_event",
    `An event of run ${where.runId} is malformed: ${what}.`,
    {
      hint: "This is a fault in AGENT-33 itself. Please report it with the message.",
      cause: parsed.error,
    },
  );
}
