import type { Severity } from "./severity.ts";

/** From worst to best. */
export const qualityLabels = ["low", "medium", "high"] as const;
export type QualityLabel = (typeof qualityLabels)[number];

export const qualityReasons = [
  "summary_too_short",
  "details_missing",
  "source_missing",
  "context_missing",
  "well_formed_signal",
] as const;
export type QualityReason = (typeof qualityReasons)[number];

/** How much there is to work with in a signal. */
export interface Quality {
  /** 0 to 1 with three decimals. */
  readonly score: number;
  readonly label: QualityLabel;
  /** What is missing, or that nothing is. */
  readonly reasons: readonly QualityReason[];
}

/** What the score looks at. */
export interface Scored {
  readonly severity: Severity;
  readonly summary: string;
  readonly details: string;
  readonly source: string;
  readonly context: Readonly<Record<string, string>>;
}

/**
 * The weights are the Python engine's: 0.25 for a summary of 80 characters, 0.20 for details of
 * 160, 0.10 for a source, 0.10 for five entries of context, and 0.35 for the severity (low 0.3,
 * medium 0.55, high 0.8, critical 1). Here they count eighths of a thousandth, in which every sum
 * is a whole number.
 */
const eighths = {
  perSummaryCharacter: 25,
  perDetailsCharacter: 10,
  source: 800,
  perContextEntry: 160,
  severity: { low: 840, medium: 1540, high: 2240, critical: 2800 },
} as const satisfies {
  readonly severity: Record<Severity, number>;
  readonly [name: string]: unknown;
};
const fullSummary = 80;
const fullDetails = 160;
const fullContext = 5;
const shortSummary = 20;
const highThousandths = 700;
const mediumThousandths = 450;

/** The quality of a signal: the same for the same signal, on every machine. Halves go up. */
export function qualityOf(signal: Scored): Quality {
  const summary = charactersOf(signal.summary, fullSummary);
  const details = charactersOf(signal.details, fullDetails);
  const hasSource = signal.source.trim() !== "";
  const entries = Math.min(Object.keys(signal.context).length, fullContext);
  const sum =
    summary * eighths.perSummaryCharacter +
    details * eighths.perDetailsCharacter +
    (hasSource ? eighths.source : 0) +
    entries * eighths.perContextEntry +
    eighths.severity[signal.severity];
  const thousandths = Math.floor((sum + 4) / 8);
  const missing: QualityReason[] = [];
  if (summary < shortSummary) missing.push("summary_too_short");
  if (details === 0) missing.push("details_missing");
  if (!hasSource) missing.push("source_missing");
  if (entries === 0) missing.push("context_missing");
  return {
    score: scoreOf(thousandths),
    label: labelOf(thousandths),
    reasons: missing.length === 0 ? ["well_formed_signal"] : missing,
  };
}

/** The score that whole thousandths stand for; they are what is stored and summed. */
export function scoreOf(thousandths: number): number {
  return thousandths / 1000;
}

/** A score in whole thousandths. */
export function thousandthsOf(score: number): number {
  return Math.round(score * 1000);
}

function labelOf(thousandths: number): QualityLabel {
  if (thousandths >= highThousandths) return "high";
  return thousandths >= mediumThousandths ? "medium" : "low";
}

/** Characters (code points, as Python counts them) without the white space around, up to `most`. */
function charactersOf(text: string, most: number): number {
  const trimmed = text.trim();
  // A code point has at most two units, so there is no need to walk a long text.
  return trimmed.length >= most * 2 ? most : Math.min(Array.from(trimmed).length, most);
}
