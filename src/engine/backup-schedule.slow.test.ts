import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, systemClock } from "../base/clock.ts";
import { loadConfig } from "../config/config.ts";
import { newRun } from "../store/store.fixture.ts";
import { openStore, type Store } from "../store/store.ts";
import { listBackups } from "../store/backup/catalogue.ts";
import { beginHistory } from "../store/journal/position.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { testHost } from "../../test/support/engine.ts";
import { scheduleBackups } from "./backup-schedule.ts";
import type { RecurringWork } from "./recurring-work.ts";

let store: Store;
let schedule: RecurringWork;
let backups = "";
let warnings: string[] = [];
/** The machine's, that can be set ahead: a child process takes its real time. */
let aheadMs = 0;
const advance = (ms: number): void => {
  aheadMs += ms;
};
const clock: Clock = {
  ...systemClock,
  now: () => systemClock.now() + aheadMs,
  monotonic: () => systemClock.monotonic() + aheadMs,
};

function scheduled(cwd: string): RecurringWork {
  const host = { ...testHost(cwd), warn: (text: string) => warnings.push(text), clock };
  const flags = [{ setting: "backup.keep.newest", flag: "--x", value: 2 }];
  const config = loadConfig({ cwd, env: {}, flags });
  return scheduleBackups({ config, host, transactions: store.transactions });
}

beforeEach(() => {
  warnings = [];
  const cwd = temporaryFolder("schedule");
  const dataDir = join(cwd, ".agent33");
  backups = join(dataDir, "backups");
  const { ids } = testHost(cwd);
  store = openStore({ dataDir, clock, ids, journal: true, synchronous: "normal" });
  schedule = scheduled(cwd);
});
afterEach(async () => {
  await schedule.close();
  store.close();
});

const write = (name: string) => store.tenant("local").runs.create(newRun(name));
const made = () => listBackups(backups).length;

test("a backup is made where there is none, and again where something was written since", async () => {
  write("one");
  await schedule.look();
  expect(listBackups(backups)).toMatchObject([{ manifest: { kind: "scheduled", seq: 1 } }]);
  write("two");
  await schedule.look();
  expect(made()).toBe(1);
  advance(15 * 60_000);
  await schedule.look();
  expect(made()).toBe(2);
  advance(60 * 60_000);
  await schedule.look();
  expect(made()).toBe(2);
  expect(warnings).toEqual([]);
});

test("a backup is made before its time is over, as the next look would come after it", async () => {
  await schedule.look();
  write("one");
  advance(13 * 60_000);
  await schedule.look();
  expect(made()).toBe(1);
  advance(60_000);
  await schedule.look();
  expect(made()).toBe(2);
});

test("a store in another history than its newest backup is backed up at once", async () => {
  await schedule.look();
  store.transactions.transaction((sql) => beginHistory(sql, { history: "new", seq: 0 }));
  advance(1_000);
  await schedule.look();
  const [last, before] = listBackups(backups).map(({ manifest }) => manifest?.history);
  expect(made()).toBe(2);
  expect(last).not.toBe(before);
});

test("while another process makes one, nothing is said", async () => {
  await schedule.look();
  advance(15 * 60_000);
  write("one");
  const lock = takeLock(join(backups, "lock"), "alone", 0);
  await schedule.look();
  expect([made(), warnings]).toEqual([1, []]);
  lock?.release();
  await schedule.look();
  expect(made()).toBe(2);
});

test("a failure is said, and is tried again a good while later", async () => {
  writeFileSync(backups, "a file in the folder's place");
  await schedule.look();
  await schedule.look();
  expect(warnings).toEqual([expect.stringContaining("store.backup_folder")]);
  rmSync(backups);
  advance(15 * 60_000);
  await schedule.look();
  expect(made()).toBe(1);
});
