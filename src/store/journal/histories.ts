import { join } from "node:path";
import { type Origin, originsIn, readOrigin, segmentsIn } from "./segments.ts";

/** A part of what happened: the changes of one history, up to the one from which another goes on. */
export interface Stretch {
  readonly history: string;
  /** The number of its first change, less one; null where that is not known. */
  readonly from: number | null;
  /** The number of its last change that counts; null for all. */
  readonly upTo: number | null;
  /** Whether the store was empty before its first change. */
  readonly empty: boolean;
}

/**
 * How a store came to where it is: its history, and those that it goes on from, the newest first.
 * Each goes on from its parent at the number where it begins.
 */
export function stretchesOf(journal: string, history: string): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let upTo: number | null = null;
  let next: string | null = history;
  while (next !== null && !stretches.some((one) => one.history === next)) {
    const origin: Origin | undefined = readOrigin(journal, next);
    stretches.push({
      history: next,
      from: origin?.seq ?? null,
      upTo,
      empty: origin?.empty ?? false,
    });
    upTo = origin?.seq ?? null;
    next = origin?.parent ?? null;
  }
  return stretches;
}

/**
 * The histories of a journal that have changes, the newest first. One without any may have been
 * begun by a process that was killed before it had used it.
 */
export function lastHistories(journal: string): readonly string[] {
  return originsIn(journal)
    .map(({ history }) => history)
    .filter((history) => segmentsIn(join(journal, history)).length > 0);
}
