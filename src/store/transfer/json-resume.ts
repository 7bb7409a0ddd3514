import type { JsonReader } from "./json-reader.ts";

/** What to look for in a JSON document whose parts are lists of records and maps of links. */
export interface Shape {
  /** Names of lists of records. */
  readonly lists: readonly string[];
  /** Names of objects whose entries matter one by one. */
  readonly maps: readonly string[];
  /** The list that a record belongs to, told from its content; undefined for what is no record. */
  readonly listOf: (record: unknown) => string | undefined;
  /** The map that an entry belongs to, told from its content. */
  readonly mapOf: (key: string, value: unknown) => string | undefined;
}

/** An object, list or map that the walk is in. A list without a name is none of the shape's. */
export type Frame =
  | { readonly kind: "object" }
  | { readonly kind: "list"; readonly name: string | undefined }
  | { readonly kind: "map"; readonly name: string };

/** Where the walk can go on, and in what. */
export interface Resumption {
  readonly at: number;
  readonly frames: readonly Frame[];
}

const quote = 0x22;
const brace = 0x7b;
const marks = new Set([quote, brace]);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type Decoded = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** The value of bytes that are one JSON value by its grammar; not ok where they are not UTF-8. */
export function decode(bytes: Uint8Array): Decoded {
  try {
    return { ok: true, value: JSON.parse(utf8.decode(bytes)) as unknown };
  } catch {
    return { ok: false };
  }
}

/** A name, and where the value begins that it names. */
interface Named {
  readonly name: string;
  readonly valueAt: number;
}

/**
 * The next place after damage from which the document can be read on: a whole record, the name of
 * one of the parts or, in a map, a whole entry. Braces and quotes within a record's texts are no
 * such places: the quotes there are escaped.
 */
export async function findResumption(
  reader: JsonReader,
  from: number,
  frames: readonly Frame[],
  shape: Shape,
): Promise<Resumption | undefined> {
  const within = frames.at(-1);
  for (let place = from; ; place += 1) {
    const at = await reader.find(place, marks);
    if (at === undefined) return undefined;
    place = at;
    reader.release(at);
    if ((await reader.byteAt(at)) === quote) {
      const named = await nameAt(reader, at);
      if (named === undefined) continue;
      const opening = await reader.byteAt(named.valueAt);
      const known =
        (shape.lists.includes(named.name) && opening === 0x5b) ||
        (shape.maps.includes(named.name) && opening === brace);
      if (known) return { at, frames: [{ kind: "object" }] };
      const map = opening === quote ? await mapAt(reader, named, shape) : undefined;
      if (map === undefined) continue;
      if (within?.kind === "map") return { at, frames };
      return { at, frames: [{ kind: "object" }, { kind: "map", name: map }] };
    }
    const list = await recordAt(reader, at, shape);
    if (list === undefined) continue;
    if (within?.kind === "list") return { at, frames };
    return { at, frames: [{ kind: "object" }, { kind: "list", name: list }] };
  }
}

/** The name in quotes with a colon behind it that stands at a place, if one does. */
export async function nameAt(reader: JsonReader, place: number): Promise<Named | undefined> {
  if ((await reader.byteAt(place)) !== quote) return undefined;
  const scanned = await reader.valueAt(place);
  if (scanned.kind !== "value") return undefined;
  const colon = await reader.skipSpaces(scanned.end);
  if ((await reader.byteAt(colon)) !== 0x3a) return undefined;
  const decoded = decode(await reader.bytesAt(place, scanned.end - place));
  if (!decoded.ok || typeof decoded.value !== "string") return undefined;
  return { name: decoded.value, valueAt: await reader.skipSpaces(colon + 1) };
}

async function recordAt(
  reader: JsonReader,
  place: number,
  shape: Shape,
): Promise<string | undefined> {
  const scanned = await reader.valueAt(place);
  if (scanned.kind !== "value") return undefined;
  const decoded = decode(await reader.bytesAt(place, scanned.end - place));
  return decoded.ok ? shape.listOf(decoded.value) : undefined;
}

async function mapAt(
  reader: JsonReader,
  { name, valueAt }: Named,
  shape: Shape,
): Promise<string | undefined> {
  const scanned = await reader.valueAt(valueAt);
  if (scanned.kind !== "value") return undefined;
  const decoded = decode(await reader.bytesAt(valueAt, scanned.end - valueAt));
  return decoded.ok ? shape.mapOf(name, decoded.value) : undefined;
}
