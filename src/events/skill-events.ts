import { z } from "zod";
import { aside, failedAside, loadedSkill, scoped, stored } from "./event-fields.ts";

/** In which stage of matching the model was asked. */
const matchQuestion = { stage: z.enum(["selection", "filter"]) };

const place = z.int().positive();

/** One skill that was found for the run's task, and what became of it. */
const matchedSkill = z.object({
  name: z.string(),
  digest: z.string(),
  /** Among all that were found, from 1. */
  place,
  score: z.number(),
  /** Where it stands by its words, and what that is made of. */
  words: z
    .object({
      place,
      score: z.number(),
      words: z.number(),
      name: z.number(),
      phrases: z.number(),
    })
    .exactOptional(),
  /** Where it stands by its vector. */
  vectors: z.object({ place, similarity: z.number() }).exactOptional(),
  /** Why it is chosen, in the model's words. */
  kept: z.string().exactOptional(),
  /** At which stage it fell, and why; absent of those that are chosen. */
  fell: z
    .object({
      stage: z.enum(["retrieval", "selection", "loading", "filter"]),
      reason: z.enum([
        "beyond_top",
        "not_selected",
        "unreadable",
        "too_long",
        "no_verdict",
        "irrelevant",
        "leaks_answer",
        "confusing",
      ]),
      why: z.string(),
    })
    .exactOptional(),
});

/** Which skills a run has, and by which its agents work. */
export const skillEvents = [
  z.object({
    ...stored,
    ...scoped,
    /** The agent works by a skill from here on, and what that says about tools holds. */
    type: z.literal("skill.loaded"),
    turn: z.int().positive(),
    index: z.int().nonnegative(),
    ...loadedSkill,
  }),
  z.object({
    ...stored,
    /** The model was asked which skills fit the task; what comes of it is said after it. */
    type: z.literal("matching.completed"),
    ...matchQuestion,
    ...aside,
  }),
  z.object({
    ...stored,
    type: z.literal("matching.failed"),
    ...matchQuestion,
    ...failedAside,
  }),
  z.object({
    ...stored,
    /** Which skills the run has: those that fit its task. It keeps them when it is taken up again. */
    type: z.literal("skills.matched"),
    /** Their names, best first. */
    chosen: z.array(z.string()).readonly(),
    /** How many were searched. */
    searched: z.int().nonnegative(),
    by: z.array(z.enum(["words", "vectors"])).readonly(),
    skills: z.array(matchedSkill).readonly(),
    notices: z.array(z.string()).readonly(),
  }),
] as const;
