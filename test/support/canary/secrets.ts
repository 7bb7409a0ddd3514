import { randomBytes } from "node:crypto";

/** A secret that must be found nowhere, by the way in which it was made known. */
export interface Canary {
  readonly name: string;
  readonly value: string;
  /** What of it stands in no other text, as letters and digits. */
  readonly ends: readonly string[];
}

/** What differs when it is escaped: for JSON, forms, HTML and base64 within addresses. */
const awkward = `"\\/+&=<%>?~`;

/** A secret with all that is escaped somewhere in its middle. */
export function canary(name: string): Canary {
  const [one, other] = [randomBytes(9).toString("hex"), randomBytes(9).toString("hex")];
  return { name, value: `${one}${awkward}${other}`, ends: [one, other] };
}

/** One as webhooks have it. */
export function webhookCanary(name: string): Canary {
  const key = randomBytes(32).toString("base64");
  return { name, value: `whsec_${key}`, ends: [key.slice(0, 12), key.slice(-12)] };
}

/** A value in a form, by the form's name. The forms are made here by other means than in `src`. */
export function spellings({ value }: Canary): Readonly<Record<string, string>> {
  const bytes = Buffer.from(value);
  const alone = (code: number): string => code.toString(16).padStart(2, "0");
  const around = (before: string): string => Buffer.from(`${before}${value}:`).toString("base64");
  const url = (text: string): string =>
    text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return {
    itself: value,
    base64: bytes.toString("base64"),
    base64url: bytes.toString("base64url"),
    "base64 after one byte": around(":"),
    "base64 after two bytes": around("a:"),
    "base64 after three bytes": around("ab:"),
    "base64url after two bytes": url(around("a:")),
    "hexadecimal, small": bytes.toString("hex"),
    "hexadecimal, capital": bytes.toString("hex").toUpperCase(),
    "URL encoded": encodeURIComponent(value),
    "URL encoded, small": encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
    "form encoded": String(new URLSearchParams([["", value]])).slice(1),
    "URL encoded, all": [...bytes].map((byte) => `%${alone(byte)}`).join(""),
    JSON: JSON.stringify(value).slice(1, -1),
    "JSON in JSON": JSON.stringify(JSON.stringify(value)).slice(3, -3),
  };
}

/** Characters of an encoded middle part that can be looked for wherever it begins. */
const window = 14;

/**
 * What is searched for: of each spelling a piece from its middle, which stands in no other text, so
 * that one which was cut or changed at its ends is found too.
 */
export function needles(one: Canary): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [form, text] of Object.entries(spellings(one))) {
    const from = Math.floor((text.length - window) / 2);
    found.set(text.slice(from, from + window), `${one.name}, ${form}`);
  }
  for (const [at, end] of one.ends.entries()) found.set(end, `${one.name}, end ${at + 1}`);
  return found;
}

/** Everything that can be said of some secrets, as a text of many lines. */
export function soup(canaries: readonly Canary[]): string {
  return canaries.flatMap((one) => Object.values(spellings(one))).join(" | ");
}
