import type { SkillText } from "../../src/skills/matching/skill-entry.ts";
import {
  createSkillIndex,
  type IndexedSkill,
  type SkillIndexOptions,
} from "../../src/skills/matching/skill-index.ts";

/** Keys of skills for a task, best first, ten at least. */
export type SkillSearch = (task: string) => readonly string[];

const shown = 10;

/** The search as it is, or with one thing changed. */
export function searchOf(
  skills: readonly IndexedSkill[],
  options: SkillIndexOptions = {},
): SkillSearch {
  const index = createSkillIndex(options);
  index.update(skills);
  return (task) => index.search(task, shown).map(({ key }) => key);
}

const plainWords = (text: string): readonly string[] =>
  text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Looks for the task's words of three letters or more in name and description; more is better. */
export function substringSearch(skills: readonly IndexedSkill[]): SkillSearch {
  const texts = skills.map(({ key, name, description }) => ({
    key,
    text: `${name} ${description}`.toLowerCase(),
  }));
  return (task) => {
    const words = [...new Set(plainWords(task))].filter((word) => word.length >= 3);
    return best(
      texts.map(({ key, text }) => [key, words.filter((word) => text.includes(word)).length]),
    );
  };
}

const [k1, b] = [1.2, 0.75];

/** Okapi BM25 of each field by itself, added with weights; words as they are written. */
export function plainSearch(
  skills: readonly IndexedSkill[],
  weights: Readonly<Record<keyof SkillText, number>>,
): SkillSearch {
  const fields = (["name", "description", "body"] as const).map((field) => {
    const postings = new Map<string, Map<number, number>>();
    const lengths = skills.map((skill, slot) => {
      const words = plainWords(skill[field]);
      for (const word of words) {
        const having = postings.get(word) ?? new Map<number, number>();
        postings.set(word, having.set(slot, (having.get(slot) ?? 0) + 1));
      }
      return words.length;
    });
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    return { weight: weights[field], postings, lengths, mean };
  });
  return (task) => {
    const scores = new Float64Array(skills.length);
    for (const word of new Set(plainWords(task))) {
      for (const { weight, postings, lengths, mean } of fields) {
        const having = postings.get(word);
        if (having === undefined) continue;
        const idf = Math.log(1 + (skills.length - having.size + 0.5) / (having.size + 0.5));
        for (const [slot, tf] of having) {
          const norm = k1 * (1 - b + (b * (lengths[slot] ?? 0)) / mean);
          scores[slot] = (scores[slot] ?? 0) + (weight * idf * tf * (k1 + 1)) / (tf + norm);
        }
      }
    }
    return best(skills.map(({ key }, slot) => [key, scores[slot] ?? 0]));
  };
}

function best(scores: readonly (readonly [string, number])[]): readonly string[] {
  return scores
    .filter(([, score]) => score > 0)
    .sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1))
    .slice(0, shown)
    .map(([key]) => key);
}
