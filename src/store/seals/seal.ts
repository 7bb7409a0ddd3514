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
 * `spelled` says, and the table's floating-point numbers behind it. SQLite spells those otherwise
 * from version to version, so that column leaves them out.
 */
export function spellingOf(values: readonly SealedValue[]): string {
  return values.map(quoted).join("|");
}

/** SQLite's `quote()`, which ends a text at U+0000; none that is written has one. */
function quoted(value: SealedValue): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString("hex").toUpperCase()}'`;
  if (typeof value !== "string") return `${value}`;
  const end = value.indexOf("\0");
  return `'${(end === -1 ? value : value.slice(0, end)).replaceAll("'", "''")}'`;
}

/** The values of a spelling, as far as it has them, each as its text. */
export function valuesIn(spelled: string): readonly string[] {
  const parts = spelled.match(/'(?:[^']|'')*'|[^|]+/g) ?? [];
  return parts.map((part) =>
    part.startsWith("'") ? part.slice(1, -1).replaceAll("''", "'") : part,
  );
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
    last = Math.max(now() * 1000, last + 1, atLeast);
    return last;
  };
}
