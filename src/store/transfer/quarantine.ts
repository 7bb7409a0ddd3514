import { Agent33Error } from "../../base/errors.ts";
import { beforeSeq, limitOf, type Page, pageOf, type PageRequest } from "../pages.ts";
import { change, first, type Program, rows, type SqlRow } from "../program.ts";

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

/** A record that was set aside, as the store keeps it. */
export interface StoredQuarantined {
  readonly id: number;
  readonly tenant: string;
  /** The file that it comes from; the transfer's id where that is not known here. */
  readonly origin: string;
  readonly place: string;
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Its bytes, or the first of them, as {@link contentText} writes them. */
  readonly content: string;
}

const stored = `SELECT quarantine.seq AS seq, tenant, COALESCE(transfers.source, quarantine.source)
    AS origin, place, reason, at, content
  FROM quarantine LEFT JOIN transfers ON transfers.id = quarantine.source`;

/** Newest first. @throws Agent33Error `store.bad_cursor` */
export function* listSetAside(request: PageRequest): Program<Page<StoredQuarantined>> {
  const limit = limitOf(request);
  const found = yield* rows(
    `${stored} WHERE quarantine.seq < ? ORDER BY quarantine.seq DESC LIMIT ?`,
    beforeSeq(request),
    limit + 1,
  );
  const numbered = found.map((row) => ({ seq: Number(row["seq"]), row }));
  return pageOf(numbered, limit, ({ row }) => storedOf(row));
}

/** @throws Agent33Error `store.unknown_quarantined` */
export function* findSetAside(id: number): Program<StoredQuarantined> {
  const found = yield* first(`${stored} WHERE quarantine.seq = ?`, id);
  if (found !== undefined) return storedOf(found);
  throw new Agent33Error("store.unknown_quarantined", `Nothing is set aside under ${id}.`, {
    hint: "List what is with `agent33 store quarantine list`.",
    details: { id },
  });
}

function storedOf(row: SqlRow): StoredQuarantined {
  return {
    id: Number(row["seq"]),
    tenant: String(row["tenant"]),
    origin: String(row["origin"]),
    place: String(row["place"]),
    reason: String(row["reason"]),
    at: Number(row["at"]),
    content: String(row["content"]),
  };
}
