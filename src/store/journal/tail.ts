import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "../../base/errors.ts";
import { type LinePlace, placeOfLine } from "./line.ts";
import { segmentEnd, segmentName, segmentsIn } from "./segments.ts";

/** The end of a segment that is written to. */
export interface Tail {
  /** The number of the last change that was kept. */
  readonly last: number;
  /** Whether a change before it is missing or damaged. */
  readonly hasGap: boolean;
  /** The number of the first change of the file; undefined where that was not looked at. */
  readonly first: number | undefined;
}

/**
 * What was written in the last moments before a cut of the power may be there in part, with nothing
 * in its middle and whole lines behind. A flush is under way for a second at most, or as long as a
 * slow disk takes.
 */
const unsurePartMs = 10_000;

/** The end of a segment, as far back as a cut of the power reaches; undefined without a whole line. */
export function readTail(folder: string, first: number, history: string): Tail | undefined {
  let handle: number;
  try {
    handle = openSync(join(folder, segmentName(first)), "r");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(handle);
    for (let bytes = 64 * 1024; ; bytes *= 8) {
      const length = Math.min(bytes, size);
      const piece = Buffer.alloc(length);
      readSync(handle, piece, 0, length, size - length);
      const lines = piece.toString("utf8").split("\n");
      // The first one is cut off unless the piece is all of the file.
      const places = lines
        .slice(length === size ? 0 : 1)
        .flatMap((line) => (line === "" ? [] : (placeOfLine(history, line) ?? [])));
      if (length === size || reachesBack(places)) return tailOf(places, length === size);
    }
  } finally {
    closeSync(handle);
  }
}

/** The number of the last change that a history's files have; undefined where they have none. */
export function lastSeqOf(journal: string, history: string): number | undefined {
  const folder = join(journal, history);
  const first = segmentsIn(folder).at(-1);
  if (first === undefined) return undefined;
  const isPlain = existsSync(join(folder, segmentName(first)));
  return isPlain ? readTail(folder, first, history)?.last : segmentEnd(first);
}

function reachesBack(places: readonly LinePlace[]): boolean {
  const times = places.flatMap(({ at }) => at ?? []);
  const [first = 0] = times;
  return (times.at(-1) ?? first) - first > unsurePartMs;
}

/** As the journal is read: a number may come again where its change was not kept the first time. */
function tailOf(places: readonly LinePlace[], isAll: boolean): Tail | undefined {
  const [begin] = places;
  if (begin === undefined) return undefined;
  let last = begin.seq - 1;
  let hasGap = false;
  for (const { seq, undone } of places) {
    if (seq > last + 1) hasGap = true;
    last = undone ? seq - 1 : seq;
  }
  return { last, hasGap, first: isAll ? begin.seq : undefined };
}
