import { seededRandom } from "../../src/base/random.ts";
import type { SkillIndexOptions } from "../../src/skills/matching/skill-index.ts";
import { defaultWeights, type MatchWeights } from "../../src/skills/matching/weights.ts";
import { singular } from "../../src/tools/search/words.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import { bootstrapMean, meanOf } from "../statistics.ts";
import type { SkillCorpus, TaskQuery } from "./corpus.ts";
import { type RankingQuality, rankingQuality } from "./metrics.ts";
import { plainSearch, searchOf, type SkillSearch, substringSearch } from "./rivals.ts";

export const titles = {
  recall5: "recall@5 %",
  recall10: "recall@10 %",
  mrr10: "MRR@10 %",
  ndcg10: "nDCG@10 %",
} as const;

export function qualitiesOf(
  search: SkillSearch,
  queries: readonly TaskQuery[],
  textOf: (query: TaskQuery) => string = ({ text }) => text,
): readonly RankingQuality[] {
  return queries.map((query) => rankingQuality(search(textOf(query)), query.wanted));
}

/** A quality in hundredths, as the tables show it. */
export function percent(quality: RankingQuality): RankingQuality {
  const { recall5, recall10, mrr10, ndcg10 } = quality;
  return {
    recall5: recall5 * 100,
    recall10: recall10 * 100,
    mrr10: mrr10 * 100,
    ndcg10: ndcg10 * 100,
  };
}

/** The mean of each measure. */
export function meansOf(qualities: readonly RankingQuality[]): RankingQuality {
  const mean = (key: keyof RankingQuality): number => meanOf(qualities.map((each) => each[key]));
  return {
    recall5: mean("recall5"),
    recall10: mean("recall10"),
    mrr10: mean("mrr10"),
    ndcg10: mean("ndcg10"),
  };
}

/** Ours beside simpler searches, with intervals. */
export function findingTable({ skills, queries }: SkillCorpus): FindingsTable {
  const searches: readonly (readonly [string, SkillSearch])[] = [
    ["substring match, name and description", substringSearch(skills)],
    ["BM25, name and description", plainSearch(skills, { name: 1, description: 1, body: 0 })],
    [
      "BM25, name 3, description 2, body 1",
      plainSearch(skills, { name: 3, description: 2, body: 1 }),
    ],
    ["skills match, stage 1", searchOf(skills)],
  ];
  return {
    title: `${queries.length} tasks, ${skills.length} skills, development set`,
    of: "search",
    columns: columnsOf({
      ...titles,
      low10: "recall@10: 95 % from",
      high10: "to",
      lowNdcg: "nDCG@10: 95 % from",
      highNdcg: "to",
    }),
    rows: searches.map(([name, search]) => {
      const qualities = qualitiesOf(search, queries);
      const interval = (key: keyof RankingQuality) =>
        bootstrapMean(
          qualities.map((each) => each[key]),
          seededRandom(33),
        );
      const [recall, ndcg] = [interval("recall10"), interval("ndcg10")];
      return {
        name,
        figures: {
          ...percent(meansOf(qualities)),
          low10: recall.low * 100,
          high10: recall.high * 100,
          lowNdcg: ndcg.low * 100,
          highNdcg: ndcg.high * 100,
        },
      };
    }),
  };
}

function variants(): readonly (readonly [string, SkillIndexOptions])[] {
  const { fields, lengths, name, phrases } = defaultWeights;
  const changed = (change: Partial<MatchWeights>): SkillIndexOptions => ({
    weights: { ...defaultWeights, ...change },
  });
  return [
    ["as it is", {}],
    ["without phrases", changed({ phrases: 0 })],
    ["without the name's share", changed({ name: 0 })],
    ["without both", changed({ phrases: 0, name: 0 })],
    ["plurals cut only, no other ending", { fold: singular }],
    ["words as they are written", { fold: (word) => word }],
    [
      "a long body held less against a skill: b 0.75",
      changed({ lengths: { ...lengths, body: { ...lengths.body, b: 0.75 } } }),
    ],
    ["body counts 1, as k1 1.2", changed({ fields: { ...fields, body: 1 }, k1: 1.2 })],
    ["body not searched for words", changed({ fields: { ...fields, body: 0 } })],
    ["k1 2", changed({ k1: 2 })],
    ["k1 8", changed({ k1: 8 })],
    ["name's share half, phrases half", changed({ name: name / 2, phrases: phrases / 2 })],
    [
      "name's share and phrases half as much again",
      changed({ name: name * 1.5, phrases: phrases * 1.5 }),
    ],
  ];
}

/** One change each: on whole instructions, and on the phrases in which a model put the task. */
export function variantTable({ skills, queries }: SkillCorpus): FindingsTable {
  return {
    title: "What each part adds, development set",
    of: "variant",
    columns: columnsOf({ ...titles, phrasesRecall: "phrases: recall@10", phrasesNdcg: "nDCG@10" }),
    rows: variants().map(([name, options]) => {
      const search = searchOf(skills, options);
      const byPhrases = meansOf(qualitiesOf(search, queries, ({ phrases }) => phrases));
      return {
        name,
        figures: {
          ...percent(meansOf(qualitiesOf(search, queries))),
          phrasesRecall: byPhrases.recall10 * 100,
          phrasesNdcg: byPhrases.ndcg10 * 100,
        },
      };
    }),
  };
}
