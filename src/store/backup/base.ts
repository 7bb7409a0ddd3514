import { lastHistories, type Stretch, stretchesOf } from "../journal/histories.ts";
import type { ReplayTarget } from "../journal/replay.ts";
import type { BackupEntry } from "./catalogue.ts";

/** What a store can be made of: a backup, or nothing where the journal has all, and then changes. */
export interface Base {
  readonly backup?: BackupEntry;
  /** What is to be done after it, the oldest first; none where the journal does not go on from it. */
  readonly stretches: readonly Stretch[];
}

/**
 * Everything that leads to a target, the shortest way first: each history from the newest on, and
 * for each its backups from the newest on. A backup that no journal goes on from comes last.
 */
export function basesFor(
  entries: readonly BackupEntry[],
  journal: string,
  target: ReplayTarget,
): readonly Base[] {
  const { seq = Number.POSITIVE_INFINITY, at = Number.POSITIVE_INFINITY } = target;
  const usable = entries.filter(
    ({ manifest }) =>
      manifest !== undefined && manifest.seq <= seq && Date.parse(manifest.at) <= at,
  );
  const bases: Base[] = [];
  for (const history of lastHistories(journal)) {
    const stretches = stretchesOf(journal, history);
    for (const backup of usable) {
      const stretch = stretches.findIndex((one) => isWithin(one, backup));
      if (stretch === -1) continue;
      bases.push({ backup, stretches: stretches.slice(0, stretch + 1).toReversed() });
    }
    if (stretches.at(-1)?.empty === true) bases.push({ stretches: stretches.toReversed() });
  }
  return [...bases, ...usable.map((backup) => ({ backup, stretches: [] }))];
}

function isWithin({ history, upTo }: Stretch, { manifest }: BackupEntry): boolean {
  if (manifest === undefined || manifest.history !== history) return false;
  return upTo === null || manifest.seq <= upTo;
}
