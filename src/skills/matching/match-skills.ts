import { fuse } from "./fusion.ts";
import type { Fall, FallReason, MatchedSkill, MatchStage, SkillMatch } from "./match-result.ts";
import { askedSkills, type AskSkills } from "./model-stages.ts";
import type { IndexedSkill, SkillIndex } from "./skill-index.ts";
import { rankBySimilarity, type SkillEmbedder, type VectorShelf } from "./vectors.ts";

export interface MatchParts {
  /** What is searched; the index holds exactly these. */
  readonly skills: readonly IndexedSkill[];
  readonly index: Pick<SkillIndex, "search">;
  /** A skill's text as it is now; undefined where it cannot be read any more. */
  readonly load: (skill: IndexedSkill) => Promise<string | undefined>;
  /** Asks a model. Without it the first stage decides alone, and the result says so. */
  readonly ask?: AskSkills;
  readonly embedder?: SkillEmbedder & {
    readonly shelf: VectorShelf;
    /** What of an error leaves the words to serve alone, in a sentence; undefined throws it on. */
    readonly forgive: (error: unknown) => string | undefined;
  };
}

export interface MatchRequest {
  readonly task: string;
  /** How many skills are chosen at most. */
  readonly top: number;
}

/** Skills that the first stage hands on: enough that what fits is among them, as measured. */
const candidates = 20;
/** How deep the two rankings are fused. */
const fusedDepth = 100;

/**
 * Finds the skills for a task in four stages: retrieval by words and vectors, a lenient choice by a
 * model that sees names and descriptions, loading, and a strict look of the model at each whole text.
 * All that are found go through every stage, however few they are. Where nothing is left, nothing is
 * chosen.
 */
export async function matchSkills(
  parts: MatchParts,
  { task, top }: MatchRequest,
): Promise<SkillMatch> {
  const notices: string[] = [];
  const byKey = new Map(parts.skills.map((skill) => [skill.key, skill]));
  const found = await retrieve(parts, task, Math.max(candidates, 2 * top), notices);
  const falls = new Map<string, Fall>();
  const kept = new Map<string, string>();
  const fall = (key: string, stage: MatchStage, reason: FallReason, why: string): void => {
    falls.set(key, { stage, reason, why });
  };
  const left = (): readonly string[] =>
    found.hits.map(({ key }) => key).filter((key) => !falls.has(key));

  if (parts.ask === undefined) {
    notices.push("No model was asked: the skills are ranked by the first stage alone, unchecked.");
  } else if (left().length > 0) {
    const asked = askedSkills(task, parts.ask, notices);
    const listed = left().flatMap((key) => byKey.get(key) ?? []);
    const selected = await asked.select(listed);
    for (const { key } of listed) {
      if (selected.has(key)) continue;
      fall(key, "selection", "not_selected", "The model saw no use for it in this task.");
    }
    const texts = new Map<string, string>();
    for (const key of left()) {
      const skill = byKey.get(key);
      const text = skill === undefined ? undefined : await parts.load(skill);
      if (text !== undefined) texts.set(key, text);
      else fall(key, "loading", "unreadable", "Its text cannot be read any more.");
    }
    const verdicts = await asked.filter(texts);
    for (const key of left()) {
      const { verdict, reason } = verdicts.get(key) ?? { verdict: "no_verdict", reason: "" };
      if (verdict === "keep") kept.set(key, reason);
      else fall(key, "filter", verdict, reason);
    }
  }
  const stage = parts.ask === undefined ? "retrieval" : "filter";
  for (const key of left().slice(top)) {
    fall(key, stage, "beyond_top", `No more than ${top} are chosen, and others fit better.`);
  }
  return {
    chosen: left().map((key) => byKey.get(key)?.name ?? key),
    checked: parts.ask !== undefined,
    searched: parts.skills.length,
    by: found.by,
    skills: found.hits.map(({ key, ...hit }, index): MatchedSkill => {
      const [why, fell] = [kept.get(key), falls.get(key)];
      const { name = key, digest = "" } = byKey.get(key) ?? {};
      return {
        name,
        digest,
        place: index + 1,
        ...hit,
        ...(why === undefined || fell !== undefined ? {} : { kept: why }),
        ...(fell === undefined ? {} : { fell }),
      };
    }),
    notices,
  };
}

interface Retrieved {
  readonly by: SkillMatch["by"];
  readonly hits: readonly (Pick<MatchedSkill, "score" | "words" | "vectors"> & {
    readonly key: string;
  })[];
}

async function retrieve(
  { skills, index, embedder }: MatchParts,
  task: string,
  limit: number,
  notices: string[],
): Promise<Retrieved> {
  const byWords = new Map(
    index.search(task, Math.max(limit, fusedDepth)).map(({ key, ...scores }, place) => {
      return [key, { ...scores, place: place + 1 }] as const;
    }),
  );
  const near = await nearest(skills, task, embedder, notices);
  if (near === undefined) {
    const hits = [...byWords].map(([key, words]) => ({ key, score: words.score, words }));
    return { by: ["words"], hits: hits.slice(0, limit) };
  }
  const byVectors = new Map(
    near.slice(0, fusedDepth).map(({ key, similarity }, place) => {
      return [key, { similarity, place: place + 1 }] as const;
    }),
  );
  const hits = fuse([[...byWords.keys()], [...byVectors.keys()]]).map(({ key, score }) => {
    const [words, vectors] = [byWords.get(key), byVectors.get(key)];
    return {
      key,
      score,
      ...(words === undefined ? {} : { words }),
      ...(vectors === undefined ? {} : { vectors }),
    };
  });
  return { by: ["words", "vectors"], hits: hits.slice(0, limit) };
}

async function nearest(
  skills: readonly IndexedSkill[],
  task: string,
  embedder: MatchParts["embedder"],
  notices: string[],
): Promise<Awaited<ReturnType<typeof rankBySimilarity>> | undefined> {
  if (embedder === undefined || task.trim() === "" || skills.length === 0) return undefined;
  try {
    return await rankBySimilarity(task, skills, embedder, embedder.shelf);
  } catch (error) {
    const why = embedder.forgive(error);
    if (why === undefined) throw error;
    notices.push(`The skills are ranked without vectors: ${why}`);
    return undefined;
  }
}
