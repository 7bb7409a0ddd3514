import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { Agent33Error } from "../../src/base/errors.ts";
import type { IndexedSkill } from "../../src/skills/matching/skill-index.ts";

/** A task's instruction, and the skills that its author wrote down for it. */
export interface TaskQuery {
  readonly text: string;
  readonly wanted: ReadonlySet<string>;
  /** The task in two or three phrases, as a model wrote them. */
  readonly phrases: string;
}

export interface SkillCorpus {
  readonly skills: readonly IndexedSkill[];
  readonly queries: readonly TaskQuery[];
}

// Of a skill only what any skill has is read, so that nothing else can be keyed on.
const skillSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  body: z.string().nullable(),
});
const querySchema = z.object({
  query: z.string(),
  relevant: z.array(z.string()),
  keyword_queries: z.array(z.string()),
});

/**
 * Reads the skills and the tasks.
 * @param folder what `AGENT33_BENCH_DATA` names
 * @throws Agent33Error `bench.no_data` where the folder is not there
 */
export function readSkillCorpus(folder: string | undefined): SkillCorpus {
  const path = join(folder ?? "", "skillmatch/corpus.jsonl.gz");
  if (folder === undefined || !existsSync(path)) {
    throw new Agent33Error("bench.no_data", "The skills and tasks are not here.", {
      hint: "Set AGENT33_BENCH_DATA to the folder with skillmatch/corpus.jsonl.gz.",
    });
  }
  const skills = linesOf(gunzipSync(readFileSync(path)).toString("utf8")).map((raw) => {
    const { id, name, description, body } = skillSchema.parse(raw);
    return { key: id, digest: id, name, description: description ?? "", body: body ?? "" };
  });
  const tasks = readFileSync(join(folder, "skillmatch/queries.dev.jsonl"), "utf8");
  const queries = linesOf(tasks).map((raw): TaskQuery => {
    const { query, relevant, keyword_queries } = querySchema.parse(raw);
    return { text: query, wanted: new Set(relevant), phrases: keyword_queries.join(". ") };
  });
  return { skills, queries };
}

function linesOf(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}
