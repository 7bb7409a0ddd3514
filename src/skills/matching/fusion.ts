/** Dampens the first places; 60 as in the paper, which found that its choice hardly matters. */
const k = 60;

/** A key with its place in each ranking, from 1; undefined where a ranking does not have it. */
export interface Fused {
  readonly key: string;
  readonly score: number;
  readonly places: readonly (number | undefined)[];
}

/**
 * Reciprocal rank fusion: the sum over rankings of 1 / (60 + place), best first; equal ones by key.
 * Scores of different kinds never meet (G. Cormack, C. Clarke, S. Büttcher, "Reciprocal Rank Fusion
 * Outperforms Condorcet and Individual Rank Learning Methods", SIGIR 2009).
 * @param rankings keys, best first, none of them twice
 */
export function fuse(rankings: readonly (readonly string[])[]): readonly Fused[] {
  const places = rankings.map((keys) => new Map(keys.map((key, index) => [key, index + 1])));
  return [...new Set(rankings.flat())]
    .map((key): Fused => {
      const own = places.map((ranking) => ranking.get(key));
      const score = own.reduce<number>(
        (sum, place) => sum + (place === undefined ? 0 : 1 / (k + place)),
        0,
      );
      return { key, score, places: own };
    })
    .sort((one, other) => other.score - one.score || (one.key < other.key ? -1 : 1));
}
