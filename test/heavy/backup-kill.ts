import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/base/digest.ts";
import { messageOf } from "../../src/base/errors.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { type Random, seededRandom, systemRandom } from "../../src/base/random.ts";
import { listBackups } from "../../src/store/backup/catalogue.ts";
import { unpackChecked } from "../../src/store/backup/check.ts";
import { databaseFile, openStore } from "../../src/store/store.ts";
import {
  benchFolder,
  between,
  copyStore,
  faultsOf,
  oneOf,
  removeFolder,
  waitMs,
} from "./store-bench.ts";
import { checkStore } from "./store-check.ts";
import { type StoreChild, startChild } from "./store-child.ts";
import type { KeeperOrder, WriterOrder } from "./store-orders.ts";
import type { HeavySuite } from "./suite.ts";

/** Copies compare every row, so that a store is left while it is small. */
const roundsOfStore = 5;
const writers = 2;
const acts = ["backup", "restore", "copy"] as const;
type Act = (typeof acts)[number];

/** How long after its start a process is killed at most, about the time that it needs. */
const longestMs: Readonly<Record<Act, number>> = { backup: 1_500, restore: 1_200, copy: 2_500 };

interface Plan {
  readonly act: Act;
  readonly killAfterMs: number;
  /** Of a restore: whether the disk has taken the database before. */
  readonly destroyed: boolean;
}

/** A store over its rounds. */
interface Subject {
  readonly dataDir: string;
  readonly acknowledged: Set<string>;
}

interface Totals {
  lost: number;
  unreadable: number;
  readonly killed: Record<string, number>;
}

function planOf(random: Random): Plan {
  const act = oneOf(random, acts);
  const killAfterMs = between(random, 0, longestMs[act]);
  return { act, killAfterMs, destroyed: random.next() < 0.5 };
}

/** Files beside the store, as workspaces leave them. */
function keepSome(dataDir: string, random: Random): void {
  const text = `content ${random.next()}`.repeat(200);
  const digest = sha256(text);
  const path = join(dataDir, "kept", digest.slice(0, 2), digest);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flush: true });
}

/** Writers at work; what they acknowledge is noted once they are ended. */
async function startWriter({ dataDir }: Subject, name: string): Promise<StoreChild> {
  const order: WriterOrder = { dataDir, name, writers, inDoubt: [], journal: true };
  const child = startChild("store-writer", order, `${dataDir}-${name}.txt`);
  await child.said("writes");
  return child;
}

async function kill(child: StoreChild): Promise<void> {
  child.process.kill("SIGKILL");
  await child.ended;
}

function note({ acknowledged }: Subject, writer: StoreChild): void {
  for (const key of writer.printed()) acknowledged.add(key);
}

/** Runs a keeper and kills it; undefined where it had ended before. */
async function keeperKilled(order: KeeperOrder, afterMs: number, printsTo: string) {
  const keeper = startChild("store-keeper", order, printsTo);
  await keeper.said("ready");
  await waitMs(afterMs);
  await kill(keeper);
  return keeper;
}

/** Runs a keeper to its end. */
async function keeperDone(order: KeeperOrder, printsTo: string): Promise<readonly string[]> {
  const keeper = startChild("store-keeper", order, printsTo);
  await keeper.ended;
  const failure = keeper.notes.find((one) => one.note === "failed");
  return failure === undefined ? [] : [`${order.act} failed: ${JSON.stringify(failure)}`];
}

function destroy(dataDir: string): void {
  for (const part of ["", "-wal", "-shm"])
    rmSync(join(dataDir, databaseFile) + part, { force: true });
}

/** Whether the store opens as it is used; finishes a restore that was killed. */
function opens(dataDir: string): string | undefined {
  try {
    const ids = uuidv7Source(systemClock, systemRandom);
    openStore({ dataDir, clock: systemClock, ids }).close();
    return undefined;
  } catch (error) {
    return `does not open: ${messageOf(error)}`;
  }
}

async function backupRound(subject: Subject, plan: Plan, name: string): Promise<readonly string[]> {
  const { dataDir } = subject;
  const writer = await startWriter(subject, name);
  await waitMs(50);
  const before = new Set([...subject.acknowledged, ...writer.printed()]);
  const printsTo = `${dataDir}-keeper.txt`;
  const keeper = await keeperKilled({ act: "backup", dataDir }, plan.killAfterMs, printsTo);
  const made = keeper.notes.find((one) => one.note === "done")?.["id"];
  await kill(writer);
  note(subject, writer);
  const faults: string[] = [];
  if (writer.complaints() !== "") faults.push(writer.complaints());
  for (const { id, path, manifest, fault } of listBackups(join(dataDir, "backups"))) {
    if (manifest === undefined) {
      faults.push(`backup ${id}: ${fault?.message}`);
      continue;
    }
    const into = mkdtempSync(join(tmpdir(), "agent33-unpacked-"));
    try {
      const plain = await unpackChecked({ path, manifest, into, look: "every page" });
      // One that was made to its end has what was acknowledged before it began.
      if (id === made) {
        faults.push(...faultsOf(checkStore(plain, before)).map((line) => `in ${id}: ${line}`));
      }
    } catch (error) {
      faults.push(`backup ${id}: ${messageOf(error)}`);
    } finally {
      removeFolder(into);
    }
  }
  return faults;
}

async function restoreRound(
  subject: Subject,
  plan: Plan,
  name: string,
): Promise<readonly string[]> {
  const { dataDir } = subject;
  const writer = await startWriter(subject, name);
  await waitMs(between(systemRandom, 20, 300));
  await kill(writer);
  note(subject, writer);
  if (plan.destroyed) destroy(dataDir);
  const printsTo = `${dataDir}-keeper.txt`;
  const order = { act: "restore", dataDir } as const;
  const keeper = await keeperKilled(order, plan.killAfterMs, printsTo);
  const failure = keeper.notes.find((one) => one.note === "failed");
  if (failure !== undefined) return [`restore failed: ${JSON.stringify(failure)}`];
  const isGone = plan.destroyed && !existsSync(join(dataDir, databaseFile));
  const isPlanned = existsSync(join(dataDir, "agent33.restore"));
  return isGone && !isPlanned ? keeperDone(order, printsTo) : [];
}

async function copyRound(subject: Subject, plan: Plan, name: string): Promise<readonly string[]> {
  const { dataDir } = subject;
  const to = `${dataDir}-${name}-copy`;
  const writer = await startWriter(subject, name);
  await waitMs(50);
  await kill(writer);
  note(subject, writer);
  const order = { act: "copy", dataDir, to } as const;
  const printsTo = `${dataDir}-keeper.txt`;
  await keeperKilled(order, plan.killAfterMs, printsTo);
  const faults = [...(await keeperDone(order, printsTo))];
  const check = checkStore(join(to, databaseFile), subject.acknowledged);
  faults.push(...faultsOf(check).map((line) => `in the copy: ${line}`));
  removeFolder(to);
  return faults;
}

const rounds = { backup: backupRound, restore: restoreRound, copy: copyRound } as const;

export const backupKill: HeavySuite = {
  about: "kills backups, restores and copies with SIGKILL and looks for what was acknowledged",
  defaultRounds: 200,
  run: async (count, say, seed) => {
    const folder = benchFolder("backup-kill");
    const totals: Totals = { lost: 0, unreadable: 0, killed: {} };
    let failed = 0;
    let acknowledged = 0;
    let subject: Subject | undefined;
    const began = performance.now();
    for (let number = 1; number <= count; number += 1) {
      const random = seededRandom(seed + number);
      subject ??= { dataDir: join(folder, `store-${number}`), acknowledged: new Set() };
      const { dataDir } = subject;
      mkdirSync(dataDir, { recursive: true });
      keepSome(dataDir, random);
      const plan = planOf(random);
      const faults = [...(await rounds[plan.act](subject, plan, `r${number}`))];
      const closed = opens(dataDir);
      if (closed === undefined) {
        const check = checkStore(copyStore(dataDir, `${dataDir}-copy`), subject.acknowledged);
        faults.push(...faultsOf(check));
        totals.lost += check.lost.length;
      } else {
        faults.push(closed);
        totals.unreadable += 1;
      }
      totals.killed[plan.act] = (totals.killed[plan.act] ?? 0) + 1;
      if (faults.length > 0) failed += 1;
      const what =
        plan.act === "restore" && plan.destroyed ? "restore of a destroyed store" : plan.act;
      say(
        `${faults.length === 0 ? "ok    " : "FAILED"} seed ${seed + number}: ${what} killed after ${plan.killAfterMs.toFixed(0)} ms; ${subject.acknowledged.size} acknowledged`,
      );
      for (const fault of faults) say(`         ${fault}`);
      if (number % roundsOfStore === 0 || number === count) {
        acknowledged += subject.acknowledged.size;
        if (failed === 0) for (const part of ["", "-copy"]) removeFolder(dataDir + part);
        subject = undefined;
      }
    }
    const seconds = (performance.now() - began) / 1000;
    const killed = Object.entries(totals.killed).map(([act, times]) => `${times} ${act}`);
    say(
      `${count} rounds (${killed.join(", ")}) in ${seconds.toFixed(0)} s: ${acknowledged} acknowledged, ${totals.lost} lost, ${totals.unreadable} unreadable stores`,
    );
    if (failed === 0) removeFolder(folder);
    else say(`The files are in ${folder}.`);
    return { passed: count - failed, failed };
  },
};
