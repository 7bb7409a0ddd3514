import type { Intake, Signal } from "../api.ts";
import type { Act } from "../parts/act.ts";

type IntakeState = Intake["disposition"]["state"];

export const signalStates = ["open", "acknowledged", "resolved", "dismissed"] as const;
export const intakeStates = [
  "submitted",
  "triaged",
  "analyzing",
  "accepted",
  "deferred",
  "rejected",
  "tracked",
] as const;

const signalWords: Readonly<Record<Signal["state"], string>> = {
  open: "Open again",
  acknowledged: "Acknowledge",
  resolved: "Resolve",
  dismissed: "Dismiss",
};
const intakeWords: Readonly<Record<IntakeState, string>> = {
  submitted: "Submit",
  triaged: "Triage",
  analyzing: "Analyse",
  accepted: "Accept",
  deferred: "Defer",
  rejected: "Reject",
  tracked: "Track",
};

/** Where each may go, as the engine has it: a test holds the two together. */
export const signalMoves: Readonly<Record<Signal["state"], readonly Signal["state"][]>> = {
  open: ["acknowledged", "resolved", "dismissed"],
  acknowledged: ["resolved", "dismissed", "open"],
  resolved: ["open"],
  dismissed: ["open"],
};
export const intakeMoves: Readonly<Record<IntakeState, readonly IntakeState[]>> = {
  submitted: ["triaged"],
  triaged: ["analyzing"],
  analyzing: ["accepted", "deferred", "rejected"],
  accepted: ["tracked"],
  deferred: ["triaged"],
  rejected: [],
  tracked: [],
};

export function signalActs(state: Signal["state"]): readonly Act[] {
  return signalMoves[state].map((word) => ({ word, label: signalWords[word] }));
}

export function intakeActs(state: IntakeState): readonly Act[] {
  return intakeMoves[state].map((word) => ({
    word,
    label: state === "deferred" ? "Triage again" : intakeWords[word],
  }));
}
