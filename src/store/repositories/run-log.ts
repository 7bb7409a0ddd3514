import { Agent33Error } from "../../base/errors.ts";
import { decodeEvent, encodeEvent } from "../../events/codec.ts";
import { type NewEvent, type StoredEvent, storedEventSchema } from "../../events/event.ts";
import { damagedIndex } from "../newest-first.ts";
import { everySeq } from "../pages.ts";
import { change, first, lock, type Program, read, rows, rowsByPlace, write } from "../program.ts";
import { asItStands } from "../seals/checked-text.ts";
import type { RepositoryContext } from "./context.ts";
import { unknownRun } from "./runs.ts";

/** So many rows before and behind the end of a log the table itself is asked for. */
const reach = 100;

/** What happened in each run: the truth of it, appended to and never changed. */
export function runLogRepository({ tenant, clock, logEnds }: RepositoryContext) {
  function* endOf(runId: string): Program<number> {
    const known = logEnds?.endOf(tenant, runId);
    if (known !== undefined) return known;
    const run = yield* first(
      `SELECT (SELECT seq FROM run_events WHERE run_id = runs.id ORDER BY seq DESC LIMIT 1) AS last
       FROM runs WHERE tenant = ? AND id = ?`,
      tenant,
      runId,
    );
    if (run === undefined) throw unknownRun(runId);
    return Number(run["last"] ?? 0);
  }

  /**
   * Whether the table has an event between two places, though the index has none.
   * @param beside one that the index has
   */
  function* hides(
    runId: string,
    [above, below]: readonly [number, number],
    beside: number,
  ): Program<boolean> {
    // The table's last row where the index has none at all.
    const near = `COALESCE((SELECT rowid FROM ${asItStands} run_events WHERE run_id = ? AND seq = ?),
      (SELECT MAX(rowid) FROM ${asItStands} run_events))`;
    // Joined with its run, the events would be looked for by their index again.
    const found = yield* rowsByPlace(
      `SELECT 1 FROM ${asItStands} run_events WHERE run_id || '' = ? AND seq > ? AND seq < ?
         AND (SELECT tenant FROM ${asItStands} runs WHERE id = ?) = ?
         AND rowid > ${near} - ${reach} AND rowid < ${near} + ${reach} LIMIT 1`,
      runId,
      above,
      below,
      runId,
      tenant,
      runId,
      beside,
      runId,
      beside,
    );
    return found.length > 0;
  }

  return {
    /**
     * Gives the events their place (1, 2, 3 … in each run, without a gap) and time, and writes
     * them.
     * @param options `at`: when it was, where that is not now
     * @throws Agent33Error `store.unknown_run`, `store.bad_event`, other `store.*`
     */
    append: write(function* (
      runId: string,
      events: readonly NewEvent[],
      options: { readonly at?: number } = {},
    ): Program<readonly StoredEvent[]> {
      if (events.length === 0) return [];
      yield* lock("run-log", runId);
      const last = yield* endOf(runId);
      const at = options.at ?? clock.now();
      const stored = events.map((event, index) =>
        place(event, { runId, at, seq: last + index + 1 }),
      );
      for (const event of stored) {
        yield* change(
          "INSERT INTO run_events (run_id, seq, at, type, event) VALUES (?, ?, ?, ?, ?)",
          runId,
          event.seq,
          at,
          event.type,
          encodeEvent(event),
        );
      }
      logEnds?.writtenTo(tenant, runId, last + stored.length);
      return stored;
    }),
    /**
     * A run's events in order, from `fromSeq` (default 1) on, at most `limit` of them. What it
     * seems to lack is looked for without its index: an altered byte there can end a search before
     * its time.
     * @throws Agent33Error `events.malformed` where an event is damaged or of another version;
     * `store.corrupt` where the index has not all events
     */
    read: read(function* (
      runId: string,
      options: { readonly fromSeq?: number; readonly limit?: number } = {},
    ): Program<readonly StoredEvent[]> {
      const { fromSeq = 1, limit } = options;
      const most = limit === undefined ? [] : [limit];
      const found = yield* rows(
        `SELECT event FROM run_events JOIN runs ON runs.id = run_id
         WHERE tenant = ? AND run_id = ? AND run_events.seq >= ? ORDER BY run_events.seq${limit === undefined ? "" : " LIMIT ?"}`,
        tenant,
        runId,
        fromSeq,
        ...most,
      );
      const events = found.map((row) => decodeEvent(String(row["event"])));
      let last = fromSeq - 1;
      for (const { seq } of events) {
        const isNext = seq === last + 1;
        if (!isNext && (yield* hides(runId, [last, seq], seq))) throw damagedIndex("run_events");
        last = seq;
      }
      if (events.length === limit) return events;
      if (yield* hides(runId, [last, everySeq], last)) throw damagedIndex("run_events");
      return events;
    }),
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
