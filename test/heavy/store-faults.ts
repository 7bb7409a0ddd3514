import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { compileLibrary, diskOrders, watchedEnvironment } from "../support/disk/library.ts";
import { type FaultKind, faultKinds } from "./faults/kinds.ts";
import { readOnlyRound } from "./faults/read-only.ts";
import { checkAfterCut } from "./power-cut/check.ts";
import { benchFolder, oneOf, removeFolder } from "./store-bench.ts";
import { type Note, type StoreChild, startChild } from "./store-child.ts";
import type { WriterOrder } from "./store-orders.ts";
import { inDoubtOf, repeatable } from "./store-work.ts";
import type { HeavySuite } from "./suite.ts";

const writers = 8;
/** How long a fault lasts, and how long the store may take to go on after it. */
const faultMs = 400;
const longestMs = 60_000;
/** Faults of a round that are told. */
const mostTold = 5;

interface Bench {
  readonly folder: string;
  readonly library: string;
}

interface Result {
  readonly line: string;
  readonly faults: readonly string[];
}

/** Waits until something is so; whether it became so in time. */
async function becomes(isSo: () => boolean): Promise<boolean> {
  const until = performance.now() + longestMs;
  while (!isSo()) {
    if (performance.now() > until) return false;
    await systemClock.sleep(5);
  }
  return true;
}

/** What a child said while the disk failed: what was refused, with which codes, and how much was read. */
function saidSince(
  child: StoreChild,
  from: number,
): { readonly reads: number; codes: Set<string> } {
  const paces = child.notes.slice(from).filter(({ note }: Note) => note === "pace");
  const reads = paces.slice(1).reduce((sum, pace) => sum + Number(pace["reads"]), 0);
  const codes = paces.flatMap((pace) => pace["codes"] as string[]);
  return { reads, codes: new Set(codes) };
}

function failuresOf(child: StoreChild): readonly Note[] {
  return child.notes.filter(({ note }) => note === "failed");
}

async function round(
  bench: Bench,
  number: number,
  kind: FaultKind,
  random: Random,
): Promise<Result> {
  const disk = join(bench.folder, `disk-${number}`);
  mkdirSync(disk);
  const orders = diskOrders(join(bench.folder, `orders-${number}`));
  const environment = watchedEnvironment({ ...bench, folder: disk, orders: orders.path });
  const dataDir = join(disk, "data");
  const printsTo = join(bench.folder, `printed-${number}.txt`);
  const start = (name: string, inDoubt: readonly string[] = []): StoreChild => {
    const checkpointPages = oneOf(random, [undefined, 4, 32]);
    const order: WriterOrder = {
      dataDir,
      name,
      writers,
      inDoubt,
      tolerates: [...kind.codes, ...(kind.codesAtMending ?? [])],
      watches: true,
      journal: true,
      ...(checkpointPages === undefined ? {} : { checkpointPages }),
      ...(kind.cachePages === undefined ? {} : { cachePages: kind.cachePages }),
    };
    return startChild("store-writer", order, printsTo, { environment });
  };
  const faults: string[] = [];
  const after = Math.floor(random.next() * kind.latest);
  const fromOpening = random.next() < 0.3;
  const arm = () => orders.fail({ ...kind.fault, after });
  if (fromOpening) arm();
  let child = start("a");
  const opened = await Promise.race([
    child.said("writes").then(
      () => true,
      () => false,
    ),
    child.ended.then(() => false),
  ]);
  let at = fromOpening ? "from the opening" : "in use";
  if (!opened) {
    at = "at the opening";
    // A store that cannot be opened or made says why; once the disk works again it is opened.
    const [failure] = failuresOf(child);
    const code = String(failure?.["code"]);
    const known = [...kind.codes, "store.data_folder", "store.io"];
    if (!known.includes(code)) faults.push(`refused at the start with ${JSON.stringify(failure)}`);
    orders.mend();
    child = start("b");
    await child.said("writes");
    arm();
  }
  if (!fromOpening) arm();
  const from = child.notes.length;
  const met = await becomes(() => orders.seen().failed > 0);
  if (!met) faults.push("the fault was never met");
  await systemClock.sleep(faultMs);
  if (kind.reads) await becomes(() => saidSince(child, from).reads > 0);
  if (kind.refuses) await becomes(() => saidSince(child, from).codes.size > 0);
  const { failed } = orders.seen();
  const { reads, codes } = saidSince(child, from);
  if (kind.reads && reads === 0) faults.push("nothing was read meanwhile");
  if (kind.refuses && codes.size === 0) faults.push("no write was refused");
  const wrong = [...codes].filter((code) => !kind.codes.includes(code));
  if (wrong.length > 0) faults.push(`refused meanwhile with ${wrong.join(", ")}`);
  const kept = child.printed().length;
  // Whoever was refused sends it again with its key, this process or the one after it.
  const dies = random.next() < 0.4;
  if (dies) {
    child.process.kill("SIGKILL");
    await child.ended;
    orders.mend();
    faults.push(...failuresOf(child).map((one) => JSON.stringify(one)));
    const acknowledged = new Set(child.printed());
    const inDoubt = inDoubtOf(opened ? "a" : "b", writers, acknowledged).filter(repeatable);
    child = start("c", inDoubt);
  }
  orders.mend();
  if (!(await becomes(() => child.printed().length > kept))) faults.push("it does not go on");
  await systemClock.sleep(100);
  child.process.kill("SIGKILL");
  await child.ended;
  faults.push(...failuresOf(child).map((one) => JSON.stringify(one)));
  if (child.complaints() !== "") faults.push(child.complaints());
  const troubles = child.notes.filter(({ note }) => note === "journal").map((one) => one["code"]);
  const acknowledged = new Set(child.printed());
  const check = await checkAfterCut(dataDir, acknowledged);
  orders.close();
  removeFolder(disk);
  const told = codes.size === 0 ? "nothing refused" : `refused with ${[...codes].join(", ")}`;
  const journal =
    troubles.length === 0 ? "" : `, of the journal ${[...new Set(troubles)].join(", ")}`;
  return {
    line: `${kind.name} ${at} after ${after}${dies ? ", killed meanwhile" : ""}: ${failed} failed, ${told}, ${reads} reads${journal}; ${acknowledged.size} acknowledged, ${check.lost} lost`,
    faults: [...faults, ...check.faults],
  };
}

export const storeFaults: HeavySuite = {
  about: "lets the disk of a writing process fail to write, flush or read, and work again",
  defaultRounds: 80,
  run: async (rounds, say, seed) => {
    const folder = benchFolder("store-faults");
    const bench = { folder, library: compileLibrary(folder) };
    let failed = 0;
    const tell = ({ line, faults }: Result): void => {
      if (faults.length > 0) failed += 1;
      say(`${faults.length === 0 ? "ok    " : "FAILED"} ${line}`);
      for (const fault of faults.slice(0, mostTold)) say(`         ${fault.slice(0, 500)}`);
    };
    for (let number = 1; number <= rounds; number += 1) {
      const kind = faultKinds[(number - 1) % faultKinds.length];
      if (kind === undefined) throw new TypeError("There is no such fault.");
      const random = seededRandom(seed + number);
      tell(await round(bench, number, kind, random));
    }
    tell(await readOnlyRound(join(folder, "read-only")));
    removeFolder(folder);
    return { passed: rounds + 1 - failed, failed };
  },
};
