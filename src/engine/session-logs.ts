import type { StoredEvent } from "../events/event.ts";
import type { EngineStore } from "./tenant-store.ts";

/**
 * Reads the logs of runs that are worked on without decoding again what has been decoded: each step
 * of a run reads its whole log. The store stays the truth. Each read asks it for what is newer, so
 * what another process wrote and what the open transaction wrote are seen; only what is committed
 * is kept, so what is rolled back is gone. What is kept goes with its session.
 */
export function sessionLogs(
  { runLog, onAppend }: Pick<EngineStore, "runLog" | "onAppend">,
  sessions: ReadonlyMap<string, object>,
): (runId: string) => readonly StoredEvent[] {
  const kept = new WeakMap<object, readonly StoredEvent[]>();
  const newer = (runId: string, known: readonly StoredEvent[]) =>
    runLog.read(runId, { fromSeq: known.length + 1 });

  onAppend((events) => {
    const [first] = events;
    const session = first === undefined ? undefined : sessions.get(first.runId);
    if (first === undefined || session === undefined) return;
    const known = kept.get(session) ?? [];
    const follows = first.seq === known.length + 1;
    kept.set(session, [...known, ...(follows ? events : newer(first.runId, known))]);
  });
  return (runId) => {
    const session = sessions.get(runId);
    const known = (session === undefined ? undefined : kept.get(session)) ?? [];
    const more = newer(runId, known);
    return more.length === 0 ? known : [...known, ...more];
  };
}
