import type { StoredEvent, TurnSummary } from "../events/event.ts";
import { agentOf, carriedFold, type Folding } from "./carried.ts";

/** What an agent is shown less of, as its log has decided. */
export interface Decisions {
  /** Results of which only the ends are shown: places of calls by turn. */
  readonly offloaded: ReadonlyMap<number, ReadonlySet<number>>;
  /** The last turn whose results are not shown; 0 for none. */
  readonly clearedThrough: number;
  /** What stands for the turns that are not shown at all. */
  readonly summary: TurnSummary | undefined;
  /** The last turn before which something was decided; 0 for none. */
  readonly decidedAt: number;
  /** The last turn before which turns were summarised; 0 for none. */
  readonly summarisedAt: number;
}

export const nothingDecided: Decisions = {
  offloaded: new Map(),
  clearedThrough: 0,
  summary: undefined,
  decidedAt: 0,
  summarisedAt: 0,
};

/** What has been decided in a log so far. Decisions hold from their turn on, which comes after them. */
export const decisionsOf = carriedFold<Decisions>(decisionsFold);

function decisionsFold(agentPath: string | undefined): Folding<Decisions> {
  const offloaded = new Map<number, Set<number>>();
  const state: { -readonly [K in keyof Decisions]: Decisions[K] } = {
    ...nothingDecided,
    offloaded,
  };
  const add = (event: StoredEvent): void => {
    if (event.type !== "context.compacted" || agentOf(event) !== agentPath) return;
    for (const { turn, index } of event.offloaded) {
      const places = offloaded.get(turn) ?? new Set();
      offloaded.set(turn, places.add(index));
    }
    state.clearedThrough = Math.max(state.clearedThrough, event.clearedThrough);
    state.decidedAt = event.turn;
    const { summary } = event;
    if (summary === undefined) return;
    state.summary = summary;
    state.summarisedAt = event.turn;
    // Nothing is asked any more about turns that are not shown.
    for (const turn of offloaded.keys()) if (turn <= summary.throughTurn) offloaded.delete(turn);
  };
  return { state, add };
}
