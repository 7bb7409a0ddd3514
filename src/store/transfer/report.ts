/** How far something long is. `done` and `total` count what the phase is about: bytes or rows. */
export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
}
export type OnProgress = (progress: Progress) => void;

/** A record that was set aside, with where it stands and why. */
export interface SetAside {
  readonly place: string;
  readonly reason: string;
}

/** Shown of a long list in a report; everything is counted, and set aside in the store. */
export const shownOfList = 100;

/** A list that shows its first items and counts all of them. */
export interface Tally<T> {
  readonly count: number;
  readonly first: readonly T[];
}

export const nothing: Tally<never> = { count: 0, first: [] };

/** The tally with more items. */
export function withMore<T>(tally: Tally<T>, items: readonly T[]): Tally<T> {
  if (items.length === 0) return tally;
  return {
    count: tally.count + items.length,
    first: [...tally.first, ...items].slice(0, shownOfList),
  };
}
