/** What a change says of its place in a series: `sequence:N` labels, or `Sequence: N` trailers. */
export interface SequenceClaim {
  /** Each number that is said, once. */
  readonly steps: readonly number[];
  /** What looks like a place in a series and is none, as it was written. */
  readonly malformed: readonly string[];
}

/** A change that landed on the base. */
export interface Landing {
  /** `#12`, or a commit's full hash. */
  readonly id: string;
  readonly claim: SequenceClaim;
  /** Other names of it, such as the commits that a merge brought. */
  readonly covers: readonly string[];
  /** Ids of what it says that it reverts. */
  readonly reverts: readonly string[];
}

export type SequenceCode =
  | "no_label"
  | "in_order"
  | "two_labels"
  | "malformed_label"
  | "missing_predecessor"
  | "already_merged";

/** Whether a change may be merged now, and why. */
export interface SequenceVerdict {
  readonly ok: boolean;
  readonly code: SequenceCode;
  readonly message: string;
  readonly step?: number;
  /** What of the series has landed: each step, by what, and what reverted it. */
  readonly series: readonly SeriesStep[];
}

export interface SeriesStep {
  readonly step: number;
  readonly by: string;
  readonly revertedBy?: string;
}

/** The highest place that a series has: more is a slip of the pen. */
export const lastStep = 999;

/**
 * Reads labels or trailer values such as `sequence:2`.
 * @param words those that claim a place, each with its value: `["sequence:2", "2"]`
 */
export function sequenceClaim(words: readonly (readonly [string, string])[]): SequenceClaim {
  const steps = new Set<number>();
  const malformed = new Set<string>();
  for (const [shown, value] of words) {
    const step = /^[1-9]\d{0,2}$/.test(value) ? Number(value) : Number.NaN;
    if (step <= lastStep) steps.add(step);
    else malformed.add(shown);
  }
  return { steps: [...steps].toSorted((a, b) => a - b), malformed: [...malformed] };
}

/** The claim of a pull request's labels. Case and blanks around the colon do not matter. */
export function claimOfLabels(labels: readonly string[]): SequenceClaim {
  const words = labels.flatMap((label) => {
    const value = /^\s*sequence\s*:\s*(.*?)\s*$/i.exec(label)?.[1];
    return value === undefined ? [] : [[label, value] as const];
  });
  return sequenceClaim(words);
}

/**
 * Whether a change keeps to its place. A series begins with the latest step 1 that landed on the
 * base: what an earlier series landed counts for nothing. What was reverted has not landed, unless
 * its revert was reverted.
 * @param landings all that landed on the same base since the series began, the latest first; older
 * ones do no harm
 * @param base name of the base, for messages
 */
export function judgeSequence(
  claim: SequenceClaim,
  landings: readonly Landing[],
  base: string,
): SequenceVerdict {
  const series = seriesOf(landings);
  const no = (code: SequenceCode, message: string): SequenceVerdict => {
    const [step] = claim.steps;
    return { ok: false, code, message, ...(step === undefined ? {} : { step }), series };
  };
  const { steps, malformed } = claim;
  if (malformed.length > 0) {
    return no(
      "malformed_label",
      `${malformed.map((word) => `"${word}"`).join(", ")} names no place: write sequence:N with N from 1 to ${lastStep}.`,
    );
  }
  const [step] = steps;
  if (step === undefined) {
    return {
      ok: true,
      code: "no_label",
      message: "No place in a series is claimed; nothing is asked of the order.",
      series: [],
    };
  }
  if (steps.length > 1) {
    const all = steps.map((one) => `sequence:${one}`).join(", ");
    return no("two_labels", `A change has one place in a series, and this one has ${all}.`);
  }
  const yes = (message: string): SequenceVerdict => ({
    ok: true,
    code: "in_order",
    message,
    step,
    series,
  });
  if (step === 1) return yes(`sequence:1 begins a series on ${base}.`);
  const wanting = missingBefore(step, series);
  if (wanting.length > 0) {
    return no(
      "missing_predecessor",
      `sequence:${step} must wait: on ${base}, ${wanting.join("; ")}.`,
    );
  }
  const already = series.find((one) => one.step === step && one.revertedBy === undefined);
  if (already !== undefined) {
    return no(
      "already_merged",
      `sequence:${step} of this series was merged into ${base} already (${shown(already.by)}). A new series begins with sequence:1.`,
    );
  }
  return yes(`sequence:1 to sequence:${step - 1} are merged into ${base}.`);
}

function missingBefore(step: number, series: readonly SeriesStep[]): readonly string[] {
  if (series.length === 0) return ["no series has begun (no sequence:1 is merged)"];
  return Array.from({ length: step - 1 }, (_, index) => index + 1).flatMap((one) => {
    const landed = series.find((entry) => entry.step === one);
    if (landed === undefined) {
      return [
        `sequence:${one} is not merged since the series began (${shown(series[0]?.by ?? "")})`,
      ];
    }
    return landed.revertedBy === undefined
      ? []
      : [`sequence:${one} (${shown(landed.by)}) was reverted by ${shown(landed.revertedBy)}`];
  });
}

/** The steps of the latest series in their order, each by its latest landing that was not reverted, if any. */
function seriesOf(landings: readonly Landing[]): readonly SeriesStep[] {
  const revertedBy = revertsAmong(landings);
  const latest = new Map<number, SeriesStep>();
  for (const landing of landings) {
    for (const step of landing.claim.steps) {
      const undone = revertedBy.get(landing.id);
      const known = latest.get(step);
      // Merged twice and reverted once, a step is still there by its other merge.
      if (known !== undefined && (known.revertedBy === undefined || undone !== undefined)) continue;
      const entry = { step, by: landing.id };
      latest.set(step, undone === undefined ? entry : { ...entry, revertedBy: undone });
    }
    if (latest.has(1)) break;
  }
  if (!latest.has(1)) return [];
  return [...latest.values()].toSorted((a, b) => a.step - b.step);
}

/** What reverted each landing; a revert comes later, and one that was itself reverted undoes nothing. */
function revertsAmong(landings: readonly Landing[]): ReadonlyMap<string, string> {
  const byName = new Map<string, Landing>();
  for (const landing of landings) {
    for (const name of [landing.id, ...landing.covers]) byName.set(name, landing);
  }
  const undone = new Map<string, string>();
  for (const landing of landings) {
    if (undone.has(landing.id)) continue;
    for (const name of landing.reverts) {
      const target = byName.get(name);
      if (target !== undefined && target.id !== landing.id) undone.set(target.id, landing.id);
    }
  }
  return undone;
}

/** A commit's hash as people write it; a pull request as it is. */
export function shown(id: string): string {
  return /^[0-9a-f]{40,64}$/.test(id) ? id.slice(0, 12) : id;
}
