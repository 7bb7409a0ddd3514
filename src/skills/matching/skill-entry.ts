import { wordsOf } from "../../tools/search/words.ts";
import type { Skill } from "../skill.ts";
import { createLexicon } from "./lexicon.ts";
import { stem } from "./stem.ts";
import type { MatchWeights } from "./weights.ts";

/** What of a skill is searched. */
export type SkillText = Pick<Skill, "name" | "description" | "body">;

/** What the index knows of one skill. It depends on nothing but the skill's text and the weights. */
export interface SkillEntry {
  /** The skill's different words; first those of its name, then in the order of their places. */
  readonly words: readonly string[];
  /** How many of these the name has. */
  readonly nameWords: number;
  /** What each word says of the skill, of {@link fullImpact}. */
  readonly impacts: Uint16Array;
  /** The body's first words, one after the other, as places in `words`. */
  readonly opening: Uint16Array;
}

/** Makes one of the forms of a word. */
export type Fold = (word: string) => string;

/** An impact of 1. */
export const fullImpact = 65_535;

/** Words of a body that are searched; the longest of thousands of published ones have half of it. */
const mostWords = 20_000;
/** Words of a body in which phrases are looked for. */
export const openingWords = 800;
/** Characters of a name or description; what they say, they say long before. */
const longestField = 10_000;

/**
 * Reads skills. The impact of a word is BM25F's (S. Robertson, H. Zaragoza, M. Taylor, "Simple BM25
 * extension to multiple weighted fields", CIKM 2004; with a length of its own for each field,
 * "Microsoft Cambridge at TREC-13", 2004), without the part that depends on other skills:
 *
 *     tf = sum over fields f of  weight(f) * occurrences / (1 - b(f) + b(f) * length / usual length)
 *     impact = tf / (tf + k1)
 */
export function skillReader(
  weights: MatchWeights,
  fold: Fold = stem,
): (skill: SkillText) => SkillEntry {
  const lexicon = createLexicon(fold);
  /** Of each word its place among those of the skill that is read, from 1. */
  let places = new Uint16Array(0);
  return ({ name, description, body }) => {
    lexicon.tidy();
    const fields = [
      ["name", lexicon.wordsOf(name.slice(0, longestField), mostWords)],
      ["description", lexicon.wordsOf(description.slice(0, longestField), mostWords)],
      ["body", lexicon.wordsOf(body, mostWords)],
    ] as const;
    if (places.length < lexicon.size) places = new Uint16Array(2 * lexicon.size);
    const own: number[] = [];
    const counts: number[] = [];
    let nameWords = 0;
    for (const [field, words] of fields) {
      const { b, usual } = weights.lengths[field];
      const each = weights.fields[field] / (1 - b + (b * words.length) / usual);
      for (const word of words) {
        const place = places[word] ?? 0;
        if (place > 0) counts[place - 1] = (counts[place - 1] ?? 0) + each;
        else {
          own.push(word);
          places[word] = counts.push(each);
        }
      }
      if (field === "name") nameWords = own.length;
    }
    const opening = fields[2][1].slice(0, openingWords);
    const entry: SkillEntry = {
      words: own.map(lexicon.textOf),
      nameWords,
      impacts: Uint16Array.from(counts, (tf) =>
        Math.max(1, Math.round((fullImpact * tf) / (tf + weights.k1))),
      ),
      opening: Uint16Array.from(opening, (word) => (places[word] ?? 1) - 1),
    };
    for (const word of own) places[word] = 0;
    return entry;
  };
}

/** Characters of a task that are looked at. */
const longestTask = 100_000;

/** A task's words in their order, as those of skills are cut. */
export function taskWords(task: string, fold: Fold = stem): readonly string[] {
  return wordsOf(task.slice(0, longestTask), fold);
}
