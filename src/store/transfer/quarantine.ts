import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
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

/** Newest first. @throws Agent33Error `store.bad_cursor` */
export function* listSetAside(request: PageRequest): Program<Page<StoredQuarantined>> {
  const limit = limitOf(request);
  const found = yield* rows(
    "SELECT * FROM quarantine WHERE seq < ? ORDER BY seq DESC LIMIT ?",
    beforeSeq(request),
    limit + 1,
  );
  const origins = yield* originsOf(found);
  const numbered = found.map((row) => ({ seq: Number(row["seq"]), row }));
  return pageOf(numbered, limit, ({ row }) => storedOf(row, origins));
}

/** @throws Agent33Error `store.unknown_quarantined` */
export function* findSetAside(id: number): Program<StoredQuarantined> {
  const found = yield* first("SELECT * FROM quarantine WHERE seq = ?", id);
  if (found !== undefined) return storedOf(found, yield* originsOf([found]));
  throw new Agent33Error("store.unknown_quarantined", `Nothing is set aside under ${id}.`, {
    hint: "List what is with `agent33 store quarantine list`.",
    details: { id },
  });
}

/**
 * The files of transfers, by their ids. Asked one by one, as a page has few: a join would look at the
 * seals of all that there are.
 */
function* originsOf(found: readonly SqlRow[]): Program<ReadonlyMap<string, string>> {
  const origins = new Map<string, string>();
  for (const id of new Set(found.flatMap((row) => readable(() => String(row["source"]))))) {
    const row = yield* first("SELECT * FROM transfers WHERE id = ?", id);
    for (const origin of readable(() => row?.["source"])) {
      if (origin !== undefined) origins.set(id, String(origin));
    }
  }
  return origins;
}

/** What is read of a row; nothing where it is damaged, which the list itself tells. */
function readable<T>(of: () => T): readonly T[] {
  try {
    return [of()];
  } catch (error) {
    if (!isAgent33Error(error) || error.code !== "store.bad_row") throw error;
    return [];
  }
}

function storedOf(row: SqlRow, origins: ReadonlyMap<string, string>): StoredQuarantined {
  const source = String(row["source"]);
  return {
    id: Number(row["seq"]),
    tenant: String(row["tenant"]),
    origin: origins.get(source) ?? source,
    place: String(row["place"]),
    reason: String(row["reason"]),
    at: Number(row["at"]),
    content: String(row["content"]),
  };
}
