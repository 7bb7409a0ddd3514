import { join } from "node:path";
import { isAgent33Error, toAgent33Error } from "../base/errors.ts";
import { isBoundaryError } from "../boundary/errors.ts";
import type { CallOptions } from "../boundary/types.ts";
import { openKeptIndex } from "../skills/matching/kept-index.ts";
import type { SkillMatch } from "../skills/matching/match-result.ts";
import {
  type MatchParts,
  type MatchRequest,
  matchSkills,
} from "../skills/matching/match-skills.ts";
import type { AskSkills } from "../skills/matching/model-stages.ts";
import type { Skill } from "../skills/skill.ts";
import type { Embedding } from "./embeddings.ts";

/** What skills are matched with. */
export interface SkillMatcherParts {
  readonly dataDir: string;
  /** Opens the settings' model for vectors; undefined where they name none. */
  readonly embedding: (() => Promise<Embedding>) | undefined;
}

export interface MatchOptions extends MatchRequest {
  /** Asks the model. Without it the first stage decides alone. */
  readonly ask?: AskSkills;
  /** In whose name vectors are asked for. */
  readonly call: Pick<CallOptions, "principal" | "runId" | "signal" | "budgets" | "policy">;
}

/** The kept index of the data folder. It holds nothing that cannot be worked out again. */
const indexFile = "skill-index.jsonl";

/**
 * Matches skills with a task, with the index that the data folder keeps.
 * @throws BoundaryError what keeps the model from answering
 */
export async function matchWith(
  { dataDir, embedding }: SkillMatcherParts,
  skills: readonly Skill[],
  { task, top, ask, call }: MatchOptions,
): Promise<SkillMatch> {
  const byName = new Map(skills.map((skill) => [skill.name, skill]));
  const indexed = skills.map((skill) => ({ ...skill, key: skill.name }));
  const index = openKeptIndex(join(dataDir, indexFile));
  index.update(indexed);
  const vectors = await openVectors(embedding);
  const parts: MatchParts = {
    skills: indexed,
    index,
    load: async ({ key }) => byName.get(key)?.body,
    ...(ask === undefined ? {} : { ask }),
    ...(vectors.opened === undefined
      ? {}
      : { embedder: embedderOf(vectors.opened, call, index.shelf(vectors.opened.name)) }),
  };
  try {
    const match = await matchSkills(parts, { task, top });
    index.save();
    return { ...match, notices: [...index.notices, ...vectors.notices, ...match.notices] };
  } catch (error) {
    // What was read and embedded up to here is not done again.
    index.save();
    throw error;
  }
}

/** A model for vectors that cannot be had leaves the words to serve alone. */
async function openVectors(
  embedding: SkillMatcherParts["embedding"],
): Promise<{ readonly opened: Embedding | undefined; readonly notices: readonly string[] }> {
  if (embedding === undefined) return { opened: undefined, notices: [] };
  try {
    return { opened: await embedding(), notices: [] };
  } catch (thrown) {
    if (!isAgent33Error(thrown)) throw thrown;
    const notice = `The skills are ranked without vectors: ${thrown.message}`;
    return { opened: undefined, notices: [notice] };
  }
}

function embedderOf(
  { name, embed }: Embedding,
  call: MatchOptions["call"],
  shelf: NonNullable<MatchParts["embedder"]>["shelf"],
): NonNullable<MatchParts["embedder"]> {
  return {
    name,
    embed: (texts) => embed(texts, call),
    shelf,
    forgive: (thrown) => {
      const error = toAgent33Error(thrown);
      // A person is to be asked first, or nobody waits any more.
      const stops =
        isBoundaryError(error) && ["approval_required", "cancelled"].includes(error.kind);
      return stops || !isAgent33Error(thrown) ? undefined : error.message;
    },
  };
}
