import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import type { Random } from "../../../src/base/random.ts";
import { type DiskOrders, diskOrders, watchedEnvironment } from "../../support/disk/library.ts";
import { type Before, readBefore } from "../../support/disk/image.ts";
import { between, oneOf } from "../store-bench.ts";
import { startChild } from "../store-child.ts";
import type { WriterOrder } from "../store-orders.ts";

/** Where a story of writers takes place. */
export interface Stage {
  readonly library: string;
  /** A new folder. */
  readonly folder: string;
  readonly random: Random;
  readonly synchronous?: "normal" | "off";
  /** Whether some flushes fail meanwhile. */
  readonly fails?: boolean;
}

/** What happened to a disk, from the first operation on. */
export interface Story {
  /** What the disk was at first. */
  readonly before: readonly Before[];
  /** What it was in the end, with nothing cut. */
  readonly disk: string;
  readonly trace: string;
  /** The store's folder below the disk's. */
  readonly dataDir: string;
  readonly faults: readonly string[];
}

const longestMs = 60_000;

/**
 * Two processes after each other make a store below two folders that are not there yet, and write to
 * it with many writers at once. Each ends in the middle of its life, or closes the store before.
 */
export async function writerStory(stage: Stage): Promise<Story> {
  const { library, folder, random, synchronous } = stage;
  const disk = join(folder, "disk");
  const trace = join(folder, "trace");
  mkdirSync(disk, { recursive: true });
  const before = readBefore(disk);
  const orders = diskOrders(join(folder, "orders"));
  const watched = { library, folder: disk, trace, orders: orders.path };
  const environment = watchedEnvironment(watched);
  const faults: string[] = [];
  const dataDir = "home/data";
  for (const name of ["a", "b"]) {
    const checkpointPages = oneOf(random, [undefined, 4, 32, 256]);
    const order: WriterOrder = {
      dataDir: join(disk, dataDir),
      name,
      writers: Math.ceil(between(random, 0, 16)),
      inDoubt: [],
      journal: true,
      ...(checkpointPages === undefined ? {} : { checkpointPages }),
      ...(synchronous === undefined ? {} : { synchronous }),
      ...(stage.fails === true ? { tolerates: ["store.io"] } : {}),
    };
    const child = startChild("store-writer", order, join(folder, `printed-${name}`), {
      environment,
    });
    await child.said("writes");
    const until = performance.now() + longestMs;
    const enough = between(random, 20, 250);
    while (child.printed().length < enough) {
      if (performance.now() > until) throw new Error(`Too few writes: ${child.complaints()}`);
      await systemClock.sleep(5);
      if (stage.fails === true) failSome(orders, random);
    }
    orders.mend();
    child.tell("rest");
    await child.said("rests");
    if (random.next() < 0.5) {
      child.tell("close");
      await child.said("closed");
    }
    child.process.kill("SIGKILL");
    await child.ended;
    const failure = child.notes.find(({ note }) => note === "failed");
    if (failure !== undefined) faults.push(JSON.stringify(failure));
    if (child.complaints() !== "") faults.push(child.complaints());
  }
  orders.close();
  return { before, disk, trace, dataDir, faults };
}

/** Now and then one flush fails, or a few after each other, of the log, the file or the journal. */
function failSome(orders: DiskOrders, random: Random): void {
  if (random.next() > 0.2) return;
  orders.fail({
    on: ["sync"],
    of: [oneOf(random, ["log", "log", "file", "journal"])],
    with: "EIO",
    times: Math.ceil(between(random, 0, 4)),
  });
}
