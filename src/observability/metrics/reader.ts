import { setImmediate } from "node:timers/promises";
import { type FeedSource, type Place, readFeed } from "../feed/feed.ts";
import { Spend } from "../spend/spend.ts";
import { Bounds } from "./bounds.ts";
import { type Counted, count } from "./count.ts";
import { Rollup } from "./rollup.ts";
import { type KeptRollup, readRollup, writeRollup } from "./rollup-file.ts";

export interface MetricsReaderParts {
  readonly source: FeedSource;
  /** Where the sums are kept between processes. */
  readonly path: string;
  /** What no other process writes under. */
  readonly mark: string;
  /** Of the link at a place; undefined where there is none. */
  readonly hashAt: (tenant: string, position: number) => Promise<string | undefined>;
  /** Told that the sums could not be kept; they are made anew next time. */
  readonly warn: (message: string) => void;
}

/** The sums over all that the store holds, brought up to date when somebody asks. */
export interface MetricsReader {
  read(): Promise<Pick<Counted, "rollup" | "spend">>;
  /** Waits for a reading that is under way, and keeps what came of it. */
  close(): Promise<void>;
}

const atOnce = 500;
/** While it goes on, fewer than so many things more are not worth a file. */
const worthKeeping = 2_000;

export function createMetricsReader(parts: MetricsReaderParts): MetricsReader {
  const { source, path, mark, hashAt, warn } = parts;
  let counted: Counted | undefined;
  let place: Place = {};
  let unkept = 0;

  /** Sums of another store, such as the one before a restore, are not gone on with. */
  const holds = async (kept: KeptRollup): Promise<boolean> => {
    for (const [tenant, { calls }] of Object.entries(kept.place)) {
      if (calls > 0 && (await hashAt(tenant, calls)) !== kept.hashes[tenant]) return false;
    }
    return true;
  };

  const begin = async (): Promise<Counted> => {
    const kept = readRollup(path);
    if (kept === undefined || !(await holds(kept))) {
      return { rollup: new Rollup(), bounds: new Bounds(), spend: new Spend() };
    }
    place = kept.place;
    return {
      rollup: new Rollup(kept.rollup),
      bounds: new Bounds(kept.known),
      spend: new Spend(kept.spend),
    };
  };

  const keep = async ({ rollup, bounds, spend }: Counted): Promise<void> => {
    const hashes: Record<string, string> = {};
    for (const [tenant, { calls }] of Object.entries(place)) {
      const hash = await hashAt(tenant, calls);
      if (hash !== undefined) hashes[tenant] = hash;
    }
    try {
      const sums = { known: bounds.state(), rollup: rollup.state(), spend: spend.state() };
      writeRollup(path, { place, hashes, ...sums }, mark);
      unkept = 0;
    } catch (error) {
      warn(`The sums of the metrics could not be kept: ${String(error)}`);
    }
  };

  const readOn = async (): Promise<Counted> => {
    counted ??= await begin();
    for (;;) {
      const { told, place: next, more } = await readFeed(source, place, atOnce);
      for (const one of told) count(one, counted);
      place = next;
      unkept += told.length;
      if (!more) break;
      // A store of long ago has many pages: whatever else this process does gets a turn.
      await setImmediate();
    }
    if (unkept >= worthKeeping) await keep(counted);
    return counted;
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
      if (counted !== undefined && unkept > 0) await keep(counted);
    },
  };
}
