import { digestOf } from "../base/digest.ts";
import type { NewSignal } from "./signal.ts";

/** What makes two signals repeats of each other. */
export type Fingerprinted = Pick<NewSignal, "type" | "severity" | "summary" | "source">;

/**
 * Signals of one type, severity and source whose summaries say the same have one fingerprint: the
 * SHA-256 of these four as canonical JSON, in hexadecimal. Details and context are not in it, since
 * they are where one occurrence differs from the next.
 */
export function fingerprintOf(signal: Fingerprinted): string {
  const { type, severity, source } = signal;
  return digestOf({ type, severity, source, summary: normalisedSummary(signal.summary) });
}

const uuid = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/g;
/** With `0x`, or eight digits and more with a decimal one among them, or words would be ids. */
const hexId = /(?<![0-9a-z])(?:0x[0-9a-f]+|(?=[a-f]*[0-9])[0-9a-f]{8,})(?![0-9a-z])/g;
const number = /[0-9]+(?:[.,][0-9]+)*/g;

/**
 * A summary without what changes from one occurrence to the next: case, white space, and numbers,
 * UUIDs and hexadecimal ids, of which each becomes `#`. So "Timeout after 5012 ms" repeats "timeout
 * after 870 ms". The price is that "answered 404" repeats "answered 500": put what tells problems
 * apart into words or into the source.
 */
export function normalisedSummary(summary: string): string {
  return summary
    .normalize("NFC")
    .toLowerCase()
    .replace(uuid, "#")
    .replace(hexId, "#")
    .replace(number, "#")
    .replace(/\s+/g, " ")
    .trim();
}
