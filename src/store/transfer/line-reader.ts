import type { ByteSource } from "./byte-source.ts";

/** One line of a source, without its end. */
export interface Line {
  /** Counted in bytes from the source's start. */
  readonly offset: number;
  /** The byte after the line's end. */
  readonly end: number;
  /** Its bytes; the first of them where it is longer than a line may be. */
  readonly bytes: Uint8Array;
  readonly tooLong: boolean;
  /** Whether the source ends without ending the line. */
  readonly open: boolean;
}

const chunkBytes = 1024 * 1024;
const newline = 0x0a;
/** Longer than any row that the store writes; bounds the memory that a damaged file can ask for. */
export const maxLineBytes = 64 * 1024 * 1024;

/** The lines of a source from a byte on, read a piece at a time. */
export async function* readLines(
  source: ByteSource,
  from: number,
  maxBytes: number = maxLineBytes,
): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let start = from;
  let offset = from;
  const keep = (piece: Uint8Array): void => {
    if (held < maxBytes) parts.push(piece.subarray(0, maxBytes - held));
    held += piece.length;
  };
  const line = (end: number, open: boolean): Line => {
    const only = parts.length === 1 ? parts[0] : undefined;
    return {
      offset: start,
      end,
      bytes: only ?? Buffer.concat(parts),
      tooLong: held > maxBytes,
      open,
    };
  };
  while (offset < source.size) {
    const chunk = await source.read(offset, chunkBytes);
    if (chunk.length === 0) break;
    let place = 0;
    for (;;) {
      const found = chunk.indexOf(newline, place);
      if (found === -1) break;
      keep(chunk.subarray(place, found));
      yield line(offset + found + 1, false);
      parts = [];
      held = 0;
      place = found + 1;
      start = offset + place;
    }
    if (place < chunk.length) keep(chunk.subarray(place));
    offset += chunk.length;
  }
  if (held > 0) yield line(offset, true);
}
