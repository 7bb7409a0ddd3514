import { hash } from "node:crypto";

/** A value as a row holds it. */
export type SealedValue = string | number | bigint | null | Uint8Array;

/** Microseconds since the Unix epoch until the year 2286, so that revisions sort as text too. */
const revisionDigits = 16;
/** 128 bits in hexadecimal. */
const sumDigits = 32;
const form = new RegExp(`^[0-9]{${revisionDigits}}[0-9a-f]{${sumDigits}}$`);

/** How long every seal is. */
export const sealLength = revisionDigits + sumDigits;

/**
 * The seal of a row: its revision, then 128 bits of SHA-256 over the table, the revision and the
 * row's spelling.
 */
export function sealOf(table: string, revision: number, spelled: string): string {
  const digits = String(revision).padStart(revisionDigits, "0");
  return `${digits}${sumOf(table, digits, spelled)}`;
}

/** Whether a row of this spelling is as it was sealed. */
export function sealHolds(table: string, seal: unknown, spelled: string): boolean {
  if (typeof seal !== "string" || seal.length !== sealLength) return false;
  const digits = seal.slice(0, revisionDigits);
  return seal.slice(revisionDigits) === sumOf(table, digits, spelled);
}

/** Whether a value has the form of a seal, whatever it seals. */
export function isSeal(value: unknown): value is string {
  return typeof value === "string" && value.length === sealLength && form.test(value);
}

/** Which write of its key a row came from: a later one has a higher revision. */
export function revisionOf(seal: string): number {
  return Number(seal.slice(0, revisionDigits));
}

/**
 * A row's spelling, by its values in the order of the sealed table's columns: what the column
 * `spelled` says (each value's type, its length in bytes and itself), and the table's
 * floating-point numbers behind it. SQLite spells those otherwise from version to version, so that
 * column leaves them out.
 * @param reals how many of the values are of columns with floating-point numbers
 */
export function spellingOf(values: readonly SealedValue[], reals: number): string {
  const plain = values.length - reals;
  return values.map((value, at) => (at < plain ? spelled(value) : String(value))).join("|");
}

function spelled(value: SealedValue): string {
  if (value === null) return "null";
  // No row has bytes; whatever they are, no seal holds of them.
  if (value instanceof Uint8Array) return `blob|${value.length}`;
  const text = String(value);
  return typeof value === "string"
    ? `text|${Buffer.byteLength(text)}|${text}`
    : `integer|${text.length}|${text}`;
}

/** The values of a spelling, as far as it has them, each as its text. */
export function valuesIn(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const values: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = (from: number): number => {
      const found = bytes.indexOf("|", from);
      return found === -1 ? bytes.length : found;
    };
    const type = bytes.toString("utf8", at, end(at));
    at = end(at) + 1;
    if (!["text", "integer", "blob"].includes(type)) {
      values.push(type === "null" ? "" : type);
      continue;
    }
    const from = end(at) + 1;
    const to = from + Number(bytes.toString("utf8", at, from - 1));
    values.push(bytes.toString("utf8", from, to));
    at = to + 1;
  }
  return values;
}

function sumOf(table: string, revision: string, spelled: string): string {
  return hash("sha256", `${table}|${revision}|${spelled}`, "hex").slice(0, sumDigits);
}

/**
 * Gives out revisions that rise with every write of this process and, as far as clocks agree, of
 * all: microseconds of the wall clock, or one more than the last where that stood still or went back.
 */
export function createRevisions(now: () => number): (atLeast: number) => number {
  let last = 0;
  return (atLeast) => {
    last = Math.max(Math.floor(now() * 1000), last + 1, atLeast);
    return last;
  };
}
