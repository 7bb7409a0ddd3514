import { bestFirst, byScore, inverseFrequency } from "../../tools/search/rank.ts";
import { addPosting, emptyPostings, type Postings, removePosting } from "./postings.ts";
import { phraseScorer } from "./phrases.ts";
import {
  type Fold,
  fullImpact,
  type SkillEntry,
  skillReader,
  type SkillText,
  taskWords,
} from "./skill-entry.ts";
import { defaultWeights, type MatchWeights } from "./weights.ts";

/** A skill as the index is given it. */
export interface IndexedSkill extends SkillText {
  /** What it is called among all: no two have the same. */
  readonly key: string;
  /** The same for the same content. */
  readonly digest: string;
}

/** How well the words of a task fit a skill, by ingredient. */
export interface WordScore {
  readonly key: string;
  /** The three below, weighted and added. */
  readonly score: number;
  /** BM25F over name, description and body; 1 for the skill that has the most. */
  readonly words: number;
  /** The share of the name that the task has; rare words count more. */
  readonly name: number;
  /** The task's pairs of neighbouring words that the body has too; 1 for the one with the most. */
  readonly phrases: number;
}

export interface SkillIndex {
  readonly size: number;
  /** What there is from now on; only what is new or changed is read. Of two with one key the last. */
  update(skills: readonly IndexedSkill[]): IndexChange;
  /** The skills whose words fit best, best first; equal ones by key. None where no word is known. */
  search(task: string, limit: number): readonly WordScore[];
}

export interface IndexChange {
  readonly added: number;
  readonly removed: number;
  readonly kept: number;
}

export interface SkillIndexOptions {
  readonly weights?: MatchWeights;
  /** Default {@link stem}. */
  readonly fold?: Fold;
  /** Entries of an earlier time, by digest; what it does not know is read. */
  readonly known?: (digest: string) => SkillEntry | undefined;
  /** Told what had to be read. */
  readonly onRead?: (digest: string, entry: SkillEntry) => void;
}

interface Held {
  readonly slot: number;
  readonly key: string;
  readonly digest: string;
  /** The skill's different words, by number; first those of its name. */
  readonly words: Uint32Array;
  readonly nameWords: number;
  readonly opening: Uint16Array;
}

interface Word {
  readonly number: number;
  readonly postings: Postings;
}

/** Skills that are looked at more closely: enough that the best fifty are among them. */
const lookedAt = 100;
/** Keeps a name of one common word from counting as much as one of three rare ones. */
const nameFloor = 5;

/**
 * Finds skills by the words of a task. First all by BM25F; of these the best are looked at more
 * closely, by how much of their name the task has and by the phrases that they share with it.
 */
export function createSkillIndex(options: SkillIndexOptions = {}): SkillIndex {
  const { weights = defaultWeights, known = () => undefined, onRead = () => undefined } = options;
  const read = skillReader(weights, options.fold);
  let held = new Map<string, Held>();
  const bySlot: (Held | undefined)[] = [];
  const freeSlots: number[] = [];
  const words = new Map<string, Word>();
  /** By number. Those of words that nobody has now are given again. */
  const texts: string[] = [];
  const freeNumbers: number[] = [];

  const numberOf = (text: string, slot: number, impact: number): number => {
    let word = words.get(text);
    if (word === undefined) {
      word = { number: freeNumbers.pop() ?? texts.length, postings: emptyPostings() };
      words.set(text, word);
      texts[word.number] = text;
    }
    addPosting(word.postings, slot, impact);
    return word.number;
  };

  const entryOf = (skill: IndexedSkill): SkillEntry => {
    const earlier = known(skill.digest);
    if (earlier !== undefined) return earlier;
    const entry = read(skill);
    onRead(skill.digest, entry);
    return entry;
  };

  const add = (skill: IndexedSkill): Held => {
    const entry = entryOf(skill);
    const slot = freeSlots.pop() ?? bySlot.length;
    const one: Held = {
      slot,
      key: skill.key,
      digest: skill.digest,
      words: Uint32Array.from(entry.words, (text, place) =>
        numberOf(text, slot, entry.impacts[place] ?? 0),
      ),
      nameWords: entry.nameWords,
      opening: entry.opening,
    };
    bySlot[slot] = one;
    return one;
  };

  const remove = (one: Held): void => {
    for (const number of one.words) {
      const text = texts[number] ?? "";
      const word = words.get(text);
      if (word === undefined) continue;
      removePosting(word.postings, one.slot);
      if (word.postings.size > 0) continue;
      words.delete(text);
      freeNumbers.push(number);
    }
    bySlot[one.slot] = undefined;
    freeSlots.push(one.slot);
  };

  const rarity = (text: string): number =>
    inverseFrequency(words.get(text)?.postings.size ?? 0, held.size);

  /** Of all skills, by slot. */
  const scoresOf = (asked: Iterable<string>): Float64Array => {
    const scores = new Float64Array(bySlot.length);
    for (const text of asked) {
      const word = words.get(text);
      if (word === undefined) continue;
      const { slots, impacts, size } = word.postings;
      const each = inverseFrequency(size, held.size) / fullImpact;
      for (let place = 0; place < size; place += 1) {
        const slot = slots[place] ?? 0;
        scores[slot] = (scores[slot] ?? 0) + each * (impacts[place] ?? 0);
      }
    }
    return scores;
  };

  /** The share of a name that is asked for, each word counted by the square of its rarity. */
  const nameShare = ({ words: own, nameWords }: Held, asked: ReadonlySet<string>): number => {
    let [all, shared] = [0, 0];
    for (const number of own.subarray(0, nameWords)) {
      const text = texts[number] ?? "";
      const weight = rarity(text) ** 2;
      all += weight;
      if (asked.has(text)) shared += weight;
    }
    return shared / (all + nameFloor);
  };

  return {
    get size() {
      return held.size;
    },
    update: (skills) => {
      const before = held;
      const wanted = new Map(skills.map((skill) => [skill.key, skill]));
      let [added, removed] = [0, 0];
      // What goes leaves its slots to what comes.
      for (const one of before.values()) {
        if (wanted.get(one.key)?.digest === one.digest) continue;
        remove(one);
        removed += 1;
      }
      held = new Map();
      for (const skill of wanted.values()) {
        const earlier = before.get(skill.key);
        const same = earlier?.digest === skill.digest ? earlier : undefined;
        if (same === undefined) added += 1;
        held.set(skill.key, same ?? add(skill));
      }
      return { added, removed, kept: held.size - added };
    },
    search: (task, limit) => {
      const sequence = taskWords(task, options.fold);
      const asked = new Set(sequence);
      const first: { readonly one: Held; readonly score: number }[] = [];
      const ranked = bestFirst(scoresOf(asked), (slot) => bySlot[slot]?.key);
      for (const { slot, score } of ranked) {
        if (first.length >= Math.max(limit, lookedAt)) break;
        const one = bySlot[slot];
        if (one !== undefined) first.push({ one, score });
      }
      const phrasesOf = phraseScorer(sequence, {
        numberOf: (text) => words.get(text)?.number,
        rarity,
        words: texts.length,
      });
      const looked = first.map(({ one, score }) => ({
        one,
        score,
        name: nameShare(one, asked),
        phrases: phrasesOf(one),
      }));
      const most = {
        words: looked.reduce((best, { score }) => Math.max(best, score), 0) || 1,
        phrases: looked.reduce((best, { phrases }) => Math.max(best, phrases), 0) || 1,
      };
      return looked
        .map((each) => {
          const [byWords, byPhrases] = [each.score / most.words, each.phrases / most.phrases];
          const score = byWords + weights.name * each.name + weights.phrases * byPhrases;
          const { key } = each.one;
          return { key, name: key, score, words: byWords, share: each.name, phrases: byPhrases };
        })
        .sort(byScore)
        .slice(0, limit)
        .map(({ key, score, words: byWords, share, phrases }) => ({
          key,
          score,
          words: byWords,
          name: share,
          phrases,
        }));
    },
  };
}
