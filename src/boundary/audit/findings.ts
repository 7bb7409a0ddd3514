import type { Link } from "./link.ts";

/** What is wrong with an audit, where. */
export interface Finding {
  readonly kind: "changed" | "removed" | "inserted" | "reordered" | "truncated" | "forged";
  /** What it is about: a call's record, a link of the chain, a signed place, a line of a file. */
  readonly about: "record" | "link" | "checkpoint" | "head" | "anchor" | "line";
  /** The place in the chain, where it has one. */
  readonly position?: number;
  readonly callId?: string;
  /** What, where and since when, for people. */
  readonly message: string;
}

/** The outcome of a check. */
export interface AuditVerdict {
  readonly tenant: string;
  /** Whether nothing was found. */
  readonly ok: boolean;
  readonly links: number;
  /** Records that a link vouches for. */
  readonly records: number;
  /** Records of the last moments that are not linked yet; nothing vouches for them. */
  readonly pending: number;
  readonly checkpoints: number;
  /** The place up to which the audit was removed by the retention of the settings; 0 for nothing. */
  readonly removedUpTo: number;
  readonly end: { readonly position: number; readonly hash: string } | null;
  readonly found: number;
  /** The first of what was found. */
  readonly findings: readonly Finding[];
}

/** Kept of what is found; the rest is counted. */
const mostKept = 1000;

/** Collects what is found. */
export function createFindings() {
  const kept: Finding[] = [];
  let found = 0;
  return {
    add: (finding: Finding): void => {
      found += 1;
      if (kept.length < mostKept) kept.push(finding);
    },
    kept: kept as readonly Finding[],
    count: () => found,
  };
}
export type Findings = ReturnType<typeof createFindings>;

/** A time as findings say it. */
export function timeOf(ms: number): string {
  // What was changed may be no time at all.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `time ${ms}`;
}

/** The link as findings name it. */
export function nameOf({ position, callId, state, at }: Link): string {
  return `link ${position} (call ${callId}, ${state}, ${timeOf(at)})`;
}
