import type { Clock } from "../base/clock.ts";
import type { BreakerStanding, BreakerStore, StoredBreaker } from "./ports.ts";

/** Breakers in memory, for tests and for programs that keep nothing. */
export function memoryBreakerStore(clock: Clock): BreakerStore {
  const rows = new Map<string, StoredBreaker>();
  const put = (standing: BreakerStanding, forced: StoredBreaker["forced"]): void => {
    rows.set(standing.key, { ...standing, forced, updatedAt: clock.now() });
  };
  const fresh = (key: string): BreakerStanding => ({
    key,
    state: "closed",
    openUntil: null,
    openings: 0,
    timesOpened: 0,
  });
  const holding = (row: StoredBreaker): StoredBreaker => {
    const until = row.forced?.until ?? null;
    return until !== null && until <= clock.now() ? { ...row, forced: null } : row;
  };
  return {
    list: ({ changedSince = 0 } = {}) =>
      [...rows.values()].filter((row) => row.updatedAt >= changedSince).map(holding),
    save: (standing) => put(standing, rows.get(standing.key)?.forced ?? null),
    force: (key, force) => put(rows.get(key) ?? fresh(key), force),
    unforce: (key) => {
      const row = rows.get(key);
      if (row === undefined || row.forced === null) return false;
      put(row, null);
      return holding(row).forced !== null;
    },
  };
}
