import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../../src/base/clock.ts";
import { toAgent33Error } from "../../../src/base/errors.ts";
import { uuidv7Source } from "../../../src/base/ids.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { first } from "../../../src/store/program.ts";
import { openStore, type Store, type StoreOptions } from "../../../src/store/store.ts";
import { acknowledgementDescriptor, noteDescriptor, type WriterOrder } from "../store-orders.ts";
import { type Kept, storeWork, tenantName } from "../store-work.ts";

/**
 * A process that writes to a store with many writers at once and prints each key once its write
 * has been acknowledged. Lines on its standard input: `rest` lets the writers finish what they do
 * and stop, `go on` starts them again, `freeze` stops the process inside a transaction, `close`
 * closes the store, `end` ends the process.
 */
const order = JSON.parse(process.argv[2] ?? "") as WriterOrder;

function note(name: string, facts: object = {}): void {
  writeSync(noteDescriptor, `${JSON.stringify({ note: name, ...facts })}\n`);
}
/** The keys that one transaction kept, in one write: a kill leaves all of the line or a part. */
function acknowledge(keys: Kept): void {
  if (keys.length > 0) writeSync(acknowledgementDescriptor, `${keys.join("\n")}\n`);
}
function failed(where: string, error: unknown): void {
  const { code, message, retryable } = toAgent33Error(error);
  note("failed", { where, code, message, retryable });
}

// A process that is killed does not keep what it compiled, and the next one would start slowly.
flushCompileCache();
note("ready");
// What the suite must be able to catch: a store that does not wait for its disk.
const { exec } = DatabaseSync.prototype;
if (order.synchronous !== undefined) {
  DatabaseSync.prototype.exec = function (sql) {
    if (sql === "BEGIN IMMEDIATE") exec.call(this, `PRAGMA synchronous = ${order.synchronous}`);
    exec.call(this, sql);
  };
}
const began = performance.now();
const openOrTell = (options: StoreOptions): Store => {
  try {
    return openStore(options);
  } catch (error) {
    failed("the opening", error);
    process.exit(1);
  }
};
const store = openOrTell({
  dataDir: order.dataDir,
  clock: systemClock,
  ids: uuidv7Source(systemClock, systemRandom),
  ...(order.busyTimeoutMs === undefined ? {} : { busyTimeoutMs: order.busyTimeoutMs }),
  onBusy: (notice) => note("busy", notice),
  ...(order.journal === undefined ? {} : { journal: order.journal }),
  onJournalTrouble: ({ code, message }) => note("journal", { code, message }),
});
note("opened", { ms: performance.now() - began });
const { backend } = store;
const rows = backend.tenant(tenantName);
const { checkpointPages, cachePages } = order;
if (cachePages !== undefined) {
  await backend.tables.read(() => first(`PRAGMA cache_size = ${cachePages}`));
}
if (checkpointPages !== undefined) {
  await backend.tables.read(() => first(`PRAGMA wal_autocheckpoint = ${checkpointPages}`));
}

const work = storeWork(rows, order.name);
const writersState = { rest: false, active: 0 };
let written = 0;
let refused = 0;
let longestWaitMs = 0;
/** What refused writes were told. */
const codes = new Set<string>();

async function attempt(where: string, run: () => Promise<Kept>): Promise<boolean> {
  for (;;) {
    const began = performance.now();
    try {
      const keys = await run();
      longestWaitMs = Math.max(longestWaitMs, performance.now() - began);
      if (order.dawdlesMs !== undefined) {
        await systemClock.sleep(systemRandom.next() * order.dawdlesMs);
      }
      acknowledge(keys);
      written += 1;
      return true;
    } catch (error) {
      const { code, retryable } = toAgent33Error(error);
      if (order.tolerates?.includes(code) !== true || (code === "store.busy" && !retryable)) {
        failed(where, error);
        return false;
      }
      refused += 1;
      codes.add(code);
      longestWaitMs = Math.max(longestWaitMs, performance.now() - began);
      // A full disk answers at once; whoever asks again in a loop only keeps the machine busy.
      if (code !== "store.busy") await systemClock.sleep(10);
    }
  }
}

async function writer(index: number): Promise<void> {
  const next = work.writer(index);
  writersState.active += 1;
  for (;;) {
    if (writersState.rest) {
      writersState.active -= 1;
      if (writersState.active === 0) note("rests");
      while (writersState.rest) await systemClock.sleep(5);
      writersState.active += 1;
    }
    const { keys, run } = next();
    // What the suite must be able to catch: an acknowledgement before there is anything to it.
    if (order.tooEarly === true) acknowledge(keys);
    if (!(await attempt(keys.join(" "), run))) return;
  }
}

/** Whether something can be read now; a disk that fails to is told of. */
async function readSome(): Promise<boolean> {
  try {
    await rows.signals.list({ limit: 5 });
    return true;
  } catch (error) {
    const { code } = toAgent33Error(error);
    if (order.tolerates?.includes(code) !== true) failed("a read", error);
    return false;
  }
}

/** Reads all the time and says how long they took and how late a timer was, four times a second. */
async function watch(): Promise<void> {
  let slowestReadMs = 0;
  let latestTimerMs = 0;
  let reads = 0;
  let toldAt = performance.now();
  for (;;) {
    const before = performance.now();
    await systemClock.sleep(5);
    const woken = performance.now();
    const isRead = await readSome();
    const done = performance.now();
    latestTimerMs = Math.max(latestTimerMs, woken - before - 5);
    slowestReadMs = Math.max(slowestReadMs, done - woken);
    if (isRead) reads += 1;
    if (done - toldAt < 250) continue;
    const pace = { ms: done - toldAt, written, refused, longestWaitMs };
    note("pace", { ...pace, reads, slowestReadMs, latestTimerMs, codes: [...codes] });
    [slowestReadMs, latestTimerMs, longestWaitMs, reads, written, refused] = [0, 0, 0, 0, 0, 0];
    toldAt = done;
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "rest") writersState.rest = true;
  if (line === "go on") writersState.rest = false;
  if (line === "close") {
    store.close();
    note("closed");
  }
  if (line === "end") process.exit(0);
  if (line === "freeze") {
    store.transactions.transaction((sql) => {
      sql.run("UPDATE runs SET task = ? WHERE tenant = ?", `frozen ${order.name}`, tenantName);
      note("inside");
      process.kill(process.pid, "SIGSTOP");
    });
    note("thawed");
  }
});

try {
  const prepared = await attempt("the start", async () => {
    await work.prepare();
    return [];
  });
  if (!prepared) process.exit(1);
  for (const key of order.inDoubt) await attempt(key, () => work.again(key));
  note("writes");
  if (order.watches === true) void watch();
  await Promise.all(Array.from({ length: order.writers }, (_, index) => writer(index)));
} catch (error) {
  failed("the start", error);
  process.exit(1);
}
