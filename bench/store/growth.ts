import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { dayMs } from "../../src/learning/summary.ts";
import type { Progress } from "../benchmark.ts";
import { columnsOf, type FindingsTable, type Goal } from "../results.ts";
import { median, percentile } from "../statistics.ts";
import { fill } from "./fill.ts";
import { read, type Reading, settleWholly } from "./meter.ts";
import { type Folders, ids, openSqlite } from "./places.ts";
import { recordOptions, signalAt } from "./signals.ts";
import { openWholeBlob } from "./whole-blob.ts";

export interface GrowthOptions {
  /** Signals that are there before the first write, least first. */
  readonly sizes: readonly number[];
  /** Writes that are not measured, on a store of their own, until machine code has settled. */
  readonly warmUpWrites: number;
  readonly rounds: number;
  readonly folders: Folders;
  readonly progress: Progress;
}

const tenant = "bench";
const ourWritesARound = 20;
const blobWritesARound = 2;
/** What counts as flat: a tree of pages grows by a level or two between the sizes. */
const flat = 1.5;

/** One way of keeping signals, filled to a size. */
interface Subject {
  readonly writesARound: number;
  readonly openingMs: number;
  readonly writes: Reading[];
  write(): unknown;
  close(): Promise<void>;
}

async function ours(size: number, folders: Folders): Promise<Subject> {
  const folder = folders.make();
  const filling = openSqlite(folder);
  const to = systemClock.now();
  await fill(filling, { tenant, count: size, window: { from: to - 60 * dayMs, to }, ids });
  await filling.close();
  const began = performance.now();
  const backend = openSqlite(folder);
  const openingMs = performance.now() - began;
  const { signals } = backend.tenant(tenant);
  let next = size;
  return {
    writesARound: ourWritesARound,
    openingMs,
    writes: [],
    write: () => signals.record(signalAt(next++), recordOptions),
    close: () => backend.close(),
  };
}

async function wholeBlob(size: number, folders: Folders): Promise<Subject> {
  const path = join(folders.make(), "learning.sqlite3");
  const at = systemClock.now();
  const signals = Array.from({ length: size }, (_, index) => signalAt(index));
  openWholeBlob(path).recordAll(signals, () => `LS-${ids()}`, at);
  const began = performance.now();
  const blob = openWholeBlob(path);
  const openingMs = performance.now() - began;
  return {
    writesARound: blobWritesARound,
    openingMs,
    writes: [],
    write: () => blob.record(signalAt(blob.size), `LS-${ids()}`, systemClock.now()),
    close: () => Promise.resolve(),
  };
}

/** One durable write, one writer, at several sizes of the store: ours and the whole-blob design. */
export async function measureGrowth(
  options: GrowthOptions,
): Promise<{ readonly table: FindingsTable; readonly goals: readonly Goal[] }> {
  const { sizes } = options;
  // One design after the other: what the blobs leave for the collector is not for ours to clear.
  const mine = await measureDesign("ours", ours, options);
  const blobs = await measureDesign("whole blob", wholeBlob, options);
  const rows = sizes.map((size, index) => {
    const [our, their] = [mine[index], blobs[index]];
    if (our === undefined || their === undefined) throw new RangeError(`No figures at ${size}.`);
    return {
      name: `${size} signals`,
      figures: {
        wallP50Ms: our.wallP50Ms,
        wallP90Ms: our.wallP90Ms,
        cpuMs: our.cpuMs,
        openingMs: our.openingMs,
        blobWallP50Ms: their.wallP50Ms,
        blobWallP90Ms: their.wallP90Ms,
        blobCpuMs: their.cpuMs,
        blobOpeningMs: their.openingMs,
        wallRatio: their.wallP50Ms / our.wallP50Ms,
        cpuRatio: their.cpuMs / our.cpuMs,
      },
    };
  });
  return { table: { title, of: "store size", columns, rows }, goals: flatGoals(rows, sizes) };
}

/** Writes at each size in turn, round by round, so that a slow moment hits all sizes alike. */
async function measureDesign(
  name: string,
  make: (size: number, folders: Folders) => Promise<Subject>,
  { sizes, warmUpWrites, rounds, folders, progress }: GrowthOptions,
) {
  const first = await make(0, folders);
  for (let write = 0; write < warmUpWrites; write += 1) await read(first.write);
  await first.close();
  const subjects: Subject[] = [];
  for (const size of sizes) {
    progress(`${name}: filling ${size}`);
    subjects.push(await make(size, folders));
  }
  for (let round = 1; round <= rounds; round += 1) {
    progress(`${name}: one write at each size, round ${round} of ${rounds}`);
    for (const subject of subjects) {
      // The largest blobs leave a garbage that the smallest would have to clear.
      await settleWholly();
      await subject.write();
      for (let write = 0; write < subject.writesARound; write += 1) {
        subject.writes.push(await read(subject.write));
      }
    }
  }
  for (const subject of subjects) await subject.close();
  return subjects.map(figuresOf);
}

const title = "One durable write as the store grows (SQLite, one writer that awaits each)";

const columns = columnsOf({
  wallP50Ms: "ours: wall ms p50",
  wallP90Ms: "p90",
  cpuMs: "CPU ms",
  openingMs: "opening ms",
  blobWallP50Ms: "whole blob: wall ms p50",
  blobWallP90Ms: "p90",
  blobCpuMs: "CPU ms",
  blobOpeningMs: "opening ms",
  wallRatio: "× wall",
  cpuRatio: "× CPU",
});

function figuresOf({ writes, openingMs }: Subject) {
  const walls = writes.map(({ wallMs }) => wallMs);
  return {
    wallP50Ms: median(walls),
    wallP90Ms: percentile(walls, 0.9),
    cpuMs: median(writes.map(({ cpuMs }) => cpuMs)),
    openingMs,
  };
}

type Row = { readonly figures: { readonly wallP50Ms: number; readonly cpuMs: number } };

function flatGoals(rows: readonly Row[], sizes: readonly number[]): readonly Goal[] {
  const [first, last] = [rows.at(0)?.figures, rows.at(-1)?.figures];
  if (first === undefined || last === undefined) throw new RangeError("No size was measured.");
  const words = `a write at ${sizes.at(-1)} signals, times one at ${sizes.at(0)}`;
  return [
    {
      what: `wall of ${words}`,
      better: "less",
      goal: flat,
      reached: last.wallP50Ms / first.wallP50Ms,
    },
    { what: `CPU of ${words}`, better: "less", goal: flat, reached: last.cpuMs / first.cpuMs },
  ];
}
