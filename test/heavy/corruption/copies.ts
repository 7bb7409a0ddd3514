import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { uuidv7Source } from "../../../src/base/ids.ts";
import { type Random, seededRandom, systemRandom } from "../../../src/base/random.ts";
import { listBackups } from "../../../src/store/backup/catalogue.ts";
import { takeBackup } from "../../../src/store/backup/take.ts";
import { recoverStore } from "../../../src/store/recovery/recover.ts";
import { removeFolder } from "../store-bench.ts";
import { zeroInnerPages } from "./damage.ts";
import { databaseIn, fill, rowsOf } from "./world.ts";

/** A store with a backup and a journal, as it is copied for each trial. */
export interface Copies {
  readonly dataDir: string;
  readonly rows: ReadonlyMap<string, string>;
}

/** What is damaged of the three places that have a store's rows. */
export interface CopiesDamage {
  readonly name: string;
  /** Least part of the rows that must come back, in hundredths. */
  readonly bar: number;
  /** Of the rows, the part that is in the backup. */
  readonly backedUp: 0.8 | 1;
  apply(dataDir: string, random: Random): void;
}

const backups = (dataDir: string): string => join(dataDir, "backups");

/** Fills a store, the rest of it behind its backup. */
export async function copiesIn(folder: string, backedUp: number): Promise<Copies> {
  const dataDir = join(folder, `copies-${backedUp}`);
  mkdirSync(dataDir);
  (await fill(dataDir, backedUp, "one", true)).close();
  const kind = "manual" as const;
  const at = systemClock.now();
  await takeBackup({ dataDir, folder: backups(dataDir), kind, at, engine: "0" });
  if (backedUp < 1) (await fill(dataDir, 1 - backedUp, "two", true)).close();
  const copy = join(folder, "copy");
  cpSync(dataDir, copy, { recursive: true });
  const rows = rowsOf(databaseIn(copy));
  removeFolder(copy);
  return { dataDir, rows };
}

/** Sets bytes of several files, taken as one, to any other value. */
function flip(files: readonly string[], count: number, random: Random): void {
  const contents = files.map((file) => readFileSync(file));
  const total = contents.reduce((sum, { length }) => sum + length, 0);
  for (let done = 0; done < count; done += 1) {
    let at = Math.floor(random.next() * total);
    for (const bytes of contents) {
      if (at < bytes.length) {
        bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(random.next() * 255));
        break;
      }
      at -= bytes.length;
    }
  }
  for (const [index, file] of files.entries()) writeFileSync(file, contents[index] ?? "");
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.lock$|^lock$/.test(entry.name))
    .map(({ name, parentPath }) => join(parentPath, name))
    .sort();
}

const all = (dataDir: string, random: Random): void => {
  flip([databaseIn(dataDir)], 1_000, random);
  flip(filesBelow(backups(dataDir)), 1_000, random);
  flip(filesBelow(join(dataDir, "journal")), 1_000, random);
};

export const copiesDamages: readonly CopiesDamage[] = [
  {
    name: "1000 flipped bytes; backup and journal intact",
    bar: 100,
    backedUp: 0.8,
    apply: (dataDir, random) => flip([databaseIn(dataDir)], 1_000, random),
  },
  {
    name: "a text file in place of the database; backup and journal intact",
    bar: 100,
    backedUp: 0.8,
    apply: (dataDir) => writeFileSync(databaseIn(dataDir), "This is no database.\n".repeat(1000)),
  },
  {
    name: "1000 flipped bytes in each of database, backup and journal",
    bar: 99.8,
    backedUp: 1,
    apply: all,
  },
  {
    name: "the same, a fifth of the rows newer than the backup",
    bar: 99.8,
    backedUp: 0.8,
    apply: all,
  },
  {
    // Counts are kept in an index, whose inner pages hold rows; what is lost there is counted again.
    name: "all inner pages of tables and indexes zeroed; no backup, no journal",
    bar: 100,
    backedUp: 1,
    apply: (dataDir) => {
      zeroInnerPages(databaseIn(dataDir));
      for (const other of [backups(dataDir), join(dataDir, "journal")]) {
        rmSync(other, { recursive: true });
      }
    },
  },
];

/** What a recovery brought back. */
export interface Recovered {
  /** Rows of all, in hundredths. */
  readonly back: number;
  readonly alteredBack: number;
  readonly olderBack: number;
  readonly seconds: number;
}

/** Damages a copy of a store, and recovers it as a command does. */
export async function recoverCopies(
  { dataDir, rows }: Copies,
  damage: CopiesDamage,
  folder: string,
  seed: number,
): Promise<Recovered> {
  const damaged = join(folder, "damaged");
  removeFolder(damaged);
  cpSync(dataDir, damaged, { recursive: true });
  damage.apply(damaged, seededRandom(seed));
  const began = systemClock.monotonic();
  await recoverStore({
    dataDir: damaged,
    clock: systemClock,
    ids: uuidv7Source(systemClock, systemRandom),
    backups: listBackups(backups(damaged)),
  });
  const seconds = (systemClock.monotonic() - began) / 1000;
  let [exact, alteredBack, olderBack] = [0, 0, 0];
  for (const [place, row] of rowsOf(databaseIn(damaged))) {
    if (rows.get(place) === row) exact += 1;
    else if (/^signal_(class|source)_counts /.test(place)) olderBack += 1;
    else if (!place.startsWith("quarantine ")) alteredBack += 1;
  }
  return { back: (100 * exact) / rows.size, alteredBack, olderBack, seconds };
}
