import { z } from "zod";
import { aside, failedAside, scoped, stored } from "./event-fields.ts";

/** One step of an agent's plan. */
export const planStatuses = ["pending", "in_progress", "done", "dropped"] as const;
const planStep = z.object({ step: z.string(), status: z.enum(planStatuses) });

/** What stands for turns that the model is not shown any more. */
const turnSummary = z.object({
  /** The last of them. */
  throughTurn: z.int().positive(),
  text: z.string(),
  /** Who wrote it: the model, or the engine from the log where the model could not. */
  by: z.enum(["model", "log"]),
  /** Why not the model. */
  why: z.string().exactOptional(),
  /** Files that the calls of these turns named. */
  files: z.object({
    changed: z.array(z.string()).readonly(),
    read: z.array(z.string()).readonly(),
  }),
});

export type PlanStep = z.infer<typeof planStep>;
export type TurnSummary = z.infer<typeof turnSummary>;

/** What is decided about how much of its conversation a model is shown. */
export const contextEvents = [
  z.object({
    ...stored,
    ...scoped,
    /** The agent's plan is this from here on. */
    type: z.literal("plan.updated"),
    turn: z.int().positive(),
    index: z.int().nonnegative(),
    steps: z.array(planStep).readonly(),
  }),
  z.object({
    ...stored,
    ...scoped,
    /** From this turn on the model is shown less of what came before. All of it stays in the log. */
    type: z.literal("context.compacted"),
    turn: z.int().positive(),
    /** The prompt came near its room, did not fit, or holds results that are too large for it. */
    reason: z.enum(["full", "overflow", "large_result"]),
    /** Tokens of the prompt, by the model's own count as far as that is known. */
    beforeTokens: z.int().nonnegative(),
    afterTokens: z.int().nonnegative(),
    /** The most that it may have. */
    roomTokens: z.int().nonnegative(),
    /** Results of which only the ends are shown, besides those of before. */
    offloaded: z
      .array(z.object({ turn: z.int().positive(), index: z.int().nonnegative() }))
      .readonly(),
    /** The last turn whose results are not shown; 0 for none. */
    clearedThrough: z.int().nonnegative(),
    /** Turns that are shown as they were. */
    keptTurns: z.int().nonnegative(),
    /** Absent where the one of before still holds. */
    summary: turnSummary.exactOptional(),
  }),
  z.object({
    ...stored,
    ...scoped,
    /** The model was asked for a summary; what it is used for is said after it. */
    type: z.literal("condense.completed"),
    turn: z.int().positive(),
    ...aside,
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("condense.failed"),
    turn: z.int().positive(),
    ...failedAside,
  }),
] as const;
