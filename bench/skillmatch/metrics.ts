/** How good one ranking is. All are 0 to 1. */
export interface RankingQuality {
  /** Share of what was wanted that is among the first five, and ten. */
  readonly recall5: number;
  readonly recall10: number;
  /** 1 / place of the first that was wanted, 0 where none is among the first ten. */
  readonly mrr10: number;
  /** Normalised discounted cumulative gain of the first ten. */
  readonly ndcg10: number;
}

const depth = 10;

/**
 * Holds a ranking against what was wanted, each of which counts the same (K. Järvelin,
 * J. Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", 2002, with a discount of
 * log2(place + 1) and the best possible ranking as norm).
 * @throws RangeError where nothing was wanted
 */
export function rankingQuality(
  ranking: readonly string[],
  wanted: ReadonlySet<string>,
): RankingQuality {
  if (wanted.size === 0) throw new RangeError("A ranking is held against something wanted.");
  const hits = ranking.slice(0, depth).map((key) => wanted.has(key));
  const first = hits.indexOf(true);
  const found = (places: number): number => hits.slice(0, places).filter(Boolean).length;
  return {
    recall5: found(5) / wanted.size,
    recall10: found(depth) / wanted.size,
    mrr10: first < 0 ? 0 : 1 / (first + 1),
    ndcg10: gain(hits) / gain(Array.from({ length: Math.min(depth, wanted.size) }, () => true)),
  };
}

function gain(hits: readonly boolean[]): number {
  return hits.reduce((sum, hit, place) => sum + (hit ? 1 / Math.log2(place + 2) : 0), 0);
}
