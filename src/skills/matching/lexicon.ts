import { runsOf, wordsOfRun } from "../../tools/search/words.ts";

/** Words as numbers. What was cut and stemmed once is not again: bodies repeat their words. */
export interface Lexicon {
  /** At most so many of a text's words, in their order. */
  wordsOf(text: string, most: number): readonly number[];
  /** How many numbers there are. */
  readonly size: number;
  readonly textOf: (word: number) => string;
  /** Forgets everything once there is too much of it; numbers from before mean nothing then. */
  tidy(): void;
}

/** Different runs of letters that are kept: tens of megabytes. */
const mostRuns = 300_000;

/** @param fold makes one of the forms of a word */
export function createLexicon(fold: (word: string) => string): Lexicon {
  const runs = new Map<string, readonly number[]>();
  const numbers = new Map<string, number>();
  const texts: string[] = [];

  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, texts.length);
    return texts.push(text) - 1;
  };

  return {
    wordsOf: (text, most) => {
      const words: number[] = [];
      for (const run of runsOf(text)) {
        let own = runs.get(run);
        if (own === undefined) {
          own = wordsOfRun(run, fold).map(numberOf);
          runs.set(run, own);
        }
        for (const word of own) words.push(word);
        if (words.length >= most) return words.slice(0, most);
      }
      return words;
    },
    get size() {
      return texts.length;
    },
    textOf: (word) => texts[word] ?? "",
    tidy: () => {
      if (runs.size < mostRuns) return;
      runs.clear();
      numbers.clear();
      texts.length = 0;
    },
  };
}
