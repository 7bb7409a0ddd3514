import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { systemCodeOf } from "../../base/errors.ts";
import { healed } from "../parity/parity.ts";

/** The folder of a store's journal, within its data folder; a link where it is on another disk. */
export const journalFolder = "journal";

/**
 * How many changes one file has: the number of a change says which file it is in, so that
 * processes that take turns need not agree on where the next file begins.
 */
const changesASegment = 4096;

/** Where a history began. */
const originSchema = z.strictObject({
  history: z.string().min(1),
  at: z.int(),
  /** The number of the last change before it. */
  seq: z.int().nonnegative(),
  /** The history that it goes on from at that number. Null: nothing before it is known here. */
  parent: z.string().nullable(),
  /** Whether the store was new then, so that the journal alone has all of it. */
  empty: z.boolean(),
});
export type Origin = z.infer<typeof originSchema>;

export const originName = "origin.json";

/** The first number of the segment that a change is in. */
export function segmentOf(seq: number): number {
  return Math.floor((seq - 1) / changesASegment) * changesASegment + 1;
}

/** The last number of a segment. */
export function segmentEnd(first: number): number {
  return first + changesASegment - 1;
}

/** The file of a segment while it is written to. */
export function segmentName(first: number): string {
  return `${String(first).padStart(12, "0")}.jsonl`;
}

/** The same once it is full: packed, and listed with its digest. */
export function sealedName(first: number): string {
  return packedPath(segmentName(first));
}

/** Where a segment is once it is packed. */
export function packedPath(path: string): string {
  return `${path}.zst`;
}

/** The first numbers of the segments of a history, in order. */
export function segmentsIn(folder: string): readonly number[] {
  const firsts = namesIn(folder).flatMap((name) => {
    const [, digits] = /^(\d{12})\.jsonl(?:\.zst)?$/.exec(name) ?? [];
    return digits === undefined ? [] : [Number(digits)];
  });
  return [...new Set(firsts)].toSorted((one, other) => one - other);
}

/** The histories of a journal that say where they began, the newest first. */
export function originsIn(journal: string): readonly Origin[] {
  const origins = namesIn(journal).flatMap((name) => readOrigin(journal, name) ?? []);
  return origins.toSorted(
    (one, other) => other.at - one.at || (other.history < one.history ? -1 : 1),
  );
}

/** Where a history began; undefined where that is not known. */
export function readOrigin(journal: string, history: string): Origin | undefined {
  const path = join(journal, history, originName);
  if (!existsSync(path)) return undefined;
  try {
    const found = readFileSync(path);
    const text = (healed(path, found.length) ?? found).toString("utf8");
    const parsed = originSchema.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.history === history ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
