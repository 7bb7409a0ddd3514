import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import { makeFolder, putFile } from "../../base/disk.ts";
import { type Place, readFeed } from "../feed/feed.ts";
import { Bounds } from "../metrics/bounds.ts";
import { labelBounds, type MetricName, metrics } from "../metrics/definitions.ts";
import type { MetricsReaderParts } from "../metrics/reader.ts";
import { RunCosts, runCostsSchema } from "./run-costs.ts";
import { Windows, windowsSchema } from "./windows.ts";

const keptSchema = z.object({
  definitions: z.string(),
  place: z.record(
    z.string(),
    z.object({ calls: z.number(), runs: z.number(), open: z.record(z.string(), z.number()) }),
  ),
  hashes: z.record(z.string(), z.string()),
  known: z.record(z.string(), z.array(z.string())),
  windows: windowsSchema,
  runs: runCostsSchema,
});
type Kept = z.infer<typeof keptSchema>;

/** What rules ask of the past: growth by time, and what runs cost. */
export interface Recent {
  readonly windows: Windows;
  readonly runs: RunCosts;
}

/** What happened of late, brought up to date when somebody asks. */
export interface RecentReader {
  /** @throws what the store throws; the next time goes on from the same place */
  read(): Promise<Recent>;
  /** Keeps where it is, so that the next process does not read everything again. */
  close(): Promise<void>;
}

export interface RecentReaderParts extends Omit<MetricsReaderParts, "basePath"> {
  readonly wanted: readonly MetricName[];
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

const atOnce = 500;
/** So many things more, or so long, are worth a file while it goes on. */
const worthKeeping = 2_000;
const keepEveryMs = 300_000;
/** Raised by hand where what is counted changes. */
const counting = 1;

interface Standing extends Recent {
  bounds: Bounds;
  place: Place;
}

/**
 * Reads on from where it was. All of it can be made again from the store: the file beside it is only
 * a shorter way, and one that is missing, damaged, of another version or of another store is not used.
 */
export function createRecentReader(parts: RecentReaderParts): RecentReader {
  const { source, path, mark, hashAt, warn, wanted, now } = parts;
  const definitions = sha256(JSON.stringify([counting, wanted, metrics, labelBounds]));
  let standing: Standing | undefined;
  let unkept = 0;
  let keptAt = now();

  const begin = async (): Promise<Standing> => {
    const kept = readKept(path, definitions);
    if (kept === undefined || !(await holds(kept, hashAt))) {
      return {
        windows: new Windows(wanted),
        runs: new RunCosts(),
        bounds: new Bounds(),
        place: {},
      };
    }
    return {
      windows: new Windows(wanted, kept.windows),
      runs: new RunCosts(kept.runs),
      bounds: new Bounds(kept.known),
      place: kept.place,
    };
  };

  const keep = async ({ windows, runs, bounds, place }: Standing): Promise<void> => {
    const hashes: Record<string, string> = {};
    for (const [tenant, { calls }] of Object.entries(place)) {
      const hash = await hashAt(tenant, calls);
      if (hash !== undefined) hashes[tenant] = hash;
    }
    const known = bounds.state();
    const kept = {
      definitions,
      place,
      hashes,
      known,
      windows: windows.state(),
      runs: runs.state(),
    };
    try {
      makeFolder(dirname(path));
      putFile(path, JSON.stringify(kept), mark);
      unkept = 0;
      keptAt = now();
    } catch (error) {
      warn(`What alerts have counted could not be kept: ${String(error)}`);
    }
  };

  const readOn = async (): Promise<Recent> => {
    standing ??= await begin();
    const { windows, runs, bounds } = standing;
    for (;;) {
      const { told, place, more } = await readFeed(source, standing.place, atOnce);
      const at = now();
      for (const one of told) {
        windows.add(one, bounds, at);
        runs.add(one);
      }
      standing.place = place;
      unkept += told.length;
      if (!more) break;
    }
    windows.prune(now());
    runs.prune(now());
    if (unkept >= worthKeeping || now() - keptAt >= keepEveryMs) await keep(standing);
    return { windows, runs };
  };

  let reading: Promise<unknown> = Promise.resolve();
  return {
    // One reading at a time: two would count the same twice.
    read: () => {
      const next = reading.then(readOn, readOn);
      reading = next;
      return next;
    },
    close: async () => {
      await reading.catch(() => undefined);
      if (standing !== undefined) await keep(standing);
    },
  };
}

function readKept(path: string, definitions: string): Kept | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const kept = keptSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
    return kept?.definitions === definitions ? kept : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether what was kept is of this store, and not of the one before a restore. */
async function holds(kept: Kept, hashAt: MetricsReaderParts["hashAt"]): Promise<boolean> {
  for (const [tenant, { calls }] of Object.entries(kept.place)) {
    if (calls > 0 && (await hashAt(tenant, calls)) !== kept.hashes[tenant]) return false;
  }
  return true;
}
