import { existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import { putFile, syncToDisk } from "../../base/disk.ts";
import { pack, unpack } from "../pack.ts";
import { parityOf, writeParity } from "../parity/parity.ts";
import { takeLock } from "../sqlite/use-lock.ts";
import type { Position } from "./position.ts";
import { originsIn, sealedName, segmentEnd, segmentName, segmentsIn } from "./segments.ts";

/** One packed segment. Each has the digest of the one before it in its own, so none can be left out. */
const sealSchema = z.strictObject({
  /** The number of its first change. */
  first: z.int().positive(),
  bytes: z.int(),
  sha256: z.string(),
  unpackedBytes: z.int(),
  unpackedSha256: z.string(),
  chain: z.string(),
});
type Seal = z.infer<typeof sealSchema>;

const sealsName = "sealed.jsonl";

export interface SealOptions {
  readonly journal: string;
  /** The position of a backup that was just made: what is after it is not sealed. */
  readonly position: Position;
  readonly now: number;
  readonly keepDays: number;
}

/**
 * Packs the segments that are full, and removes those that are older than what is kept and in a
 * backup. One process does it at a time; another one leaves it to that.
 */
export async function sealJournal(options: SealOptions): Promise<void> {
  const { journal, position } = options;
  if (!existsSync(journal)) return;
  const lock = takeLock(join(journal, "lock"), "alone", 0);
  if (lock === undefined) return;
  try {
    for (const { history } of originsIn(journal)) {
      const folder = join(journal, history);
      // A history that was left has no more changes; of this one, those of the last may be written to.
      const upTo = history === position.history ? position.seq : Number.POSITIVE_INFINITY;
      for (const first of segmentsIn(folder)) {
        if (segmentEnd(first) > upTo) break;
        await seal(folder, first);
      }
      removeOld(folder, upTo, options);
    }
  } finally {
    lock.release();
  }
}

async function seal(folder: string, first: number): Promise<void> {
  const plain = join(folder, segmentName(first));
  if (!existsSync(plain)) return;
  const packed = join(folder, sealedName(first));
  const seals = readSeals(folder);
  if (!seals.some((one) => one.first === first)) {
    const partial = `${packed}.partial`;
    rmSync(partial, { force: true });
    const figures = await pack(plain, partial);
    const again = await unpack(partial, undefined);
    if (again.unpackedSha256 !== figures.unpackedSha256) return;
    renameSync(partial, packed);
    writeParity(packed, "w");
    syncToDisk(folder);
    const chain = sha256(`${seals.at(-1)?.chain ?? ""}${figures.unpackedSha256}`);
    const lines = [...seals, { first, ...figures, chain }].map((one) => JSON.stringify(one));
    putFile(join(folder, sealsName), `${lines.join("\n")}\n`, "new");
  }
  removeWithParity(plain);
}

function removeWithParity(path: string): void {
  rmSync(path);
  rmSync(parityOf(path), { force: true });
}

function readSeals(folder: string): readonly Seal[] {
  const path = join(folder, sealsName);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => sealSchema.parse(JSON.parse(line)));
}

/**
 * Removes packed segments, whose seals stay: the chain goes on. A backup has what was in them.
 */
function removeOld(folder: string, upTo: number, { now, keepDays }: SealOptions): void {
  for (const first of segmentsIn(folder)) {
    if (segmentEnd(first) > upTo) return;
    const path = join(folder, sealedName(first));
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || now - found.mtimeMs < keepDays * 86_400_000) return;
    removeWithParity(path);
  }
}

/** What is wrong with the packed segments of a history; none where all are as they were sealed. */
export async function sealProblems(folder: string): Promise<readonly string[]> {
  const problems: string[] = [];
  let chain = "";
  for (const one of readSeals(folder)) {
    chain = sha256(`${chain}${one.unpackedSha256}`);
    const name = sealedName(one.first);
    if (chain !== one.chain)
      problems.push(`the seal of ${name} is not the one after its neighbour`);
    const packed = join(folder, name);
    if (!existsSync(packed)) continue;
    try {
      const found = await unpack(packed, undefined);
      if (found.unpackedSha256 !== one.unpackedSha256) problems.push(`${name} was altered`);
    } catch {
      problems.push(`${name} cannot be unpacked`);
    }
  }
  return problems;
}
