import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readSkillCorpus } from "../bench/skillmatch/corpus.ts";
import { rankingQuality } from "../bench/skillmatch/metrics.ts";
import { plainSearch, searchOf, substringSearch } from "../bench/skillmatch/rivals.ts";
import { bootstrapMean } from "../bench/statistics.ts";
import { seededRandom } from "../src/base/random.ts";
import { temporaryFolder } from "./support/temporary.ts";

describe("the measures of a ranking, worked out by hand", () => {
  test("two of three found, at the second and the sixth place", () => {
    const quality = rankingQuality(["x", "a", "y", "z", "u", "b", "v"], new Set(["a", "b", "c"]));
    expect(quality.recall5).toBeCloseTo(1 / 3, 12);
    expect(quality.recall10).toBeCloseTo(2 / 3, 12);
    expect(quality.mrr10).toBe(0.5);
    // (1/log2 3 + 1/log2 7) / (1 + 1/log2 3 + 1/2)
    expect(quality.ndcg10).toBeCloseTo((0.63092975 + 0.35620719) / 2.13092975, 7);
  });

  test("a perfect ranking is 1 in all, of more than ten wanted the ten best places count", () => {
    expect(rankingQuality(["a", "b"], new Set(["b", "a"]))).toEqual({
      recall5: 1,
      recall10: 1,
      mrr10: 1,
      ndcg10: 1,
    });
    const twelve = Array.from({ length: 12 }, (_, place) => `k${place}`);
    expect(rankingQuality(twelve, new Set(twelve))).toEqual({
      recall5: 5 / 12,
      recall10: 10 / 12,
      mrr10: 1,
      ndcg10: 1,
    });
  });

  test("what stands behind the tenth place does not count, and nothing found is 0", () => {
    const eleven = Array.from({ length: 11 }, (_, place) => `k${place}`);
    const nothing = { recall5: 0, recall10: 0, mrr10: 0, ndcg10: 0 };
    expect(rankingQuality(eleven, new Set(["k10"]))).toEqual(nothing);
    expect(rankingQuality([], new Set(["a"]))).toEqual(nothing);
    expect(() => rankingQuality(["a"], new Set())).toThrow(RangeError);
  });
});

test("the interval of a mean holds it, is the mean where all are equal, and repeats", () => {
  const half = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
  const interval = bootstrapMean(half, seededRandom(1), 2_000);
  expect(interval.mean).toBe(0.5);
  // Of ten coins 2 to 8 heads: 2.5 and 97.5 percent of the binomial distribution.
  expect(interval.low).toBeCloseTo(0.2, 12);
  expect(interval.high).toBeCloseTo(0.8, 12);
  expect(bootstrapMean(half, seededRandom(1), 2_000)).toEqual(interval);
  expect(bootstrapMean([0.3, 0.3], seededRandom(2))).toEqual({ mean: 0.3, low: 0.3, high: 0.3 });
});

test("every search of the comparison finds the one skill that has the task's words", () => {
  const skills = [
    { key: "1", digest: "1", name: "pdf", description: "Fill forms", body: "with pypdf" },
    { key: "2", digest: "2", name: "dance", description: "Steps", body: "of tango" },
  ];
  const weights = { name: 3, description: 2, body: 1 };
  for (const search of [searchOf(skills), plainSearch(skills, weights), substringSearch(skills)]) {
    expect(search("fill this pdf")[0]).toBe("1");
  }
});

test("the corpus is read without anything but names, descriptions and bodies, or missed clearly", () => {
  const folder = temporaryFolder("skillmatch");
  expect(() => readSkillCorpus(folder)).toThrow(
    expect.objectContaining({
      code: "bench.no_data",
      hint: expect.stringContaining("AGENT33_BENCH_DATA"),
    }),
  );
  mkdirSync(join(folder, "skillmatch"));
  const skill = { id: "a", name: "pdf", description: null, body: "How.", source: "s", n_copies: 4 };
  const query = { query: "Fill it", relevant: ["a"], keyword_queries: ["forms", "pdf"], tags: [] };
  const corpus = join(folder, "skillmatch/corpus.jsonl.gz");
  writeFileSync(corpus, gzipSync(`${JSON.stringify(skill)}\n`));
  writeFileSync(join(folder, "skillmatch/queries.dev.jsonl"), `${JSON.stringify(query)}\n`);
  expect(readSkillCorpus(folder)).toEqual({
    skills: [{ key: "a", digest: "a", name: "pdf", description: "", body: "How." }],
    queries: [{ text: "Fill it", wanted: new Set(["a"]), phrases: "forms. pdf" }],
  });
});
