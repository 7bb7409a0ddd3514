import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/base/clock.ts";
import { formatBytes } from "../src/base/bytes.ts";
import { Agent33Error } from "../src/base/errors.ts";
import { thisHost } from "../src/engine/host.ts";
import { makeBackup } from "../src/engine/store-backup.ts";
import { createProcesses } from "../src/sandbox/process.ts";
import { listBackups } from "../src/store/backup/catalogue.ts";
import { unpackChecked } from "../src/store/backup/check.ts";
import { restoreStore } from "../src/store/backup/restore.ts";
import { first } from "../src/store/program.ts";
import { databaseFile, openStore, type Store } from "../src/store/store.ts";
import { testGrant } from "../test/support/egress.ts";
import type { Survey, SurveyOptions } from "./benchmark.ts";
import type { Findings, FindingsTable } from "./results.ts";
import { columnsOf } from "./results.ts";
import { percentile } from "./statistics.ts";
import { fill } from "./store/fill.ts";
import { createFolders, diskFact, type Folders, ids } from "./store/places.ts";
import { recordOptions, signalAt } from "./store/signals.ts";

const amounts = {
  full: { signals: 1_000_000, idleMs: 30_000, starts: [7_500, 75_000, 750_000] },
  quick: { signals: 5_000, idleMs: 500, starts: [500] },
} as const;

const tenant = "bench";
const dayMs = 86_400_000;
/** One writer that records something a hundred times a second, and waits for each. */
const pauseMs = 10;
const mostTimesSlower = 3;
const longestRestoreMs = 60_000;

/** What writes took while something else went on. */
interface Pace {
  readonly writes: readonly number[];
  readonly walBytes: number;
}

/** Writes until the work is done. */
async function writeDuring(store: Store, from: number, work: Promise<unknown>): Promise<Pace> {
  const { signals } = store.backend.tenant(tenant);
  const wal = join(store.dataDir, `${databaseFile}-wal`);
  const writes: number[] = [];
  let walBytes = 0;
  const state = { done: false };
  const finished = work.finally(() => {
    state.done = true;
  });
  for (let index = from; !state.done; index += 1) {
    const began = performance.now();
    await signals.record(signalAt(index), recordOptions);
    writes.push(performance.now() - began);
    walBytes = Math.max(walBytes, statSync(wal).size);
    await systemClock.sleep(pauseMs);
  }
  await finished;
  return { writes, walBytes };
}

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly ms: number; readonly value: T }> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}

function paceRow(name: string, { writes, walBytes }: Pace): FindingsTable["rows"][number] {
  return {
    name,
    figures: {
      writes: writes.length,
      p50Ms: percentile(writes, 0.5),
      p99Ms: percentile(writes, 0.99),
      maxMs: Math.max(...writes),
      walMegabytes: walBytes / 1e6,
    },
  };
}

async function filled(dataDir: string, count: number): Promise<void> {
  const filling = openStore({ dataDir, clock: systemClock, ids });
  const to = systemClock.now();
  const window = { from: to - 60 * dayMs, to };
  await fill(filling.backend, { tenant, count, window, ids });
  await filling.backend.tables.read(() => first("PRAGMA wal_checkpoint(TRUNCATE)"));
  await filling.backend.close();
}

/** One start of the program on a store. */
interface Start {
  readonly bytes: number;
  readonly walBytes: number;
  readonly ms: number;
}

const startTimes = 3;
/** Writes that are in the write-ahead log only. */
const loggedSignals = 500;

/** The program begins with a store whose last process was killed; the longest of some times. */
async function startOf(dataDir: string): Promise<Start> {
  const path = join(dataDir, databaseFile);
  const grant = testGrant("starts the program on a store", { spawn: true });
  const left = `${dataDir}-left`;
  mkdirSync(left);
  let ms = 0;
  let walBytes = 0;
  for (let time = 0; time < startTimes; time += 1) {
    const store = openStore({ dataDir, clock: systemClock, ids, journal: true });
    const { signals } = store.backend.tenant(tenant);
    const from = 10_000_000 + time * loggedSignals;
    const some = Array.from({ length: loggedSignals }, (_, index) => signalAt(from + index));
    await signals.recordMany(some, recordOptions);
    // While it is open, what was written last stands beside the file.
    copyFileSync(`${path}-wal`, join(left, "wal"));
    walBytes = statSync(`${path}-wal`).size;
    copyFileSync(path, join(left, "db"));
    await store.backend.close();
    renameSync(join(left, "db"), path);
    renameSync(join(left, "wal"), `${path}-wal`);
    const began = performance.now();
    const words = ["runs", "list", "--limit", "1", "--data", dataDir, "--json"];
    const program = fileURLToPath(new URL("../bin/agent33.js", import.meta.url));
    const { status, stderr } = grant.run(() => spawnSync(process.execPath, [program, ...words]));
    ms = Math.max(ms, performance.now() - began);
    if (status !== 0) throw new Agent33Error("bench.unfair", `The start failed: ${String(stderr)}`);
  }
  rmSync(left, { recursive: true });
  return { bytes: statSync(path).size, walBytes, ms };
}

/** Bars for the smallest and the largest store. */
function startGoals(starts: readonly Start[]): Findings["goals"] {
  const [least, most] = [starts[0], starts.at(-1)];
  const goal = (start: Start | undefined, seconds: number) =>
    start === undefined
      ? []
      : [
          {
            what: `seconds to start on ${formatBytes(start.bytes)}`,
            better: "less" as const,
            goal: seconds,
            reached: start.ms / 1000,
          },
        ];
  return starts.length < 2 ? goal(least, 2) : [...goal(least, 2), ...goal(most, 60)];
}

async function survey({ quick, progress }: SurveyOptions, folders: Folders): Promise<Findings> {
  const { signals, idleMs } = amounts[quick ? "quick" : "full"];
  const dataDir = folders.make();
  const disk = diskFact(dataDir);
  const backups = join(dataDir, "backups");
  const open = (): Store => openStore({ dataDir, clock: systemClock, ids, journal: true });
  const starts: Start[] = [];
  for (const count of amounts[quick ? "quick" : "full"].starts) {
    const folder = folders.make();
    progress(`filling ${count} signals for the starts`);
    await filled(folder, count);
    progress("starting");
    starts.push(await startOf(folder));
    await rm(folder, { recursive: true });
  }
  progress(`filling ${signals} signals`);
  await filled(dataDir, signals);
  const store = open();
  const { size } = statSync(join(dataDir, databaseFile));

  progress("writing, nothing else");
  await writeDuring(store, signals, systemClock.sleep(idleMs / 10));
  const idle = await writeDuring(store, signals + 1_000_000, systemClock.sleep(idleMs));

  progress("writing while a backup is made");
  const host = thisHost({ ...process.env });
  const processes = createProcesses();
  const making = timed(() => makeBackup({ dataDir, backups }, { kind: "manual" }, host, processes));
  const during = await writeDuring(store, signals + 2_000_000, making);
  const backup = await making;
  progress("writing for the journal");
  const after = await writeDuring(store, signals + 3_000_000, systemClock.sleep(idleMs));
  const counted = await store.backend.tables.read(() => first("SELECT count(*) AS n FROM signals"));
  await store.backend.close();

  progress("verifying the backup");
  const into = folders.make();
  const { path, manifest } = backup.value;
  const verify = await timed(() => unpackChecked({ path, manifest, into, look: "every page" }));
  await rm(into, { recursive: true });

  progress("restoring");
  for (const part of ["", "-wal", "-shm"]) {
    await rm(join(dataDir, `${databaseFile}${part}`), { force: true });
  }
  const restored = await timed(() =>
    restoreStore({ dataDir, clock: systemClock, ids, backups: listBackups(backups) }),
  );
  if (restored.value.rows["signals"] !== counted?.["n"]) {
    throw new Agent33Error("bench.unfair", "The restored store lacks signals that were recorded.");
  }
  const step = (name: string, ms: number) => ({ name, figures: { seconds: ms / 1000 } });
  const p99 = (pace: Pace): number => percentile(pace.writes, 0.99);
  return {
    facts: [
      `SQLite ${process.versions.sqlite}, WAL, synchronous FULL, the journal on.`,
      `The store has ${formatBytes(size)}, its backup ${formatBytes(manifest.database.bytes)}.`,
      disk,
    ],
    tables: [
      {
        title: "One writer, a hundred writes a second",
        of: "meanwhile",
        columns: columnsOf({
          writes: "writes",
          p50Ms: "acknowledged ms p50",
          p99Ms: "p99",
          maxMs: "longest",
          walMegabytes: "write-ahead log, MB at most",
        }),
        rows: [
          paceRow("nothing", idle),
          paceRow("a backup", during),
          paceRow("nothing again", after),
        ],
      },
      {
        title: "Start of `agent33 runs list` after a process that was killed",
        of: "store",
        columns: columnsOf({
          megabytes: "store, MB",
          walMegabytes: "write-ahead log, MB",
          seconds: "seconds, the longest of three",
        }),
        rows: starts.map(({ bytes, walBytes, ms }) => ({
          name: formatBytes(bytes),
          figures: { megabytes: bytes / 1e6, walMegabytes: walBytes / 1e6, seconds: ms / 1000 },
        })),
      },
      {
        title: "How long it takes",
        of: "step",
        columns: columnsOf({ seconds: "seconds" }),
        rows: [
          step("backup, made and read back", backup.ms),
          step("verify", verify.ms),
          step(
            `restore with ${restored.value.journal?.changes ?? 0} changes of the journal`,
            restored.ms,
          ),
        ],
      },
    ],
    goals: [
      ...startGoals(starts),
      {
        what: "p99 of writes during a backup, times that without",
        better: "less",
        goal: mostTimesSlower,
        reached: p99(during) / ((p99(idle) + p99(after)) / 2),
      },
      {
        what: "seconds to restore",
        better: "less",
        goal: longestRestoreMs / 1000,
        reached: restored.ms / 1000,
      },
    ],
    notes: [
      "Each start is a process of its own with the store as a killed one leaves it: the log not yet in the file.",
      "The backup is made by a child process of the lowest priority; the writer is another process.",
      "The restore begins with the database gone. Afterwards it has every signal that was acknowledged.",
    ],
  };
}

/** What a backup costs those who write meanwhile, and how long it takes to be back. */
export const recoverySurvey: Survey = {
  run: async (options) => {
    const folders = createFolders();
    try {
      return await survey(options, folders);
    } finally {
      folders.remove();
    }
  },
};
