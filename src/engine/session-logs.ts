import type { StoredEvent } from "../events/event.ts";
import type { EngineStore } from "./tenant-store.ts";

/** What is known of a run's log. */
interface Kept {
  readonly events: readonly StoredEvent[];
  /** Up to which of other processes' writes it is whole; undefined: not known. */
  readonly upTo: number | undefined;
}

/**
 * Reads the logs of runs that are worked on without decoding again what has been decoded: each step
 * of a run reads its whole log. The store stays the truth. Each read asks it whether anybody else
 * has written, and for what is newer where that is so or a transaction is open; only what is committed
 * is kept, so what is rolled back is gone. What is kept goes with its session.
 */
export function sessionLogs(
  { runLog, onAppend, transactions }: Pick<EngineStore, "runLog" | "onAppend" | "transactions">,
  sessions: ReadonlyMap<string, object>,
): (runId: string) => readonly StoredEvent[] {
  const kept = new WeakMap<object, Kept>();
  const nothing: Kept = { events: [], upTo: undefined };
  const newer = (runId: string, { events }: Kept) =>
    runLog.read(runId, { fromSeq: events.length + 1 });

  onAppend((events) => {
    const [first] = events;
    const session = first === undefined ? undefined : sessions.get(first.runId);
    if (first === undefined || session === undefined) return;
    const known = kept.get(session) ?? nothing;
    const follows = first.seq === known.events.length + 1;
    const more = follows ? events : newer(first.runId, known);
    kept.set(session, { events: [...known.events, ...more], upTo: known.upTo });
  });
  return (runId) => {
    const session = sessions.get(runId);
    if (session === undefined) return newer(runId, nothing);
    const known = kept.get(session) ?? nothing;
    const upTo = transactions.foreignWrites();
    if (upTo !== undefined && upTo === known.upTo) return known.events;
    const more = newer(runId, known);
    const events = more.length === 0 ? known.events : [...known.events, ...more];
    if (upTo !== undefined) kept.set(session, { events, upTo });
    return events;
  };
}
