import type { StoredEvent } from "../events/event.ts";

/** A fold over a log: how it begins, and what one event more makes of it. */
export interface Fold<S> {
  begin(): S;
  /** Changes the state. */
  add(state: S, event: StoredEvent): void;
}

/** Which part of a log is folded. */
export interface Part {
  /** How many of its events from the first on. Default: all. */
  readonly count?: number;
  readonly agentPath?: string | undefined;
}

interface Kept<S> {
  readonly state: S;
  /** How many events are in it, and the last of them. */
  readonly count: number;
  readonly last: StoredEvent | undefined;
}

/**
 * Folds logs, going on from where it left off where a log has only grown: each step of a run folds
 * all of its past. A log that is not known, that ends earlier or that goes another way is folded
 * from its beginning, so the result is always that of the fold alone. What is kept of a log goes
 * with its first event. Two logs with one path and the same event at the same place must be one log.
 * @returns a function that gives the state of a part; it changes with the next call
 */
export function carriedFold<S>(
  foldOf: (agentPath: string | undefined) => Fold<S>,
): (events: readonly StoredEvent[], part?: Part) => S {
  const kept = new WeakMap<StoredEvent, Map<string | undefined, Kept<S>>>();
  return (events, { count = events.length, agentPath } = {}) => {
    const fold = foldOf(agentPath);
    const first = events[0];
    if (first === undefined || count === 0) return fold.begin();
    const ofLog = kept.get(first) ?? new Map<string | undefined, Kept<S>>();
    const known = ofLog.get(agentPath);
    const isSame = known !== undefined && events[known.count - 1] === known.last;
    const from = isSame && known.count <= count ? known : undefined;
    const state = from?.state ?? fold.begin();
    for (let place = from?.count ?? 0; place < count; place += 1) {
      const event = events[place];
      if (event !== undefined) fold.add(state, event);
    }
    // A look back is no reason to forget what is ahead.
    if (from === known || !isSame) {
      ofLog.set(agentPath, { state, count, last: events[count - 1] });
      kept.set(first, ofLog);
    }
    return state;
  };
}

/**
 * One agent's own events up to a place, as a part of a log. Logs of several agents of a run begin
 * with the same event, that the session was opened.
 */
export function ownPart(events: readonly StoredEvent[], throughSeq: number): Part {
  const own = events.find(({ type }) => type !== "session.opened");
  const agentPath = own !== undefined && "agentPath" in own ? own.agentPath : undefined;
  return { count: countThrough(events, throughSeq), agentPath };
}

/** How many of a log's events there are up to a place of it. */
export function countThrough(events: readonly StoredEvent[], throughSeq: number): number {
  let count = events.length;
  while (count > 0 && (events[count - 1]?.seq ?? 0) > throughSeq) count -= 1;
  return count;
}
