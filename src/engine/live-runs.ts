import type { RunSession } from "../agents/ports.ts";
import type { TakenRun } from "../durable/contract.ts";
import type { TaskEnvironment } from "../evaluation/environments/environment.ts";
import type { RunEvent } from "../events/event.ts";

/** A session that is open here, and the way in which its run's log is written: only while it is held. */
export interface LiveSession {
  readonly session: RunSession;
  readonly write: TakenRun["write"];
  readonly writeLater: TakenRun["writeLater"];
}

/** The live side of runs: sessions that are open here, who watches, and what trials work in. */
export interface LiveRuns {
  readonly sessions: Map<string, LiveSession>;
  readonly watchers: Map<string, Set<(event: RunEvent) => void>>;
  /** The environments of trials, by the runs that work in them. */
  readonly environments: Map<string, TaskEnvironment>;
}
