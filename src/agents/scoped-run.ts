import type { NewEvent, NewLiveEvent, StoredEvent } from "../events/event.ts";
import type { AgentPorts, RunSession } from "./ports.ts";
import { eventsOfAgent, type Scope, scopeOf } from "./scope.ts";

/** A run as one of its agents sees it. */
export interface ScopedRun {
  readonly session: RunSession;
  /** The whole log, the other agents' events too. */
  readAll(): readonly StoredEvent[];
  /** What this agent has seen and done. */
  read(): readonly StoredEvent[];
  /** Writes events as this agent's. */
  append(events: readonly NewEvent[]): readonly StoredEvent[];
  /** Tells watchers of an event as this agent's. */
  live(event: NewLiveEvent): void;
}

/** Opens a run for one of its agents. */
export function scopedRun(ports: AgentPorts, runId: string, of: Scope): ScopedRun {
  const scope = scopeOf(of);
  const session = ports.session(runId);
  return {
    session,
    readAll: () => ports.log.read(runId),
    read: () => eventsOfAgent(ports.log.read(runId), scope),
    append: (events) =>
      ports.log.append(
        runId,
        events.map((event) => ({ ...event, ...scope })),
      ),
    live: (event) => session.live({ ...event, ...scope }),
  };
}
