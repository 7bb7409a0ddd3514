import type { ByteSource } from "./byte-source.ts";
import { createReader } from "./json-reader.ts";
import { decode, findResumption, type Frame, nameAt, type Shape } from "./json-resume.ts";
import { isSpace, type Scanned } from "./json-value.ts";
import { keptBytes } from "./quarantine.ts";

/** Where something stands, in bytes from the start of the source. */
interface Place {
  readonly offset: number;
  /** The byte after it. */
  readonly end: number;
}

export type ScanEvent = Place &
  (
    | {
        readonly kind: "record";
        readonly list: string;
        readonly value: unknown;
        readonly bytes: Uint8Array;
      }
    | {
        readonly kind: "entry";
        readonly map: string;
        readonly key: string;
        readonly value: unknown;
      }
    | {
        readonly kind: "damage";
        readonly reason: string;
        /** The first bytes of what cannot be read. */
        readonly bytes: Uint8Array;
        /** The list whose record it is, where that is whole but not UTF-8. */
        readonly list?: string;
      }
    /** The last event. `truncated`: the source ends before its document does. */
    | { readonly kind: "end"; readonly truncated: boolean }
  );

const byteOrderMark = Uint8Array.of(0xef, 0xbb, 0xbf);
const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** How deep below the top the lists are looked for, such as in an envelope around the state. */
const maxFrames = 4;

/** Whether a record of a list need not be looked into. */
export type Skip = (list: string, bytes: Uint8Array) => boolean;

/**
 * Walks a JSON document record by record, in memory that does not grow with it. After damage it
 * goes on with the next record or part that can be read, so that one bad byte costs one record.
 * Pretty-printed or compact, names in any order, with a byte order mark or without.
 */
export async function* scanRecords(
  source: ByteSource,
  shape: Shape,
  skip: Skip = () => false,
): AsyncGenerator<ScanEvent> {
  const reader = createReader(source);
  const parts = new Set([...shape.lists, ...shape.maps]);
  let frames: readonly Frame[] = [];
  let at = (await reader.has(0, byteOrderMark)) ? byteOrderMark.length : 0;
  let begun = false;
  let cut = false;
  /** What stands, without a meaning so far, in the list without a name that the walk is in. */
  let unknown: (Place & { readonly bytes: Uint8Array }) | undefined;

  /** Passes over what cannot be read. */
  const recover = async (from: number, failed: Scanned | string): Promise<ScanEvent> => {
    const bytes = await reader.bytesAt(from, keptBytes);
    const next = await findResumption(reader, from + 1, frames, shape);
    const end = next?.at ?? source.size;
    if (next === undefined) cut = isShort(failed) || !(await hasEnd(source, frames[0]));
    at = end;
    frames = next?.frames ?? [];
    begun = true;
    const reason = reasonOf(failed, from);
    return { kind: "damage", offset: from, end, reason, bytes: bytes.subarray(0, end - from) };
  };
  const enter = (frame: Frame, place: number): undefined => {
    frames = [...frames, frame];
    at = place;
    unknown = undefined;
  };
  const leave = (): undefined => {
    frames = frames.slice(0, -1);
    at += 1;
  };

  const outside = async (code: number): Promise<ScanEvent | undefined> => {
    if (begun) return await recover(at, "something follows after the end");
    begun = true;
    if (code === openBrace) return enter({ kind: "object" }, at + 1);
    if (code === openBracket) return enter({ kind: "list", name: undefined }, at + 1);
    return await recover(at, "this is no JSON document");
  };

  const inList = async (code: number, name: string | undefined): Promise<ScanEvent | undefined> => {
    if (code === closeBracket) {
      if (await mayEndList()) return leave();
      at += 1;
      return stray(at - 1, code, "a list ends too early");
    }
    if (code === openBracket && name !== undefined) {
      // No record is a list; this one may hold all the records that follow.
      enter({ kind: "list", name }, at + 1);
      return stray(at - 1, code, "a list stands where a record should");
    }
    if (code === quote && parts.has((await nameAt(reader, at))?.name ?? "")) {
      frames = [{ kind: "object" }];
      return stray(at, code, "a list does not end");
    }
    const scanned = await reader.valueAt(at);
    if (scanned.kind !== "value") return await recover(at, scanned);
    const place = { offset: at, end: scanned.end };
    const bytes = await reader.bytesAt(at, scanned.end - at);
    at = scanned.end;
    if (name !== undefined && skip(name, bytes)) return undefined;
    const decoded = decode(bytes);
    if (!decoded.ok) {
      return { ...notUtf8(place, bytes), ...(name === undefined ? {} : { list: name }) };
    }
    const told = shape.listOf(decoded.value);
    if (told === undefined && hasPart(decoded.value)) {
      // The rest of the document, because the comma before it is damaged.
      frames = [{ kind: "object" }];
      at = place.offset + 1;
      return stray(place.offset, code, "a list does not end");
    }
    if (told !== undefined && name === undefined) return nameList(told, place);
    const list = told ?? name;
    if (list === undefined) {
      unknown = { offset: place.offset, bytes: bytes.subarray(0, keptBytes), ...unknown, end: at };
      return undefined;
    }
    return { kind: "record", ...place, list, value: decoded.value, bytes };
  };
  /**
   * A record shows what the list is whose name is damaged: the walk takes it up again from there,
   * and what the list held before it is no longer something that nobody asked for.
   */
  const nameList = (name: string, record: Place): ScanEvent | undefined => {
    frames = [...frames.slice(0, -1), { kind: "list", name }];
    at = record.offset;
    if (unknown === undefined) return undefined;
    return { kind: "damage", ...unknown, reason: "not known, in a list without its name" };
  };
  const hasPart = (value: unknown): boolean =>
    typeof value === "object" && value !== null && Object.keys(value).some((key) => parts.has(key));
  /** Behind a list stands the end of what it is in, or a comma and a name. */
  const mayEndList = async (): Promise<boolean> => {
    const behind = await reader.skipSpaces(at + 1);
    const code = await reader.byteAt(behind);
    if (code !== comma) return code === undefined || code === closeBrace;
    return (await reader.byteAt(await reader.skipSpaces(behind + 1))) === quote;
  };

  const inObject = async (
    code: number,
    frame: Exclude<Frame, { readonly kind: "list" }>,
  ): Promise<ScanEvent | undefined> => {
    if (code === closeBrace) return leave();
    const named = await nameAt(reader, at);
    if (named === undefined) return await recover(at, await whyNoName(at));
    const { name, valueAt } = named;
    const below = frame.kind === "object" ? frameOf(name, await reader.byteAt(valueAt)) : undefined;
    if (below !== undefined) return enter(below, valueAt + 1);
    const scanned = await reader.valueAt(valueAt);
    if (scanned.kind !== "value") return await recover(at, scanned);
    const place = { offset: at, end: scanned.end };
    const bytes = await reader.bytesAt(at, scanned.end - at);
    const decoded = decode(bytes.subarray(valueAt - at));
    const value = decoded.ok ? decoded.value : undefined;
    if (frame.kind === "object" && parts.has(name) && frames.length === 1 && value !== null) {
      return await recover(at, `"${name}" is not a list of records`);
    }
    at = scanned.end;
    if (!decoded.ok) return notUtf8(place, bytes);
    const map = frame.kind === "map" ? frame.name : shape.mapOf(name, value);
    return map === undefined ? undefined : { kind: "entry", ...place, map, key: name, value };
  };
  const frameOf = (name: string, opening: number | undefined): Frame | undefined => {
    if (opening === openBracket && !shape.maps.includes(name)) {
      return { kind: "list", name: shape.lists.includes(name) ? name : undefined };
    }
    if (opening !== openBrace || shape.lists.includes(name)) return undefined;
    if (shape.maps.includes(name)) return { kind: "map", name };
    return frames.length < maxFrames ? { kind: "object" } : undefined;
  };
  /** `short` where the source ends within the name. */
  const whyNoName = async (place: number): Promise<Scanned | string> => {
    const scanned = await reader.valueAt(place);
    if (scanned.kind !== "value") return scanned;
    const behind = await reader.byteAt(await reader.skipSpaces(scanned.end));
    return behind === undefined ? { kind: "short" } : "a name in quotes and a colon are missing";
  };

  for (;;) {
    at = await reader.skipSpaces(at);
    reader.release(at);
    const code = await reader.byteAt(at);
    if (code === undefined) break;
    const frame = frames.at(-1);
    let event: ScanEvent | undefined;
    if (frame === undefined) event = await outside(code);
    else if (code === comma) at += 1;
    else if (frame.kind === "list") event = await inList(code, frame.name);
    else event = await inObject(code, frame);
    if (event !== undefined) yield event;
  }
  const truncated = cut || frames.length > 0;
  yield { kind: "end", offset: source.size, end: source.size, truncated };
}

function isShort(failed: Scanned | string): boolean {
  return typeof failed !== "string" && failed.kind === "short";
}

const tailBytes = 64;

/**
 * Whether the bytes that end the outermost object or list, and so the document, are there. Asked
 * where damage hides how deep the source's end lies.
 */
async function hasEnd(source: ByteSource, outermost: Frame | undefined): Promise<boolean> {
  if (outermost === undefined) return true;
  const tail = await source.read(Math.max(0, source.size - tailBytes), tailBytes);
  const last = tail.findLast((code) => !isSpace(code));
  return last === (outermost.kind === "list" ? closeBracket : closeBrace);
}

/** A byte that makes no sense where it stands and costs no record. */
function stray(at: number, code: number, reason: string): ScanEvent {
  return { kind: "damage", offset: at, end: at + 1, reason, bytes: Uint8Array.of(code) };
}

function notUtf8(place: Place, bytes: Uint8Array): ScanEvent & { readonly kind: "damage" } {
  return { kind: "damage", ...place, reason: "not UTF-8", bytes: bytes.subarray(0, keptBytes) };
}

function reasonOf(failed: Scanned | string, from: number): string {
  if (typeof failed === "string") return failed;
  if (failed.kind === "short") return "the source ends within it";
  return failed.kind === "bad" ? `${failed.reason} (${failed.at - from} bytes on)` : "";
}
