import type { ByteSource } from "./byte-source.ts";
import { isSpace, type Scanned, scanValue } from "./json-value.ts";

const chunkBytes = 256 * 1024;
/** Longer than any record; bounds the memory that a damaged document can ask for. */
const maxValueBytes = 16 * 1024 * 1024;

/**
 * Looks at a source through a window that moves forwards. Places are counted in bytes from the
 * source's start.
 */
export interface JsonReader {
  /** Undefined after the end. */
  byteAt(place: number): Promise<number | undefined>;
  /** The first place from `place` on that is no white space; the end's, where there is none. */
  skipSpaces(place: number): Promise<number>;
  /** The first place from `place` on with one of these bytes; undefined where there is none. */
  find(place: number, wanted: ReadonlySet<number>): Promise<number | undefined>;
  /** Whether these bytes stand there. */
  has(place: number, bytes: Uint8Array): Promise<boolean>;
  /** The value that begins at `place`; `short` only where the source ends within it. */
  valueAt(place: number): Promise<Scanned>;
  /** Up to `length` bytes. Nobody writes to them. */
  bytesAt(place: number, length: number): Promise<Uint8Array>;
  /** Nothing before this place is asked for any more. */
  release(before: number): void;
}

export function createReader(source: ByteSource): JsonReader {
  let bytes: Uint8Array = new Uint8Array(0);
  let base = 0;
  let ended = false;

  const grow = async (): Promise<boolean> => {
    const more = ended
      ? bytes.subarray(0, 0)
      : await source.read(base + bytes.length, Math.max(chunkBytes, bytes.length));
    if (more.length === 0) {
      ended = true;
      return false;
    }
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
    return true;
  };
  const reach = async (place: number): Promise<boolean> => {
    while (place >= base + bytes.length) if (!(await grow())) return false;
    return true;
  };
  const release = (before: number): void => {
    const cut = Math.min(before - base, bytes.length);
    // Cutting off every byte by itself would cost more than it saves.
    if (cut < chunkBytes / 4) return;
    bytes = bytes.subarray(cut);
    base += cut;
  };

  return {
    byteAt: async (place) => ((await reach(place)) ? bytes[place - base] : undefined),
    skipSpaces: async (place) => {
      for (let at = place; ; ) {
        while (at < base + bytes.length && isSpace(bytes[at - base])) at += 1;
        if (at < base + bytes.length || !(await grow())) return at;
        release(at);
      }
    },
    find: async (place, wanted) => {
      for (let at = place; ; ) {
        while (at < base + bytes.length && !wanted.has(bytes[at - base] ?? 0)) at += 1;
        if (at < base + bytes.length) return at;
        release(at);
        if (!(await grow())) return undefined;
      }
    },
    has: async (place, wanted) => {
      await reach(place + wanted.length - 1);
      const there = bytes.subarray(place - base, place - base + wanted.length);
      return Buffer.compare(there, wanted) === 0;
    },
    valueAt: async (place) => {
      await reach(place);
      for (;;) {
        const scanned = scanValue(bytes, place - base, bytes.length, ended);
        if (scanned.kind === "value") return { kind: "value", end: scanned.end + base };
        if (scanned.kind === "bad") return { ...scanned, at: scanned.at + base };
        if (base + bytes.length - place > maxValueBytes) {
          const reason = `longer than ${maxValueBytes / 1024 / 1024} MiB`;
          return { kind: "bad", at: place, reason };
        }
        if (!(await grow()) && scanValue(bytes, place - base, bytes.length, true).kind === "short")
          return scanned;
      }
    },
    bytesAt: async (place, length) => {
      await reach(place + length - 1);
      return bytes.subarray(place - base, place - base + length);
    },
    release,
  };
}
