/** The numbers behind the ranking of skills by their words. */
export interface MatchWeights {
  /** What an occurrence counts in each field. */
  readonly fields: { readonly name: number; readonly description: number; readonly body: number };
  /**
   * How much a long field is held against its skill, 0 to 1, beside one of a usual length in words.
   * The usual lengths are fixed, so that what is known of one skill does not depend on the others.
   */
  readonly lengths: Readonly<
    Record<"name" | "description" | "body", { readonly b: number; readonly usual: number }>
  >;
  /** How soon a further occurrence of a word stops to count. */
  readonly k1: number;
  /** What a name counts that the task has in full, beside the best score of all words. */
  readonly name: number;
  /** What the phrases of the task that the body has count, the most of any skill being 1. */
  readonly phrases: number;
}

/**
 * Chosen by cross-validation on the development half of the benchmark `skillmatch`, from the middle
 * of a wide range in which the choice hardly matters: docs/verification/bench-skillmatch.md.
 */
export const defaultWeights: MatchWeights = {
  fields: { name: 8, description: 5, body: 0.3 },
  lengths: {
    name: { b: 0.3, usual: 3 },
    description: { b: 0.5, usual: 30 },
    body: { b: 0.95, usual: 1_000 },
  },
  k1: 4,
  name: 0.3,
  phrases: 0.4,
};
