import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import { makeFolder, putFile } from "../../base/disk.ts";
import type { Place } from "../feed/feed.ts";
import { type SpendState, spendSchema } from "../spend/spend.ts";
import { labelBounds, metrics } from "./definitions.ts";
import { type RollupState, rollupSchema } from "./rollup.ts";

/** Sums and how far the store was read for them; the hash is of the last link that is in them. */
export interface KeptRollup {
  readonly place: Place;
  readonly hashes: Readonly<Record<string, string>>;
  readonly known: Readonly<Record<string, readonly string[]>>;
  readonly rollup: RollupState;
  readonly spend: SpendState;
}

const keptSchema = z.object({
  definitions: z.string(),
  place: z.record(
    z.string(),
    z.object({
      calls: z.number(),
      runs: z.number(),
      open: z.record(z.string(), z.number()),
    }),
  ),
  hashes: z.record(z.string(), z.string()),
  known: z.record(z.string(), z.array(z.string())),
  rollup: rollupSchema,
  spend: spendSchema,
});

/** Other metrics mean other sums. Raised by hand where what is counted changes. */
const counting = 2;
const definitions = sha256(JSON.stringify([counting, metrics, labelBounds]));

/**
 * The sums as they were kept. They are only a shorter way: what is missing, damaged or of another
 * version is made anew from the store.
 */
export function readRollup(path: string): KeptRollup | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const kept = keptSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
    return kept?.definitions === definitions ? kept : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @param mark what no other process writes under */
export function writeRollup(path: string, kept: KeptRollup, mark: string): void {
  makeFolder(dirname(path));
  putFile(path, JSON.stringify({ definitions, ...kept }), mark);
}
