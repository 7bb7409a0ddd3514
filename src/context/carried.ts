import type { StoredEvent } from "../events/event.ts";

/** A fold over a run's log that can take one more event. */
export interface Folding<State> {
  readonly state: State;
  add(event: StoredEvent): void;
}

/** The state of a log up to an event, for the agent whose path is given. */
export type Fold<State> = (
  events: readonly StoredEvent[],
  throughSeq: number,
  agentPath: string | undefined,
) => State;

interface Carried<State> {
  readonly folding: Folding<State>;
  count: number;
  last: StoredEvent | undefined;
}

/**
 * Folds a log and carries the result on: a log that has grown since is folded from there, so that a
 * long past costs nothing more. What was folded stands as long as the log begins with the very same
 * events; any other log is folded from its beginning. The state is the fold's own: read it before
 * the next event.
 */
export function carriedFold<State>(
  begin: (agentPath: string | undefined) => Folding<State>,
): Fold<State> {
  const known = new WeakMap<StoredEvent, Map<string | undefined, Carried<State>>>();
  return (events, throughSeq, agentPath) => {
    const [first] = events;
    if (first === undefined) return begin(agentPath).state;
    const ofLog = known.get(first) ?? new Map<string | undefined, Carried<State>>();
    known.set(first, ofLog);
    let carried = ofLog.get(agentPath);
    const goesOn =
      carried !== undefined &&
      (carried.last === undefined ||
        (events[carried.count - 1] === carried.last && carried.last.seq <= throughSeq));
    if (carried === undefined || !goesOn) {
      carried = { folding: begin(agentPath), count: 0, last: undefined };
      ofLog.set(agentPath, carried);
    }
    for (;;) {
      const event = events[carried.count];
      if (event === undefined || event.seq > throughSeq) return carried.folding.state;
      carried.folding.add(event);
      carried.count += 1;
      carried.last = event;
    }
  };
}

/** The agent that an event belongs to; undefined for the run's own and for what is the run's. */
export function agentOf(event: StoredEvent): string | undefined {
  return "agentPath" in event ? event.agentPath : undefined;
}
