import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { databaseFile } from "../../src/store/store.ts";
import { benchFolder, between, copyStore, faultsOf, removeFolder } from "./store-bench.ts";
import { checkStore } from "./store-check.ts";
import { type Note, type StoreChild, startChild } from "./store-child.ts";
import type { WriterOrder } from "./store-orders.ts";
import type { HeavySuite } from "./suite.ts";

/** How long a statement waits for another process in these rounds. Milliseconds. */
const busyTimeoutMs = 2500;
/**
 * A read, or a timer, that is later than this was held up by the lock: without that they take a
 * few milliseconds, on a busy machine a few dozen.
 */
const heldUpMs = busyTimeoutMs / 4;
const writersEach = 8;

/** Two processes that write and read all the time, and one that is frozen. */
interface Scene {
  readonly dataDir: string;
  readonly frozen: StoreChild;
  readonly others: readonly StoreChild[];
  readonly seed: number;
}

/** What the others did in a stretch of time. */
interface Stretch {
  readonly writesASecond: number;
  readonly refused: number;
  readonly reads: number;
  readonly slowestReadMs: number;
  readonly latestTimerMs: number;
  readonly longestWaitMs: number;
  /** States of the notices of `onBusy`. */
  readonly told: ReadonlySet<unknown>;
}

interface Told {
  readonly line: string;
  readonly faults: readonly string[];
}

/** Watches the others for as long as the work takes. */
async function during(others: readonly StoreChild[], work: () => Promise<void>): Promise<Stretch> {
  const from = others.map((other) => other.notes.length);
  await work();
  // What fell into the last quarter of a second is told a little later.
  await systemClock.sleep(300);
  const notes = others.flatMap((other, index) => other.notes.slice(from[index]));
  const paces = notes.filter(({ note }) => note === "pace");
  const sum = (fact: string) => paces.reduce((total, pace) => total + numberIn(pace, fact), 0);
  const most = (fact: string) => Math.max(0, ...paces.map((pace) => numberIn(pace, fact)));
  return {
    writesASecond: (sum("written") / Math.max(sum("ms"), 1)) * 1000 * others.length,
    refused: sum("refused"),
    reads: sum("reads"),
    slowestReadMs: most("slowestReadMs"),
    latestTimerMs: most("latestTimerMs"),
    longestWaitMs: most("longestWaitMs"),
    told: new Set(notes.filter(({ note }) => note === "busy").map((busy) => busy["state"])),
  };
}

function numberIn(note: Note, fact: string): number {
  return Number(note[fact] ?? 0);
}

const wait = (ms: number) => () => systemClock.sleep(ms);

function shown(stretch: Stretch): string {
  const { writesASecond, refused, slowestReadMs, latestTimerMs } = stretch;
  return `${writesASecond.toFixed(0)} writes/s, ${refused} refused, ${stretch.reads} reads, slowest read ${slowestReadMs.toFixed(0)} ms, latest timer ${latestTimerMs.toFixed(0)} ms`;
}

/** What must hold while a process is frozen, whatever it holds. */
function readsGoOn(stretch: Stretch): readonly string[] {
  const faults: string[] = [];
  if (stretch.reads === 0) faults.push("nothing was read");
  if (stretch.slowestReadMs > heldUpMs) faults.push(`a read took ${stretch.slowestReadMs} ms`);
  if (stretch.latestTimerMs > heldUpMs) faults.push(`a timer was ${stretch.latestTimerMs} ms late`);
  return faults;
}

/** Frozen with nothing in hand. */
async function outside({ frozen, others }: Scene): Promise<Told> {
  frozen.tell("rest");
  await frozen.said("rests");
  const before = await during(others, wait(1500));
  frozen.process.kill("SIGSTOP");
  const frozenly = await during(others, wait(2 * busyTimeoutMs));
  frozen.process.kill("SIGCONT");
  const from = frozen.printed().length;
  frozen.tell("go on");
  await systemClock.sleep(500);
  const faults = [...readsGoOn(frozenly)];
  if (frozenly.refused > 0) faults.push("writes were refused");
  if (frozenly.writesASecond < before.writesASecond / 2) faults.push("the others were slowed down");
  if (frozen.printed().length === from) faults.push("the thawed process does not write");
  return {
    line: `frozen outside a transaction: before ${shown(before)}; while frozen ${shown(frozenly)}`,
    faults,
  };
}

async function freezeInside(frozen: StoreChild): Promise<void> {
  frozen.tell("freeze");
  await frozen.said("inside");
}

/** What must hold where a process is frozen inside a transaction for longer than the others wait. */
function longHeld(stretch: Stretch): readonly string[] {
  const faults = [...readsGoOn(stretch)];
  if (stretch.refused === 0) faults.push("no write was refused");
  if (!stretch.told.has("waiting")) faults.push("nobody was told of the waiting");
  if (!stretch.told.has("given up")) faults.push("nobody was told of the refusals");
  return faults;
}

function goesOn(stretch: Stretch): readonly string[] {
  return stretch.writesASecond > 0 ? [] : ["the others do not write afterwards"];
}

/** Frozen inside a transaction for less time than the others wait. */
async function insideShortly({ frozen, others }: Scene): Promise<Told> {
  await freezeInside(frozen);
  const held = await during(others, wait(busyTimeoutMs * 0.6));
  frozen.process.kill("SIGCONT");
  await frozen.said("thawed");
  const after = await during(others, wait(1000));
  const faults = [...readsGoOn(held), ...goesOn(after)];
  if (held.refused + after.refused > 0) faults.push("writes were refused");
  if (!held.told.has("waiting")) faults.push("nobody was told of the waiting");
  if (!after.told.has("gone on")) faults.push("nobody was told that it went on");
  return {
    line: `frozen inside a transaction for ${busyTimeoutMs * 0.6} ms: ${shown(held)}; thawed ${shown(after)}`,
    faults,
  };
}

/** Frozen inside a transaction for longer than the others wait, and then thawed or killed. */
async function insideLong(scene: Scene, signal: "SIGCONT" | "SIGKILL"): Promise<Told> {
  const { frozen, others, dataDir } = scene;
  await freezeInside(frozen);
  const held = await during(others, wait(2.5 * busyTimeoutMs));
  const freed = performance.now();
  const from = others.map((other) => other.printed().length);
  frozen.process.kill(signal);
  if (signal === "SIGCONT") await frozen.said("thawed");
  while (others.every((other, index) => other.printed().length === from[index])) {
    if (performance.now() - freed > 2 * busyTimeoutMs) break;
    await systemClock.sleep(2);
  }
  const freeAfterMs = performance.now() - freed;
  const after = await during(others, wait(1000));
  const faults = [...longHeld(held), ...goesOn(after)];
  // A transaction that was frozen is kept when it ends, and leaves nothing when it is killed.
  const kept = wasKept(dataDir);
  if (kept !== (signal === "SIGCONT")) faults.push(`the frozen transaction was kept: ${kept}`);
  return {
    line: `frozen inside a transaction, then ${signal}: ${shown(held)}, a write waited at most ${held.longestWaitMs.toFixed(0)} ms; the next one was kept ${freeAfterMs.toFixed(0)} ms after the signal; then ${shown(after)}`,
    faults,
  };
}

function wasKept(dataDir: string): boolean {
  const native = new DatabaseSync(join(dataDir, databaseFile), { readOnly: true });
  try {
    const row = native.prepare("SELECT count(*) AS n FROM runs WHERE task LIKE 'frozen %'").get();
    return Number(row?.["n"]) > 0;
  } finally {
    native.close();
  }
}

/** Frozen at any moment, while it writes. */
async function anywhere({ frozen, others, seed }: Scene): Promise<Told> {
  const random = seededRandom(seed);
  const freezes = 6;
  let frozenMs = 0;
  const stretch = await during(others, async () => {
    for (let freeze = 0; freeze < freezes; freeze += 1) {
      await systemClock.sleep(between(random, 50, 250));
      frozen.process.kill("SIGSTOP");
      const ms = between(random, 100, busyTimeoutMs * 0.7);
      frozenMs += ms;
      await systemClock.sleep(ms);
      frozen.process.kill("SIGCONT");
    }
  });
  const after = await during(others, wait(1000));
  const faults = [...readsGoOn(stretch), ...goesOn(after)];
  return {
    line: `frozen ${freezes} times while writing, ${frozenMs.toFixed(0)} ms in all: ${shown(stretch)}; then ${shown(after)}`,
    faults,
  };
}

const kinds: readonly ((scene: Scene) => Promise<Told>)[] = [
  (scene) => insideLong(scene, "SIGKILL"),
  anywhere,
  (scene) => insideLong(scene, "SIGCONT"),
  insideShortly,
  outside,
];

async function round(folder: string, number: number, seed: number): Promise<Told> {
  const dataDir = join(folder, `store-${number}`);
  const start = (name: string): StoreChild => {
    const order: WriterOrder = {
      dataDir,
      name,
      writers: writersEach,
      inDoubt: [],
      busyTimeoutMs,
      tolerates: ["store.busy"],
      watches: true,
    };
    return startChild("store-writer", order, `${dataDir}-${name}.txt`);
  };
  const frozen = start("frozen");
  await frozen.said("writes");
  const others = [start("one"), start("other")];
  const all = [frozen, ...others];
  await Promise.all(all.map((child) => child.said("writes")));
  await Promise.all(all.map((child) => child.said("pace")));
  const kind = kinds[(number - 1) % kinds.length] ?? outside;
  const { line, faults } = await kind({ dataDir, frozen, others, seed });
  for (const child of all) child.process.kill("SIGKILL");
  await Promise.all(all.map((child) => child.ended));
  const acknowledged = new Set(all.flatMap((child) => child.printed()));
  const check = checkStore(copyStore(dataDir, `${dataDir}-copy`), acknowledged);
  const failures = all.flatMap((child) => child.notes.filter(({ note }) => note === "failed"));
  return {
    line: `seed ${seed}: ${line}; ${acknowledged.size} acknowledged, ${check.lost.length} lost`,
    faults: [
      ...faults,
      ...faultsOf(check),
      ...failures.slice(0, 3).map((failure) => JSON.stringify(failure)),
      ...all.flatMap((child) => (child.complaints() === "" ? [] : [child.complaints()])),
    ],
  };
}

export const storeStop: HeavySuite = {
  about: "freezes a process that has a store open with SIGSTOP and watches the others",
  defaultRounds: kinds.length,
  run: async (rounds, say, seed) => {
    const folder = benchFolder("store-stop");
    let failed = 0;
    for (let number = 1; number <= rounds; number += 1) {
      const began = performance.now();
      const { line, faults } = await round(folder, number, seed + number);
      if (faults.length > 0) failed += 1;
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      say(`${faults.length === 0 ? "ok    " : "FAILED"} ${line} (${seconds} s)`);
      for (const fault of faults) say(`         ${fault}`);
    }
    if (failed === 0) removeFolder(folder);
    else say(`The files are in ${folder}.`);
    return { passed: rounds - failed, failed };
  },
};
