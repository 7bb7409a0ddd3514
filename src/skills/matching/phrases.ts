import { openingWords } from "./skill-entry.ts";

/** What is known of words, by text and by number. */
export interface KnownWords {
  readonly numberOf: (text: string) => number | undefined;
  readonly rarity: (text: string) => number;
  /** Above the highest number of any word. */
  readonly words: number;
}

/** A skill's different words, by number, and the beginning of its body as places among them. */
export interface PhraseText {
  readonly words: Uint32Array;
  readonly opening: Uint16Array;
}

/** How soon a further occurrence of a phrase stops to count, and how a long text is held against it. */
const [k1, b] = [2, 0.75];

/**
 * How much of a task's phrases is in the beginning of a skill's body. A phrase is two words that
 * stand one after the other; it counts what its words count, saturated as BM25 does.
 * @param sequence the task's words in their order
 */
export function phraseScorer(
  sequence: readonly string[],
  { numberOf, rarity, words: all }: KnownWords,
): (text: PhraseText) => number {
  // A word's place among those of the task, from 1.
  const places = new Uint32Array(all);
  let mostPlaces = 1;
  const placeOf = (text: string): number => {
    const number = numberOf(text);
    if (number === undefined) return 0;
    if (places[number] === 0) {
      places[number] = mostPlaces;
      mostPlaces += 1;
    }
    return places[number] ?? 0;
  };
  const taskPlaces = sequence.map(placeOf);
  const pairs = new Map<number, number>();
  for (let index = 1; index < sequence.length; index += 1) {
    const [left = "", right = ""] = [sequence[index - 1], sequence[index]];
    const [from = 0, to = 0] = [taskPlaces[index - 1], taskPlaces[index]];
    if (from === 0 || to === 0 || from === to) continue;
    pairs.set(from * mostPlaces + to, rarity(left) + rarity(right));
  }
  return ({ words, opening }) => {
    const own = new Uint32Array(words.length);
    for (let place = 0; place < words.length; place += 1)
      own[place] = places[words[place] ?? 0] ?? 0;
    const found = new Map<number, number>();
    let left = 0;
    for (let place = 0; place < opening.length; place += 1) {
      const right = own[opening[place] ?? 0] ?? 0;
      if (left > 0 && right > 0) {
        const pair = left * mostPlaces + right;
        if (pairs.has(pair)) found.set(pair, (found.get(pair) ?? 0) + 1);
      }
      left = right;
    }
    const long = 1 - b + (b * opening.length) / openingWords;
    let score = 0;
    for (const [pair, count] of found) {
      const tf = count / long;
      score += ((pairs.get(pair) ?? 0) * tf) / (tf + k1);
    }
    return score;
  };
}
