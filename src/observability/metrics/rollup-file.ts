import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import { makeFolder, putFile } from "../../base/disk.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { Place } from "../feed/feed.ts";
import { type SpendState, spendSchema } from "../spend/spend.ts";
import { labelBounds, type MetricDefinition, type MetricName, metrics } from "./definitions.ts";
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
const counting = 3;
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

/**
 * Sums that stand for what was removed from the store since: they cannot be made anew. Of other
 * definitions, all that still has its form is gone on with.
 */
export function readBase(path: string): KeptRollup | undefined {
  if (!existsSync(path)) return undefined;
  const { rollup, ...kept } = parsedBase(path);
  const counters = Object.entries(rollup.counters).map(([name, list]) => [
    name,
    list.filter(({ values }) => formOf(name)?.labels.length === values.length),
  ]);
  const histograms = Object.entries(rollup.histograms).map(([name, list]) => [
    name,
    list.filter(({ values, buckets }) => {
      const form = formOf(name);
      return (
        form?.labels.length === values.length && (form.buckets ?? []).length === buckets.length
      );
    }),
  ]);
  return {
    ...kept,
    rollup: {
      counters: Object.fromEntries(counters) as RollupState["counters"],
      histograms: Object.fromEntries(histograms) as RollupState["histograms"],
    },
  };
}

function parsedBase(path: string) {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new Agent33Error(
      "telemetry.base_damaged",
      `${path} cannot be read, which has the sums of what was removed from the store.`,
      {
        hint: "Put it back from where you keep copies. Without it (move it away), the sums are those of what is left.",
        details: { path },
        cause,
      },
    );
  }
}

function formOf(name: string): MetricDefinition | undefined {
  return Object.hasOwn(metrics, name) ? metrics[name as MetricName] : undefined;
}

/** @param mark what no other process writes under */
export function writeRollup(path: string, kept: KeptRollup, mark: string): void {
  makeFolder(dirname(path));
  putFile(path, JSON.stringify({ definitions, ...kept }), mark);
}
