/** What a step of a lineage is. */
export const stepKinds = [
  // What led to something.
  "request",
  "answer",
  "message",
  "result",
  "skill",
  "agent",
  "server",
  "rule",
  "question",
  "approval",
  "person",
  "run",
  "attempt",
  "replayed_run",
  "trial",
  // What came of it, besides results, skills, agents, questions, attempts.
  "call",
  "turn",
  "tools",
  "plan",
  "fallback",
  "check",
  "file",
  "signal",
  "intake",
  "lesson",
  "end",
] as const;
export type StepKind = (typeof stepKinds)[number];

/**
 * How it is known. `recorded`: an id or a place that was written down says so. `order`: it stood in
 * the log before (or after), and whether it mattered nobody can know. `arguments`: the call's
 * arguments name it.
 */
export const stepBases = ["recorded", "order", "arguments"] as const;
export type StepBasis = (typeof stepBases)[number];

/** One thing that led to another, or came of it. Nothing of what was said is in it. */
export interface LineageStep {
  readonly kind: StepKind;
  /** Which one, in a few words: a tool, a model, a rule, a person. */
  readonly what: string;
  readonly basis: StepBasis;
  /** When, where that is known. Milliseconds since the Unix epoch. */
  readonly at: number | null;
  /** The run whose log has it, and its place there. */
  readonly run: string | null;
  readonly seq: number | null;
  /** The call that it is, in the audit. */
  readonly call: string | null;
  /** Of what has an id besides: an approval, a signal, an intake, a lesson, a rule, another run. */
  readonly id: string | null;
}

/** A step, of which most has no more than this. */
export function step(
  kind: StepKind,
  what: string,
  more: Partial<Omit<LineageStep, "kind" | "what">> = {},
): LineageStep {
  const nothing = {
    basis: "recorded",
    at: null,
    run: null,
    seq: null,
    call: null,
    id: null,
  } as const;
  return { ...nothing, ...more, kind, what };
}
