import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { isAgent33Error } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { salvage } from "../../src/store/salvage/salvage.ts";
import {
  copiesDamages,
  type CopiesDamage,
  copiesIn,
  recoverCopies,
  type Recovered,
} from "./corruption/copies.ts";
import { type Damage, damages } from "./corruption/damage.ts";
import { databaseIn, fill, refusalOf, rowsOf, type Served, served } from "./corruption/world.ts";
import { benchFolder, removeFolder } from "./store-bench.ts";
import type { HeavySuite } from "./suite.ts";

/** A sound store as it is copied for each trial. */
interface Template {
  readonly dataDir: string;
  readonly rows: ReadonlyMap<string, string>;
  readonly served: Served;
}

/** What one damaged store came to. */
interface Trial {
  /** Rows of all, in hundredths. */
  readonly back: number;
  readonly alteredBack: number;
  /** Rows of which an older version came back. */
  readonly olderBack: number;
  /** Why the store was not opened; undefined where it was. */
  readonly refusedToOpen: string | undefined;
  readonly servedAltered: number;
  readonly named: number;
  /** Records that were missing from lists in which nothing was named or refused. */
  readonly unnamed: number;
  readonly salvageMs: number;
}

/** At least so many hundredths of the rows, where a bar was set. */
const bars: Readonly<Record<string, number>> = {
  "1 flipped byte anywhere": 99.99,
  "10 flipped bytes anywhere": 99.9,
  "100 flipped bytes anywhere": 99.1,
  "1000 flipped bytes anywhere": 92,
  "page 1 zeroed": 100,
  "all inner pages of tables zeroed": 100,
};

async function template(folder: string, inWal: boolean): Promise<Template> {
  const dataDir = join(folder, inWal ? "with-wal" : "plain");
  const filling = join(folder, "filling");
  mkdirSync(filling);
  (await fill(filling, inWal ? 0.8 : 1, "one")).close();
  if (inWal) {
    const store = await fill(filling, 0.2, "two");
    cpSync(filling, dataDir, { recursive: true });
    store.close();
    removeFolder(filling);
  } else renameSync(filling, dataDir);
  const copy = join(folder, "copy");
  cpSync(dataDir, copy, { recursive: true });
  const sound = { dataDir, served: served(copy), rows: rowsOf(databaseIn(copy)) };
  removeFolder(copy);
  return sound;
}

function trial(
  { dataDir, rows, served: sound }: Template,
  damage: Damage,
  folder: string,
  seed: number,
): Trial {
  const damaged = join(folder, "damaged");
  removeFolder(damaged);
  cpSync(dataDir, damaged, { recursive: true });
  rmSync(`${databaseIn(damaged)}-shm`, { force: true });
  damage.apply(databaseIn(damaged), seededRandom(seed));
  const to = join(folder, "found.db");
  for (const part of ["", "-wal", "-shm"]) rmSync(`${to}${part}`, { force: true });
  const began = systemClock.monotonic();
  salvage({ from: databaseIn(damaged), to, clock: systemClock });
  const salvageMs = systemClock.monotonic() - began;
  let [exact, alteredBack, olderBack] = [0, 0, 0];
  for (const [place, row] of rowsOf(to)) {
    if (rows.get(place) === row) exact += 1;
    else if (/^signal_(class|source)_counts /.test(place)) olderBack += 1;
    else if (!place.startsWith("quarantine ")) alteredBack += 1;
  }
  const answers = { servedAltered: 0, named: 0, unnamed: 0 };
  const refusedToOpen = refusalOf(damaged);
  // Opening a store may have ended its log.
  removeFolder(damaged);
  cpSync(dataDir, damaged, { recursive: true });
  damage.apply(databaseIn(damaged), seededRandom(seed));
  try {
    const { records, named, refused, short } = served(damaged);
    for (const [name, record] of records) {
      if (sound.records.get(name) !== record) answers.servedAltered += 1;
    }
    answers.named = named + refused.length;
    const missing = sound.records.size - records.size;
    if (answers.named === 0) answers.unnamed = short ? Math.max(missing, 1) : missing;
  } catch (error) {
    // What cannot be opened serves nothing.
    if (!isAgent33Error(error)) throw error;
  }
  return {
    back: (100 * exact) / rows.size,
    alteredBack,
    olderBack,
    refusedToOpen,
    ...answers,
    salvageMs,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Two digits behind the point, and never 100 for less. */
const shown = (value: number): string => (Math.floor(value * 100) / 100).toFixed(2);

function lineOf(name: string, trials: readonly Trial[]): string {
  const sum = (of: (one: Trial) => number): number => trials.reduce((all, one) => all + of(one), 0);
  const back = trials.map((one) => one.back);
  const cells = [
    name,
    shown(mean(back)),
    shown(Math.min(...back)),
    sum((one) => one.olderBack),
    sum((one) => one.alteredBack),
    sum((one) => one.servedAltered),
    trials.filter((one) => one.refusedToOpen !== undefined).length,
    sum((one) => one.named),
    sum((one) => one.unnamed),
    sum((one) => (one.refusedToOpen === undefined ? one.unnamed : 0)),
    (mean(trials.map((one) => one.salvageMs)) / 1000).toFixed(1),
  ];
  return `| ${cells.join(" | ")} |`;
}

function faultsOf(name: string, trials: readonly Trial[]): readonly string[] {
  const bar = bars[name] ?? 0;
  const back = mean(trials.map((one) => one.back));
  return [
    ...(trials.some((one) => one.alteredBack + one.servedAltered > 0) ? ["altered rows"] : []),
    ...(back < bar ? [`${shown(back)} % of the rows back, not ${bar}`] : []),
  ];
}

/** Says what recoveries came to; whether that is enough. */
function sayRecovered(
  { name, bar }: CopiesDamage,
  found: readonly Recovered[],
  say: (line: string) => void,
): boolean {
  const sum = (of: (one: Recovered) => number): number =>
    found.reduce((all, one) => all + of(one), 0);
  const back = found.map((one) => one.back);
  const altered = sum((one) => one.alteredBack);
  const cells = [
    name,
    shown(mean(back)),
    shown(Math.min(...back)),
    sum((one) => one.olderBack),
    altered,
    (sum((one) => one.seconds) / found.length).toFixed(1),
  ];
  say(`| ${cells.join(" | ")} |`);
  if (altered > 0) say("  FAILED: altered rows");
  if (mean(back) < bar) say(`  FAILED: ${shown(mean(back))} % of the rows back, not ${bar}`);
  return altered === 0 && mean(back) >= bar;
}

/** What a store says of itself, and what can be had of it, after its file was damaged. */
export const corruption: HeavySuite = {
  about:
    "stores whose files were damaged in every way: nothing altered is served, the rest comes back",
  defaultRounds: 12,
  run: async (rounds, say, seed) => {
    const folder = benchFolder("corruption");
    let [passed, failed] = [0, 0];
    try {
      say("| damage | rows back, % | least | older | altered | seconds |");
      const copies = { 0.8: await copiesIn(folder, 0.8), 1: await copiesIn(folder, 1) };
      for (const [index, damage] of copiesDamages.entries()) {
        const found: Recovered[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const at = seed + (damages.length + index) * 1000 + round;
          found.push(await recoverCopies(copies[damage.backedUp], damage, folder, at));
        }
        const isGood = sayRecovered(damage, found, say);
        if (isGood) passed += 1;
        else failed += 1;
      }
      const plain = await template(folder, false);
      const withWal = await template(folder, true);
      if (!existsSync(`${databaseIn(withWal.dataDir)}-wal`)) throw new Error("There is no log.");
      say(`${plain.rows.size} rows, and ${withWal.rows.size} of which a fifth is in the log only`);
      say(
        "| damage | rows back, % | least | older | altered | served altered | refused at the start | named | missing unnamed | of them not refused | seconds |",
      );
      for (const [index, damage] of damages.entries()) {
        const sound = damage.inWal === true ? withWal : plain;
        const trials = Array.from({ length: rounds }, (_, round) =>
          trial(sound, damage, folder, seed + index * 1000 + round),
        );
        say(lineOf(damage.name, trials));
        const faults = faultsOf(damage.name, trials);
        for (const fault of faults) say(`  FAILED: ${fault}`);
        if (faults.length === 0) passed += 1;
        else failed += 1;
      }
    } finally {
      removeFolder(folder);
    }
    return { passed, failed };
  },
};
