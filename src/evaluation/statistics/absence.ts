import { err, type Result } from "../../base/result.ts";

/** Why there is no figure. Such a figure is never written as 0 or 1. */
export interface Absence {
  readonly reason:
    | "no_trials"
    | "too_few_trials"
    | "one_task"
    | "no_variation"
    | "no_pairs"
    | "perfect_baseline"
    | "no_success"
    | "unknown_cost"
    | "unknown_time";
  /** The same for people. */
  readonly message: string;
}

/** A figure, or why there is none. */
export type Figure<T = number> = Result<T, Absence>;

export function absent(reason: Absence["reason"], message: string): Figure<never> {
  return err({ reason, message });
}
