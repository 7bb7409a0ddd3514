/**
 * How much a word says that `having` of `all` texts have: ln(1 + (N - n + 0.5) / (n + 0.5)), which
 * is never below 0 (S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and
 * Beyond", 2009, with 1 added so that no word counts against a text).
 */
export function inverseFrequency(having: number, all: number): number {
  return Math.log(1 + (all - having + 0.5) / (having + 0.5));
}

export interface Ranked {
  readonly slot: number;
  readonly name: string;
  readonly score: number;
}

const firstBatch = 32;

/**
 * What has a score above 0, best first; equal ones by name. Sorts no more than is asked for: of
 * thousands that have some word, the first few are.
 * @param nameOf of the text in a slot; undefined where there is none
 */
export function* bestFirst(
  scores: Float64Array,
  nameOf: (slot: number) => string | undefined,
): Generator<Ranked, void> {
  const rising = scores.filter((score) => score > 0).sort();
  let below = Number.POSITIVE_INFINITY;
  for (let wanted = firstBatch; below > (rising[0] ?? below); wanted *= 8) {
    const least = rising[Math.max(0, rising.length - wanted)] ?? 0;
    const batch: Ranked[] = [];
    for (let slot = 0; slot < scores.length; slot += 1) {
      const score = scores[slot] ?? 0;
      if (score < least || score >= below) continue;
      const name = nameOf(slot);
      if (name !== undefined) batch.push({ slot, name, score });
    }
    yield* batch.sort(byScore);
    below = least;
  }
}

/** Higher scores first; equal ones by name. */
export function byScore(
  one: Pick<Ranked, "name" | "score">,
  other: Pick<Ranked, "name" | "score">,
): number {
  if (one.score !== other.score) return other.score - one.score;
  return one.name < other.name ? -1 : 1;
}
