import { type Random, seededRandom } from "../../src/base/random.ts";
import { createSkillIndex } from "../../src/skills/matching/skill-index.ts";
import { defaultWeights } from "../../src/skills/matching/weights.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import { meanOf } from "../statistics.ts";
import type { SkillCorpus } from "./corpus.ts";
import { meansOf, percent, titles } from "./finding.ts";
import { type RankingQuality, rankingQuality } from "./metrics.ts";

const grid = {
  k1: [3, 4, 6],
  bodyB: [0.75, 0.95],
  name: [0.15, 0.3, 0.45],
  phrases: [0.25, 0.4, 0.55],
} as const;
const folds = 5;
const repeats = 40;
const lookedAt = 100;

/** The quality for each query, of one choice of the weights. */
type Choice = readonly RankingQuality[];

/**
 * What the way of choosing reaches on tasks that did not choose: of all weights of a grid those are
 * taken that are best on four fifths of the tasks, and held against the last fifth.
 */
export function validationTable(corpus: SkillCorpus): FindingsTable {
  const choices = choicesOf(corpus);
  const random = seededRandom(33);
  const validated = Array.from({ length: repeats }, () => meansOf(crossValidated(choices, random)));
  const means = choices.map(meansOf);
  const worth = ({ recall10, ndcg10 }: RankingQuality): number => recall10 + ndcg10;
  const ordered = means.toSorted((one, other) => worth(one) - worth(other));
  const rows: readonly (readonly [string, RankingQuality | undefined])[] = [
    ["fitted: the best on all tasks", ordered.at(-1)],
    [`cross-validated: ${folds} folds, ${repeats} times`, meansOf(validated)],
    ["the mean of all choices", meansOf(means)],
    ["the worst on all tasks", ordered[0]],
  ];
  return {
    title: `${choices.length} choices of the weights, development set`,
    of: "choice",
    columns: columnsOf(titles),
    rows: rows.flatMap(([name, quality]) =>
      quality === undefined ? [] : [{ name, figures: { ...percent(quality) } }],
    ),
  };
}

function choicesOf({ skills, queries }: SkillCorpus): readonly Choice[] {
  return grid.k1.flatMap((k1) =>
    grid.bodyB.flatMap((b) => {
      const { lengths } = defaultWeights;
      const body = { ...lengths.body, b };
      const index = createSkillIndex({
        weights: { ...defaultWeights, k1, lengths: { ...lengths, body } },
      });
      index.update(skills);
      const looked = queries.map(({ text }) => index.search(text, lookedAt));
      return grid.name.flatMap((name) =>
        grid.phrases.map((phrases) =>
          queries.map(({ wanted }, place) => {
            const ranked = (looked[place] ?? [])
              .map((hit) => ({
                key: hit.key,
                score: hit.words + name * hit.name + phrases * hit.phrases,
              }))
              .sort((one, other) => other.score - one.score || (one.key < other.key ? -1 : 1));
            return rankingQuality(
              ranked.map(({ key }) => key),
              wanted,
            );
          }),
        ),
      );
    }),
  );
}

function crossValidated(choices: readonly Choice[], random: Random): Choice {
  const places = shuffled(
    (choices[0] ?? []).map((_quality, place) => place),
    random,
  );
  return places.flatMap((place, turn) => {
    const training = places.filter((_place, other) => other % folds !== turn % folds);
    const worth = (choice: Choice): number =>
      meanOf(training.map((each) => (choice[each]?.recall10 ?? 0) + (choice[each]?.ndcg10 ?? 0)));
    const best = choices.reduce((one, other) => (worth(other) > worth(one) ? other : one));
    return best[place] ?? [];
  });
}

function shuffled(places: readonly number[], random: Random): readonly number[] {
  return places
    .map((place) => ({ place, order: random.next() }))
    .sort((one, other) => one.order - other.order)
    .map(({ place }) => place);
}
