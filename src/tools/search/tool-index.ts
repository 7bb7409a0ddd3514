import { bestFirst, inverseFrequency } from "./rank.ts";
import { readToolText, type SearchableTool, type ToolText } from "./tool-text.ts";
import { wordsOf } from "./words.ts";

/** How well words are held to fit. */
export interface Scoring {
  /** How soon a further occurrence of a word stops to count. */
  readonly k1: number;
  /** How much a long text is held against its tool: 0 not at all, 1 in full. */
  readonly b: number;
  /** What an occurrence counts in each field. */
  readonly weights: Readonly<Record<keyof ToolText, number>>;
}

/** Chosen on half of the queries of the benchmark `tool-search`, which shows what was tried. */
export const defaultScoring: Scoring = {
  k1: 2,
  b: 0.75,
  weights: { name: 3, description: 1, parameters: 0.3 },
};

export interface ToolIndexOptions {
  readonly scoring?: Scoring;
  /** Cuts texts and queries into words that can be compared. */
  readonly wordsOf?: (text: string) => readonly string[];
}

export interface ToolHit {
  readonly name: string;
  readonly score: number;
}

export interface SearchRequest {
  readonly query: string;
  readonly limit: number;
  /** Leaves out what must not be found. Asked of the best first, until there are enough. */
  readonly accepts?: (name: string) => boolean;
}

/** Tools of any number of sources, to be found by words. Names are unique over all of them. */
export interface ToolIndex {
  readonly size: number;
  /**
   * What a source offers from now on. Only what is new or changed is read anew.
   * @returns what could not be read, in sentences for a person
   */
  update(source: string, tools: readonly SearchableTool[]): readonly string[];
  /** The tools that fit best, best first; equal ones by name. None where no word is known. */
  search(request: SearchRequest): readonly ToolHit[];
}

interface Entry {
  /** Its number among all entries; that of one that is gone is given again. */
  readonly slot: number;
  readonly name: string;
  readonly text: ToolText;
  readonly words: readonly string[];
  /** Occurrences of all words, each with the weight of its field. */
  readonly length: number;
}

/**
 * Okapi BM25 over weighted fields: a word's occurrences are added up over the fields, each with the
 * field's weight, before they saturate (S. Robertson, H. Zaragoza, M. Taylor, "Simple BM25 extension
 * to multiple weighted fields", CIKM 2004). Of a tool d for a query q, with tf and length weighted:
 *
 *     score = sum over words t of q of  idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length))
 *
 * where idf is `inverseFrequency`.
 */
export function createToolIndex(options: ToolIndexOptions = {}): ToolIndex {
  const { k1, b, weights } = options.scoring ?? defaultScoring;
  const cut = options.wordsOf ?? ((text) => wordsOf(text));
  const sources = new Map<string, ReadonlyMap<string, Entry>>();
  const entries: (Entry | undefined)[] = [];
  const freeSlots: number[] = [];
  /** For each word the tools that have it, by slot, with its weighted occurrences. */
  const postings = new Map<string, Map<number, number>>();
  let size = 0;
  let totalLength = 0;

  const add = (text: ToolText): Entry => {
    const counts = new Map<string, number>();
    let length = 0;
    for (const field of ["name", "description", "parameters"] as const) {
      const weight = weights[field];
      for (const word of cut(text[field])) {
        counts.set(word, (counts.get(word) ?? 0) + weight);
        length += weight;
      }
    }
    const slot = freeSlots.pop() ?? entries.length;
    const entry: Entry = { slot, name: text.name, text, words: [...counts.keys()], length };
    entries[slot] = entry;
    for (const [word, count] of counts) {
      const having = postings.get(word);
      if (having === undefined) postings.set(word, new Map([[slot, count]]));
      else having.set(slot, count);
    }
    size += 1;
    totalLength += length;
    return entry;
  };

  const remove = (entry: Entry): void => {
    for (const word of entry.words) {
      const having = postings.get(word);
      having?.delete(entry.slot);
      if (having?.size === 0) postings.delete(word);
    }
    entries[entry.slot] = undefined;
    freeSlots.push(entry.slot);
    size -= 1;
    totalLength -= entry.length;
  };

  const scoresOf = (query: string): Float64Array => {
    const scores = new Float64Array(entries.length);
    const meanLength = totalLength / Math.max(1, size);
    for (const word of new Set(cut(query))) {
      const having = postings.get(word);
      if (having === undefined) continue;
      const idf = inverseFrequency(having.size, size);
      for (const [slot, count] of having) {
        const length = entries[slot]?.length ?? 0;
        const norm = k1 * (1 - b + (b * length) / meanLength);
        scores[slot] = (scores[slot] ?? 0) + (idf * count) / (count + norm);
      }
    }
    return scores;
  };

  return {
    get size() {
      return size;
    },
    update: (source, tools) => {
      const before = sources.get(source) ?? new Map<string, Entry>();
      const after = new Map<string, Entry>();
      const notices: string[] = [];
      // A name that is listed twice stands for what is listed last.
      for (const tool of new Map(tools.map((each) => [each.name, each])).values()) {
        const { text, problems } = readToolText(tool);
        if (problems.length > 0) {
          notices.push(`Search does not see all of tool "${text.name}": ${problems.join("; ")}.`);
        }
        const known = before.get(text.name);
        after.set(text.name, known !== undefined && sameText(known.text, text) ? known : add(text));
      }
      for (const [name, entry] of before) if (after.get(name) !== entry) remove(entry);
      sources.set(source, after);
      return notices;
    },
    search: ({ query, limit, accepts = () => true }) => {
      const hits: ToolHit[] = [];
      for (const { name, score } of bestFirst(scoresOf(query), (slot) => entries[slot]?.name)) {
        if (hits.length >= limit) break;
        if (accepts(name)) hits.push({ name, score });
      }
      return hits;
    },
  };
}

function sameText(one: ToolText, other: ToolText): boolean {
  return one.description === other.description && one.parameters === other.parameters;
}
