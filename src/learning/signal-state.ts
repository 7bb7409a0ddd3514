import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { problemsOf } from "./problems.ts";
import { type SignalState, signalStateSchema } from "./signal.ts";
import { storableText } from "./text.ts";

/** Where a signal may go from each state. What was closed can be opened again. */
const next: Readonly<Record<SignalState, readonly SignalState[]>> = {
  open: ["acknowledged", "resolved", "dismissed"],
  acknowledged: ["resolved", "dismissed", "open"],
  resolved: ["open"],
  dismissed: ["open"],
};

const transitionSchema = z.strictObject({
  to: signalStateSchema,
  by: storableText(1, 200),
  reason: storableText(0, 2000),
});
/** A change of state that somebody asks for. */
export type SignalTransition = Readonly<z.output<typeof transitionSchema>>;

/**
 * A change of state from outside, checked in itself; {@link checkTransition} checks it against
 * the signal.
 * @throws Agent33Error `learning.bad_transition`
 */
export function parseSignalTransition(value: unknown): SignalTransition {
  const parsed = transitionSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new Agent33Error(
    "learning.bad_transition",
    `The change of a signal's state is malformed: ${problems.join("; ")}.`,
    {
      hint: "Give the new state, who changes it and why.",
      details: { problems },
      cause: parsed.error,
    },
  );
}

/** @throws Agent33Error `learning.bad_transition`, naming the states that are allowed */
export function checkTransition(id: string, from: SignalState, to: SignalState): void {
  const allowed = next[from];
  if (allowed.includes(to)) return;
  throw new Agent33Error(
    "learning.bad_transition",
    `Signal ${id} is ${from} and cannot become ${to}.`,
    {
      hint: `From ${from} it can become ${allowed.join(", ")}.`,
      details: { id, from, to, allowed },
    },
  );
}
