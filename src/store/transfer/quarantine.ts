import { change, type Program } from "../program.ts";

/** A record that cannot be taken over. */
export interface Quarantined {
  /** Where it stands in its source, such as `byte 1234`. */
  readonly place: string;
  readonly reason: string;
  readonly tenant: string;
  /** Its bytes, or the first of them. */
  readonly content: Uint8Array;
}

/** Kept of a record that is longer; the source has the rest. */
export const keptBytes = 64 * 1024;
const base64Mark = "base64:";

/** Sets records aside. The same record of the same source twice is one. */
export function* setAside(
  source: string,
  records: readonly Quarantined[],
  now: number,
): Program<void> {
  for (const { place, reason, tenant, content } of records) {
    yield* change(
      `INSERT INTO quarantine (tenant, source, place, reason, content, at)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source, place) DO NOTHING`,
      tenant,
      source,
      place,
      reason,
      contentText(content),
      now,
    );
  }
}

/** Bytes as text that every backend can hold: as they are if they can be, else in base64. */
export function contentText(content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const text = bytes.toString("utf8");
  const faithful =
    !text.includes("\0") && !text.startsWith(base64Mark) && Buffer.from(text).equals(bytes);
  return faithful ? text : `${base64Mark}${bytes.toString("base64")}`;
}

/** The bytes that {@link contentText} wrote. */
export function contentBytes(text: string): Uint8Array {
  if (!text.startsWith(base64Mark)) return Buffer.from(text, "utf8");
  return Buffer.from(text.slice(base64Mark.length), "base64");
}
