import { thousandthsOf } from "./quality.ts";
import type { Severity } from "./severity.ts";
import type { Signal } from "./signal.ts";

/** Which signals are worth an intake that nobody asked for. */
export const automaticIntakeRule = { minSeverity: "high", minScore: 0.45 } as const satisfies {
  readonly minSeverity: Severity;
  readonly minScore: number;
};

/** What a signal says about the intake that is made of it. */
export interface SignalIntake {
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  readonly category: string;
  readonly urgency: "medium" | "high";
  readonly impactAreas: readonly string[];
  /** 1 to 10, the most pressing last. */
  readonly priority: number;
}

/** The Python engine's ranks of the severities. */
const basePriority: Readonly<Record<Severity, number>> = {
  low: 3,
  medium: 5,
  high: 8,
  critical: 10,
};
const highestPriority = 10;
const titleCharacters = 120;

/** The intake that a signal asks for, by the Python engine's rules. */
export function intakeFromSignal(
  signal: Pick<Signal, "type" | "severity" | "summary" | "details" | "source" | "quality">,
): SignalIntake {
  const pressing = signal.severity === "high" || signal.severity === "critical";
  const details = signal.details.trim();
  return {
    title: shortened(signal.summary.trim()),
    summary: details === "" ? signal.summary : signal.details,
    source: signal.source,
    category: `learning:${signal.type}`,
    urgency: pressing ? "high" : "medium",
    impactAreas: [`quality:${signal.quality.label}`],
    priority: Math.min(
      basePriority[signal.severity] + qualityBonus(signal.quality.score),
      highestPriority,
    ),
  };
}

/** Twice the score, rounded; a half goes to the even number, as Python rounds. */
function qualityBonus(score: number): 0 | 1 | 2 {
  const thousandths = thousandthsOf(score);
  if (thousandths <= 250) return 0;
  return thousandths < 750 ? 1 : 2;
}

/** Cut between characters, never within a surrogate pair. */
function shortened(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= titleCharacters) return text;
  return `${characters.slice(0, titleCharacters - 1).join("")}…`;
}
