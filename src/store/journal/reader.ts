import { createReadStream, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { isPackingFault } from "../pack.ts";
import { healedBlocks } from "../parity/blocks.ts";
import { healed } from "../parity/parity.ts";
import { type Change, decodeLine, type Texts } from "./line.ts";
import { sealedName, segmentName, segmentOf, segmentsIn } from "./segments.ts";

/** Why there are no more changes: all were read, or one is missing or damaged. */
export interface JournalEnd {
  readonly kind: "end" | "gap";
  /** The number of the last change that was read, or of the one after which was asked. */
  readonly seq: number;
}

/** Stands for all lines that are behind a place where a packed segment cannot be read. */
const brokenOff = Symbol("broken off");

/** Bytes that were altered are put right as far as the parity of a file can, or left as they are. */
export type Reading = "healed" | "as it stands";

/**
 * The changes of a history after a number, in the order of their commits. A line that was damaged
 * or cut off is passed over where its change was written again, and ends the changes elsewhere.
 * @returns why there are no more
 */
export async function* changesAfter(
  journal: string,
  history: string,
  after: number,
  reading: Reading,
): AsyncGenerator<Change, JournalEnd> {
  const folder = join(journal, history);
  /** Kept until the next line says that it was not written again. */
  let pending: Change | undefined;
  let seq = after;
  for (const first of segmentsIn(folder)) {
    if (first < segmentOf(after + 1)) continue;
    const texts: Texts = new Map();
    for await (const text of linesOf(folder, first, reading)) {
      if (text === brokenOff) {
        if (pending !== undefined) yield pending;
        return { kind: "gap", seq: pending?.seq ?? seq };
      }
      const line = decodeLine(history, text, texts);
      if (line === undefined || line.seq <= seq) continue;
      const next = pending === undefined ? seq + 1 : pending.seq + 1;
      if (line.seq > next) {
        if (pending !== undefined) yield pending;
        return { kind: "gap", seq: pending?.seq ?? seq };
      }
      if (pending !== undefined && line.seq === next) {
        yield pending;
        seq = pending.seq;
      }
      pending = "undone" in line ? undefined : line;
    }
  }
  if (pending !== undefined) yield pending;
  return { kind: "end", seq: pending?.seq ?? seq };
}

/**
 * The changes after a number that can be read, whatever is missing between them. Only those are given
 * behind which the next one stands: so they are known to have been kept.
 */
export async function* keptChangesAfter(
  journal: string,
  history: string,
  after: number,
): AsyncGenerator<Change> {
  const folder = join(journal, history);
  let pending: Change | undefined;
  for (const first of segmentsIn(folder)) {
    if (first < segmentOf(after + 1)) continue;
    const texts: Texts = new Map();
    for await (const text of linesOf(folder, first, "healed")) {
      const line = text === brokenOff ? undefined : decodeLine(history, text, texts);
      if (line === undefined || line.seq <= after) continue;
      if (pending !== undefined && line.seq === pending.seq + 1) yield pending;
      pending = "undone" in line ? undefined : line;
    }
  }
}

/** The lines of a segment, packed or not; a packed one may break off. */
async function* linesOf(
  folder: string,
  first: number,
  reading: Reading,
): AsyncGenerator<string | typeof brokenOff> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const piece of piecesOf(folder, first, reading)) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield line;
    }
  } catch (error) {
    if (!isPackingFault(error)) throw error;
    yield brokenOff;
    return;
  }
  if (rest !== "") yield rest;
}

async function* piecesOf(folder: string, first: number, reading: Reading): AsyncGenerator<Buffer> {
  const plain = join(folder, segmentName(first));
  if (existsSync(plain)) {
    yield* reading === "healed"
      ? healedBlocks(plain)
      : (createReadStream(plain) as AsyncIterable<Buffer>);
    return;
  }
  const packed = join(folder, sealedName(first));
  const whole = reading === "healed" ? healed(packed, statSync(packed).size) : undefined;
  const unpacking = createZstdDecompress();
  const source: Readable = whole === undefined ? createReadStream(packed) : Readable.from([whole]);
  source.on("error", (error) => unpacking.destroy(error)).pipe(unpacking);
  yield* unpacking as AsyncIterable<Buffer>;
}
