import { setImmediate } from "node:timers/promises";
import { type FeedSource, type Place, readFeed } from "../feed/feed.ts";
import { Spend } from "../spend/spend.ts";
import { Bounds } from "./bounds.ts";
import { type Counted, count } from "./count.ts";
import { Rollup } from "./rollup.ts";
import { type KeptRollup, readBase, readRollup, writeRollup } from "./rollup-file.ts";

export interface MetricsReaderParts {
  readonly source: FeedSource;
  /** Where the sums are kept between processes. */
  readonly path: string;
  /** Where those are kept that stand for what was removed from the store. */
  readonly basePath: string;
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
  /**
   * Keeps the sums for good, so that what is in them can be removed from the store.
   * @returns how far the store is in them
   */
  preserve(): Promise<Place>;
  /** Waits for a reading that is under way, and keeps what came of it. */
  close(): Promise<void>;
}

const atOnce = 500;
/** While it goes on, fewer than so many things more are not worth a file. */
const worthKeeping = 2_000;

export function createMetricsReader(parts: MetricsReaderParts): MetricsReader {
  const { source, path, basePath, mark, hashAt, warn } = parts;
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

  const goOn = (kept: KeptRollup): Counted => {
    place = kept.place;
    return {
      rollup: new Rollup(kept.rollup),
      bounds: new Bounds(kept.known),
      spend: new Spend(kept.spend),
    };
  };

  /** Of another store it stands for nothing, either. */
  const baseThatHolds = async (): Promise<KeptRollup | undefined> => {
    const base = readBase(basePath);
    return base !== undefined && (await holds(base)) ? base : undefined;
  };

  const begin = async (): Promise<Counted> => {
    const kept = readRollup(path);
    const base = await baseThatHolds();
    const isWhole = base === undefined || !isAhead(base.place, kept?.place ?? {});
    if (kept !== undefined && isWhole && (await holds(kept))) return goOn(kept);
    if (base !== undefined) return goOn(base);
    place = {};
    return { rollup: new Rollup(), bounds: new Bounds(), spend: new Spend() };
  };

  const stateOf = async ({ rollup, bounds, spend }: Counted): Promise<KeptRollup> => {
    const hashes: Record<string, string> = {};
    for (const [tenant, { calls }] of Object.entries(place)) {
      const hash = await hashAt(tenant, calls);
      if (hash !== undefined) hashes[tenant] = hash;
    }
    const sums = { known: bounds.state(), rollup: rollup.state(), spend: spend.state() };
    return { place, hashes, ...sums };
  };

  const keep = async (sums: Counted): Promise<void> => {
    try {
      writeRollup(path, await stateOf(sums), mark);
      unkept = 0;
    } catch (error) {
      warn(`The sums of the metrics could not be kept: ${String(error)}`);
    }
  };

  /** What was removed meanwhile, by another process too, is in its sums and not in these. */
  const isBehind = async (from: Place): Promise<boolean> => {
    const base = await baseThatHolds();
    return base !== undefined && isAhead(base.place, from);
  };

  const readAll = async (into: Counted): Promise<void> => {
    for (;;) {
      const { told, place: next, more } = await readFeed(source, place, atOnce);
      for (const one of told) count(one, into);
      place = next;
      unkept += told.length;
      if (!more) return;
      // A store of long ago has many pages: whatever else this process does gets a turn.
      await setImmediate();
    }
  };

  const readOn = async (): Promise<Counted> => {
    counted ??= await begin();
    for (;;) {
      if (await isBehind(place)) counted = await begin();
      const from = place;
      await readAll(counted);
      if (!(await isBehind(from))) break;
      // What went while it was read is counted nowhere but there.
      counted = await begin();
    }
    if (unkept >= worthKeeping) await keep(counted);
    return counted;
  };

  let reading: Promise<unknown> = Promise.resolve();
  /** One at a time: two would count the same twice. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = reading.then(work, work);
    reading = next;
    return next;
  };
  return {
    read: () => inTurn(readOn),
    preserve: () =>
      inTurn(async () => {
        writeRollup(basePath, await stateOf(await readOn()), mark);
        return place;
      }),
    close: async () => {
      await reading.catch(() => undefined);
      if (counted !== undefined && unkept > 0) await keep(counted);
    },
  };
}

/** Whether one has read more of some tenant's calls than the other. */
function isAhead(one: Place, other: Place): boolean {
  return Object.entries(one).some(([tenant, { calls }]) => calls > (other[tenant]?.calls ?? 0));
}
