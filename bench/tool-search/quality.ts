import {
  createToolIndex,
  defaultScoring,
  type Scoring,
  type ToolIndexOptions,
} from "../../src/tools/search/tool-index.ts";
import { wordsOf } from "../../src/tools/search/words.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import type { Corpus, PoolTool, Query } from "./corpus.ts";

/** Names of tools for a query, best first. */
export type Search = (query: string) => readonly string[];

/** Places of a ranking that are looked at for the reciprocal rank. */
const depth = 50;
/** What find_tools gives when it is not told how many. */
export const shownResults = 5;

export interface Quality {
  /** Share of the wanted tools among the first five, over the queries. */
  readonly recall: number;
  /** Share of the queries with one wanted tool at least among the first five, and with all. */
  readonly any: number;
  readonly all: number;
  /** Mean of 1 / place of the first wanted tool. */
  readonly mrr: number;
}

export function qualityOf(search: Search, queries: readonly Query[]): Quality {
  let [recall, any, all, mrr] = [0, 0, 0, 0];
  for (const { text, wanted } of queries) {
    const ranked = search(text);
    const hit = ranked.slice(0, shownResults).filter((name) => wanted.has(name)).length;
    const first = ranked.slice(0, depth).findIndex((name) => wanted.has(name));
    recall += hit / wanted.size;
    any += hit > 0 ? 1 : 0;
    all += hit === wanted.size ? 1 : 0;
    mrr += first < 0 ? 0 : 1 / (first + 1);
  }
  const share = (sum: number): number => sum / queries.length;
  return { recall: share(recall), any: share(any), all: share(all), mrr: share(mrr) };
}

export function searchOf(pool: readonly PoolTool[], options: ToolIndexOptions = {}): Search {
  const index = createToolIndex(options);
  index.update("pool", pool);
  return (query) => index.search({ query, limit: depth }).map(({ name }) => name);
}

/** Looks for the query's words in name and description; the more of them, the better. */
export function substringSearch(
  pool: readonly PoolTool[],
  cut: (query: string) => readonly string[],
): Search {
  const texts = pool.map((tool) => ({
    name: tool.name,
    text: `${tool.name} ${tool.description}`.toLowerCase(),
  }));
  return (query) => {
    const words = [...new Set(cut(query))];
    return texts
      .map(({ name, text }) => ({ name, hits: words.filter((word) => text.includes(word)).length }))
      .filter(({ hits }) => hits > 0)
      .sort((one, other) => other.hits - one.hits || (one.name < other.name ? -1 : 1))
      .map(({ name }) => name);
  };
}

const plainWords = (text: string): readonly string[] =>
  text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
const asWritten = (word: string): string => word;

/** Every other query: one half chooses parameters, the other one shows whether the choice holds. */
export function halves(queries: readonly Query[]): readonly [readonly Query[], readonly Query[]] {
  return [
    queries.filter((_query, index) => index % 2 === 0),
    queries.filter((_query, index) => index % 2 === 1),
  ];
}

/** What an agent would write that knows what it wants: the name's words, held against all else. */
function nameQueries(pool: readonly PoolTool[]): Corpus {
  const nameless = pool.map((tool, index) => ({ ...tool, name: `t${index}` }));
  const queries = pool.map(({ name }, index) => ({
    text: name.replace(/_\d+$/, ""),
    wanted: new Set([`t${index}`]),
  }));
  return { pool: nameless, queries };
}

const percent = (share: number): number => share * 100;

export function findingTable({ pool, queries }: Corpus): FindingsTable {
  const names = nameQueries(pool);
  const rivals: readonly (readonly [string, (of: readonly PoolTool[]) => Search])[] = [
    ["substring match", (of) => substringSearch(of, plainWords)],
    [
      "substring match, empty words left out",
      (of) => substringSearch(of, (text) => wordsOf(text, asWritten)),
    ],
    ["find_tools", (of) => searchOf(of)],
  ];
  return {
    title: `The ${shownResults} first of ${pool.length} tools, development set`,
    of: "search",
    columns: columnsOf({
      recall: "prompts: recall@5 %",
      any: "any %",
      all: "all %",
      mrr: "MRR %",
      namesRecall: "names: recall@5 %",
      namesMrr: "MRR %",
    }),
    rows: rivals.map(([name, make]) => {
      const prompts = qualityOf(make(pool), queries);
      const byName = qualityOf(make(names.pool), names.queries);
      return {
        name,
        figures: {
          recall: percent(prompts.recall),
          any: percent(prompts.any),
          all: percent(prompts.all),
          mrr: percent(prompts.mrr),
          namesRecall: percent(byName.recall),
          namesMrr: percent(byName.mrr),
        },
      };
    }),
  };
}

function variants(): readonly (readonly [string, ToolIndexOptions])[] {
  const scored = (change: Partial<Scoring>): ToolIndexOptions => ({
    scoring: { ...defaultScoring, ...change },
  });
  const weighted = (name: number, parameters: number): ToolIndexOptions =>
    scored({ weights: { name, description: 1, parameters } });
  const { k1, b, weights } = defaultScoring;
  return [
    [`as it is: k1 ${k1}, b ${b}, name ${weights.name}, arguments ${weights.parameters}`, {}],
    ["plurals kept", { wordsOf: (text) => wordsOf(text, asWritten) }],
    ...[0.8, 1.2, 3].map((value) => [`k1 ${value}`, scored({ k1: value })] as const),
    ...[0.5, 0.9].map((value) => [`b ${value}`, scored({ b: value })] as const),
    ...[1, 2, 5].map((value) => [`name ${value}`, weighted(value, weights.parameters)] as const),
    ["arguments 0.1", weighted(weights.name, 0.1)],
    ["arguments 0.6", weighted(weights.name, 0.6)],
    ["arguments 1", weighted(weights.name, 1)],
  ];
}

/** One change each: on the half that chose, on the other, and on the names. */
export function variantTable({ pool, queries }: Corpus): FindingsTable {
  const [chosenOn, other] = halves(queries);
  const names = nameQueries(pool);
  return {
    title: "What was tried, development set",
    of: "variant",
    columns: columnsOf({
      chosenRecall: `${chosenOn.length} that chose: recall@5 %`,
      chosenMrr: "MRR %",
      otherRecall: `the ${other.length} others: recall@5 %`,
      otherMrr: "MRR %",
      namesRecall: "names: recall@5 %",
      namesMrr: "MRR %",
    }),
    rows: variants().map(([name, options]) => {
      const search = searchOf(pool, options);
      const [one, two] = [qualityOf(search, chosenOn), qualityOf(search, other)];
      const byName = qualityOf(searchOf(names.pool, options), names.queries);
      return {
        name,
        figures: {
          chosenRecall: percent(one.recall),
          chosenMrr: percent(one.mrr),
          otherRecall: percent(two.recall),
          otherMrr: percent(two.mrr),
          namesRecall: percent(byName.recall),
          namesMrr: percent(byName.mrr),
        },
      };
    }),
  };
}
