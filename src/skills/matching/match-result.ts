import type { FilterVerdict } from "./questions.ts";
import type { WordScore } from "./skill-index.ts";

/** The stages at which a skill can fall, in their order. */
export type MatchStage = "retrieval" | "selection" | "loading" | "filter";

/**
 * Why a skill fell. `not_selected`: the model saw no use for it. `beyond_top`: there are better ones.
 * `unreadable`, `too_long`: its text could not be shown as a whole. `no_verdict`: the model gave none.
 */
export type FallReason =
  | "beyond_top"
  | "not_selected"
  | "unreadable"
  | "too_long"
  | "no_verdict"
  | Exclude<FilterVerdict, "keep">;

export interface Fall {
  readonly stage: MatchStage;
  readonly reason: FallReason;
  /** In one sentence, for a person. */
  readonly why: string;
}

/** One skill that stage one found, and what became of it. */
export interface MatchedSkill {
  readonly name: string;
  readonly digest: string;
  /** Among all that were found, from 1. */
  readonly place: number;
  /** That of the words, or of both rankings fused where there are vectors. */
  readonly score: number;
  /** Place and scores by words; absent where only its vector is near. */
  readonly words?: Omit<WordScore, "key"> & { readonly place: number };
  /** Place and nearness by vectors; absent without an embedder. */
  readonly vectors?: { readonly place: number; readonly similarity: number };
  /** Why the model keeps it, where it was asked. */
  readonly kept?: string;
  /** Absent of those that are chosen. */
  readonly fell?: Fall;
}

/** What matching found for a task. */
export interface SkillMatch {
  /** Names, best first. Empty where nothing fits. */
  readonly chosen: readonly string[];
  /** Whether a model looked at them; without one the words decide alone. */
  readonly checked: boolean;
  /** How many skills were searched. */
  readonly searched: number;
  /** What the first stage ranked by. */
  readonly by: readonly ("words" | "vectors")[];
  /** What was found, best first. */
  readonly skills: readonly MatchedSkill[];
  /** What went otherwise than it should, in sentences for a person. */
  readonly notices: readonly string[];
}
