import type { IntakeState } from "./intake-state.ts";

/** The moves that the states allow, told again: a change in one place does not pass. */
export const intakeMoves: Readonly<Record<IntakeState, readonly IntakeState[]>> = {
  submitted: ["triaged"],
  triaged: ["analyzing"],
  analyzing: ["accepted", "deferred", "rejected"],
  accepted: ["tracked"],
  deferred: ["triaged"],
  rejected: [],
  tracked: [],
};
