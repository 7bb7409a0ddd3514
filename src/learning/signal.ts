import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { timeSchema, wordOf } from "./fields.ts";
import { problemsOf } from "./problems.ts";
import type { Quality } from "./quality.ts";
import { severities, type Severity } from "./severity.ts";
import { cutText, storableText } from "./text.ts";

/** What a signal is about. */
export const signalTypes = [
  "bug",
  "incident",
  "feedback",
  "performance",
  "security",
  "process",
] as const;
export type SignalType = (typeof signalTypes)[number];

/** `resolved` was dealt with, `dismissed` needs nothing. */
export const signalStates = ["open", "acknowledged", "resolved", "dismissed"] as const;
export type SignalState = (typeof signalStates)[number];

/** `recorded` here, or `migrated` from another store. */
export type Provenance = "recorded" | "migrated";

export const signalTypeSchema = wordOf(signalTypes);
export const severitySchema = wordOf(severities);
export const signalStateSchema = wordOf(signalStates);

const maxContextEntries = 50;
/** Most UTF-16 units of its texts. */
const most = { summary: 500, details: 20_000, source: 200, contextValue: 4000 };

/** What a signal is made of. Lengths are in UTF-16 units. */
export const newSignalSchema = z.strictObject({
  type: signalTypeSchema,
  severity: severitySchema,
  /** One sentence. Signals that differ in numbers and ids only count as repeats of one. */
  summary: storableText(1, most.summary).refine((text) => text.trim() !== "", {
    error: "Must not be blank",
  }),
  details: storableText(0, most.details).default(""),
  /** Who or what saw it: a component, a run, a person. */
  source: storableText(0, most.source).default(""),
  context: z
    .record(storableText(1, 200), storableText(0, most.contextValue))
    .refine((entries) => Object.keys(entries).length <= maxContextEntries, {
      error: `Must have at most ${maxContextEntries} entries`,
    })
    .default({}),
  /** A second signal with the same key is answered with the first and changes nothing. */
  idempotencyKey: storableText(1, 200).exactOptional(),
  /**
   * When it happened, milliseconds since the Unix epoch: for imports and for what a run's log
   * tells. The clock's time by default.
   */
  at: timeSchema.exactOptional(),
});
export type NewSignal = Readonly<z.output<typeof newSignalSchema>>;

/** Something that was seen and may be worth learning from. */
export interface Signal {
  readonly id: string;
  readonly tenant: string;
  readonly type: SignalType;
  readonly severity: Severity;
  readonly summary: string;
  readonly details: string;
  readonly source: string;
  readonly context: Readonly<Record<string, string>>;
  readonly quality: Quality;
  /** Equal for signals that are repeats of each other. */
  readonly fingerprint: string;
  /** How often it was seen, the first time included. */
  readonly occurrences: number;
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly recordedAt: number;
  readonly lastSeenAt: number;
  readonly state: SignalState;
  /** Why, by whom and when the state was changed; null until it is. */
  readonly stateReason: string | null;
  readonly stateBy: string | null;
  readonly stateAt: number | null;
  /** The intake that was made of it. */
  readonly intakeId: string | null;
  readonly provenance: Provenance;
}

/**
 * A signal from outside, checked.
 * @throws Agent33Error `learning.bad_signal` with every problem and its path
 */
export function parseNewSignal(value: unknown): NewSignal {
  const parsed = newSignalSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new Agent33Error(
    "learning.bad_signal",
    `The signal is malformed: ${problems.join("; ")}.`,
    {
      hint: "Give at least type, severity and summary; details, source and context make it better.",
      details: { problems },
      cause: parsed.error,
    },
  );
}

/**
 * The signal with its texts cut to what a signal holds. A placeholder may be longer than the secret
 * that it hides.
 */
export function fittedSignal(signal: NewSignal): NewSignal {
  return {
    ...signal,
    summary: cutText(signal.summary, most.summary),
    details: cutText(signal.details, most.details),
    source: cutText(signal.source, most.source),
    context: Object.fromEntries(
      Object.entries(signal.context).map(([name, text]) => [
        name,
        cutText(text, most.contextValue),
      ]),
    ),
  };
}
