import { atifOfLog } from "../evaluation/trajectories/atif-of-log.ts";
import type { StoredEvent } from "../events/event.ts";

/** A run's log as a trajectory in ATIF. @throws Agent33Error `evaluation.no_trajectory` */
export function trajectoryOf(log: readonly StoredEvent[]): object {
  return atifOfLog(log);
}
