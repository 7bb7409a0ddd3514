import { Agent33Error } from "../base/errors.ts";

export const intakeStates = [
  "submitted",
  "triaged",
  "analyzing",
  "accepted",
  "deferred",
  "rejected",
  "tracked",
] as const;
export type IntakeState = (typeof intakeStates)[number];

/** Where an intake may go from each state. */
const next: Readonly<Record<IntakeState, readonly IntakeState[]>> = {
  submitted: ["triaged"],
  triaged: ["analyzing"],
  analyzing: ["accepted", "deferred", "rejected"],
  accepted: ["tracked"],
  deferred: ["triaged"],
  rejected: [],
  tracked: [],
};

/**
 * The state that somebody asks for, if the intake may go there.
 * @param to any text
 * @throws Agent33Error `learning.bad_transition`, naming the states that are allowed
 */
export function allowedMove(id: string, from: IntakeState, to: string): IntakeState {
  const allowed = next[from];
  const found = allowed.find((state) => state === to);
  if (found !== undefined) return found;
  throw new Agent33Error(
    "learning.bad_transition",
    `Intake ${id} is ${from} and cannot become ${to}.`,
    {
      hint:
        allowed.length === 0
          ? `An intake that is ${from} stays so. Submit a new one.`
          : `From ${from} it can become ${allowed.join(", ")}.`,
      details: { id, from, to, allowed },
    },
  );
}
