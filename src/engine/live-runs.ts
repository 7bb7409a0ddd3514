import type { RunSession } from "../agents/ports.ts";
import type { TakenRun } from "../durable/contract.ts";
import type { RunEvent } from "../events/event.ts";

/** A session that is open here, and the way in which its run's log is written: only while it is held. */
export interface LiveSession {
  readonly session: RunSession;
  readonly write: TakenRun["write"];
  readonly writeLater: TakenRun["writeLater"];
}

/** The live side of runs: sessions that are open here, and who watches. */
export interface LiveRuns {
  readonly sessions: Map<string, LiveSession>;
  readonly watchers: Map<string, Set<(event: RunEvent) => void>>;
}
