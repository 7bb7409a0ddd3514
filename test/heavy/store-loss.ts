import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { type Random, seededRandom, systemRandom } from "../../src/base/random.ts";
import { listBackups } from "../../src/store/backup/catalogue.ts";
import { restoreStore } from "../../src/store/backup/restore.ts";
import { journalFolder } from "../../src/store/journal/segments.ts";
import { databaseFile } from "../../src/store/store.ts";
import { DiskImage, readBefore } from "../support/disk/image.ts";
import { compileLibrary, watchedEnvironment } from "../support/disk/library.ts";
import { readTrace } from "../support/disk/trace.ts";
import { destroy, keeperDone, kill } from "./kept-store.ts";
import { benchFolder, between, copyStore, quantile, removeFolder, waitMs } from "./store-bench.ts";
import { checkStore } from "./store-check.ts";
import { startChild } from "./store-child.ts";
import type { WriterOrder } from "./store-orders.ts";
import type { HeavySuite } from "./suite.ts";

/** Acknowledged writes that are lost may be so old at most, where the database is destroyed. */
const bar = 1_000;
const cutsOfStory = 5;
const ids = uuidv7Source(systemClock, systemRandom);
/** Of what was not flushed, nothing is on the disk: the worst that a cut of the power can do. */
const worst = { share: 0, names: "first", namesShare: 0 } as const;

interface Loss {
  readonly lost: number;
  readonly acknowledged: number;
  /** How long before the loss the oldest of them was acknowledged; 0 where none is lost. */
  readonly ageMs: number;
}

interface Bench {
  readonly folder: string;
  readonly library: string;
}

/** Writers at work for some seconds, each operation on their disk written down. */
async function tell({ folder, library }: Bench, name: string, random: Random) {
  const disk = join(folder, name);
  const trace = `${disk}-trace`;
  const dataDir = join(disk, "data");
  mkdirSync(disk);
  const before = readBefore(disk);
  const environment = watchedEnvironment({ library, folder: disk, trace, syncs: true });
  const order: WriterOrder = { dataDir, name, writers: 2, inDoubt: [], journal: true };
  const child = startChild("store-writer", order, `${disk}-printed`, { environment });
  await child.said("writes");
  await waitMs(between(random, 2_500, 5_000));
  await kill(child);
  return { before, operations: readTrace(trace), disk };
}

/** The disk is cut off at moments of it, and the database destroyed: what the journal's part has. */
async function journalRound(bench: Bench, name: string, random: Random): Promise<readonly Loss[]> {
  const { before, operations, disk } = await tell(bench, name, random);
  const first = operations.findIndex(({ kind }) => kind === "said");
  const moments = new Set(
    Array.from({ length: cutsOfStory }, () =>
      Math.floor(between(random, first, operations.length)),
    ),
  );
  const image = new DiskImage(before, { random, ignoresFolders: false });
  const said = new Map<string, number>();
  const losses: Loss[] = [];
  for (const [index, operation] of operations.entries()) {
    image.apply(operation);
    const { kind, bytes, ms } = operation;
    if (kind === "said") for (const key of linesOf(bytes)) said.set(key, ms);
    if (!moments.has(index)) continue;
    const state = `${disk}-state`;
    image.cutInto(state, random, worst);
    const dataDir = join(state, "data");
    destroy(dataDir);
    await restoreStore({ dataDir, clock: systemClock, ids, backups: [] });
    losses.push(lossOf(join(dataDir, databaseFile), said, ms));
    removeFolder(state);
  }
  removeFolder(disk);
  rmSync(`${disk}-trace`);
  return losses;
}

/** Database and journal are destroyed while writers write: what the newest backup has. */
async function backupRound({ folder }: Bench, name: string, random: Random) {
  const dataDir = join(folder, name);
  const order: WriterOrder = { dataDir, name, writers: 2, inDoubt: [], journal: true };
  const child = startChild("store-writer", order, `${dataDir}-printed`);
  await child.said("writes");
  await waitMs(between(random, 100, 1_000));
  const before = new Set(child.printed());
  const made = await keeperDone({ act: "backup", dataDir }, `${dataDir}-keeper`);
  await waitMs(between(random, 0, 1_000));
  destroy(dataDir);
  removeFolder(join(dataDir, journalFolder));
  await kill(child);
  const backups = listBackups(join(dataDir, "backups"));
  await restoreStore({ dataDir, clock: systemClock, ids, backups });
  const check = checkStore(copyStore(dataDir, `${dataDir}-copy`), before);
  for (const part of ["", "-copy"]) removeFolder(dataDir + part);
  return { faults: made, lost: check.lost.length, since: child.printed().length - before.size };
}

function lossOf(path: string, said: ReadonlyMap<string, number>, at: number): Loss {
  const { lost } = checkStore(path, new Set(said.keys()));
  const ages = lost.map((key) => at - (said.get(key) ?? 0));
  return { lost: lost.length, acknowledged: said.size, ageMs: Math.max(0, ...ages) };
}

function linesOf(bytes: Buffer): readonly string[] {
  return bytes.toString("utf8").split("\n").filter(Boolean);
}

/** How much is lost with the database, and with database and journal. */
export const storeLoss: HeavySuite = {
  about: "destroys a database while it is written to, and says how old what is lost was",
  defaultRounds: 20,
  run: async (count, say, seed) => {
    const folder = benchFolder("store-loss");
    const bench = { folder, library: compileLibrary(folder) };
    const all: Loss[] = [];
    let [failed, beforeBackup, since] = [0, 0, 0];
    for (let number = 1; number <= count; number += 1) {
      const random = seededRandom(seed + number);
      const losses = await journalRound(bench, `journal-${number}`, random);
      all.push(...losses);
      const ages = losses.map(({ ageMs }) => ageMs);
      const backup = await backupRound(bench, `backup-${number}`, random);
      beforeBackup += backup.lost;
      since += backup.since;
      const well = Math.max(...ages) <= bar && backup.lost + backup.faults.length === 0;
      if (!well) failed += 1;
      say(
        `${well ? "ok    " : "FAILED"} seed ${seed + number}: the oldest that is lost was acknowledged ${ages.map((age) => age.toFixed(0)).join(", ")} ms before; without the journal ${backup.lost} from before the backup`,
      );
    }
    const ages = all.map(({ ageMs }) => ageMs);
    const sum = (of: "lost" | "acknowledged") => all.reduce((total, one) => total + one[of], 0);
    say(
      `${all.length} cuts with the database destroyed: ${sum("acknowledged")} acknowledged, ${sum("lost")} lost, the oldest ${Math.max(...ages).toFixed(0)} ms before (p50 ${quantile(ages, 0.5).toFixed(0)} ms; bar ${bar})`,
    );
    say(
      `${count} times database and journal destroyed: ${beforeBackup} lost of what was acknowledged before the backup began; ${since} were acknowledged since`,
    );
    if (failed === 0) removeFolder(folder);
    return { passed: count - failed, failed };
  },
};
