import { type Effort } from "../../base/effect.ts";
import { attempt } from "../../base/result.ts";
import type { RoutingSettings } from "./settings.ts";

/** What the work alone says about the effort that it needs. */
export interface Classification {
  readonly effort: Effort;
  /** How likely the choice between two tiers is right: 0.5 is a coin. */
  readonly confidence: number;
  readonly reasons: readonly string[];
}

/**
 * Length as a router of questions to a weak or a strong model reached 0.587 where chance is 0.5, and
 * on issues for coding agents 0.497. More than this nobody can claim for it.
 */
const measured = 0.587;
/** So many times longer or shorter than the nearest threshold is as sure as it gets. */
const surelyTimes = 8;

/**
 * Chooses a tier by the length of what is asked, because that is nearly all that a text says before
 * anybody has tried. The same work always gets the same answer; what cannot be measured is medium.
 * @param work the task's words, or the inputs that it is given as data
 */
export function classify(
  work: unknown,
  { lowBelow, highFrom }: RoutingSettings["classifier"],
): Classification {
  const length = lengthOf(work);
  if (length === undefined) {
    const reasons = ["the inputs are no JSON, so how long they are is not known"];
    return { effort: "medium", confidence: 0.5, reasons };
  }
  const confidence = confidenceOf(length, [lowBelow, highFrom]);
  const size = `${length} characters`;
  if (length < lowBelow) {
    const reasons = [`${size}: less than ${lowBelow}`];
    return { effort: "low", confidence, reasons };
  }
  if (length >= highFrom) {
    return { effort: "high", confidence, reasons: [`${size}: ${highFrom} or more`] };
  }
  const reasons = [`${size}: from ${lowBelow} to below ${highFrom}`];
  return { effort: "medium", confidence, reasons };
}

function lengthOf(work: unknown): number | undefined {
  if (typeof work === "string") return work.trim().length;
  const text = attempt((): string | undefined => JSON.stringify(work));
  return text.ok ? text.value?.length : undefined;
}

/** A coin at a threshold, and never more than what was measured. */
function confidenceOf(length: number, thresholds: readonly number[]): number {
  const times = thresholds.map((threshold) => Math.abs(Math.log((length + 1) / threshold)));
  const share = Math.min(1, Math.min(...times) / Math.log(surelyTimes));
  return Math.round((0.5 + share * (measured - 0.5)) * 1_000) / 1_000;
}
