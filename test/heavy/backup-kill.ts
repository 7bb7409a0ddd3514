import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../src/base/errors.ts";
import { type Random, seededRandom, systemRandom } from "../../src/base/random.ts";
import { listBackups } from "../../src/store/backup/catalogue.ts";
import { unpackChecked } from "../../src/store/backup/check.ts";
import { databaseFile } from "../../src/store/store.ts";
import { type PostgresServer, postgresMissing, startPostgres } from "../support/postgres.ts";
import { keeperControls } from "./backup-kill-controls.ts";
import {
  destroy,
  keeperDone,
  keeperKilled,
  keepSome,
  kill,
  note,
  opens,
  startWriter,
  type Subject,
} from "./kept-store.ts";
import { recoverOnce } from "./recover-kill.ts";
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
import type { KeeperOrder } from "./store-orders.ts";
import type { HeavySuite } from "./suite.ts";

/** Copies compare every row, so that a store is left while it is small. */
const roundsOfStore = 5;
const acts = ["backup", "restore", "copy", "recover"] as const;
type Act = (typeof acts)[number];

/** How long after its start a process is killed at most, about the time that it needs. */
const longestMs: Readonly<Record<Act, number>> = {
  backup: 1_500,
  restore: 1_200,
  copy: 2_500,
  recover: 3_000,
};

interface Plan {
  readonly act: Act;
  readonly killAfterMs: number;
  /** Of a copy: another folder, or a database and from there into another folder. */
  readonly over: "folder" | "postgres";
  /** Of a restore: whether the disk has taken the database before. */
  readonly destroyed: boolean;
}

interface Totals {
  lost: number;
  unreadable: number;
  readonly killed: Record<string, number>;
}

function planOf(random: Random): Plan {
  const act = oneOf(random, acts);
  const killAfterMs = between(random, 0, longestMs[act]);
  const destroyed = random.next() < 0.5;
  return { act, killAfterMs, destroyed, over: random.next() < 0.5 ? "folder" : "postgres" };
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

async function copyRound(
  subject: Subject,
  plan: Plan,
  name: string,
  server: PostgresServer | undefined,
): Promise<readonly string[]> {
  const { dataDir } = subject;
  const back = `${dataDir}-${name}-copy`;
  const writer = await startWriter(subject, name);
  await waitMs(50);
  await kill(writer);
  note(subject, writer);
  const printsTo = `${dataDir}-keeper.txt`;
  const steps =
    plan.over === "postgres" && server !== undefined
      ? twoSteps(dataDir, await server.freshDatabase(), back)
      : [{ act: "copy", dataDir, to: back } as const];
  const faults: string[] = [];
  for (const order of steps) {
    await keeperKilled(order, plan.killAfterMs, printsTo);
    faults.push(...(await keeperDone(order, printsTo)));
  }
  const check = checkStore(join(back, databaseFile), subject.acknowledged);
  faults.push(...faultsOf(check).map((line) => `in the copy: ${line}`));
  removeFolder(back);
  return faults;
}

/** Into a database and out of it again, each step killed and made once more. */
function twoSteps(dataDir: string, url: string, back: string): readonly KeeperOrder[] {
  return [
    { act: "copy", dataDir, to: url },
    { act: "copy", dataDir: url, to: back },
  ];
}

function wordsOf({ act, destroyed, over }: Plan, withPostgres: boolean): string {
  if (act === "restore" && destroyed) return "restore of a destroyed store";
  return act === "copy" && over === "postgres" && withPostgres ? "copy over PostgreSQL" : act;
}

/** What is wrong with a store that was left, once somebody opens it. */
function leftIn({ dataDir, acknowledged }: Subject, totals: Totals): readonly string[] {
  const closed = opens(dataDir);
  if (closed !== undefined) {
    totals.unreadable += 1;
    return [closed];
  }
  const check = checkStore(copyStore(dataDir, `${dataDir}-copy`), acknowledged);
  totals.lost += check.lost.length;
  return faultsOf(check);
}

const rounds = { backup: backupRound, restore: restoreRound, copy: copyRound } as const;

export const backupKill: HeavySuite = {
  about:
    "kills backups, restores, copies and recoveries with SIGKILL and looks for what was acknowledged",
  defaultRounds: 200,
  run: async (count, say, seed) => {
    const folder = benchFolder("backup-kill");
    const totals: Totals = { lost: 0, unreadable: 0, killed: {} };
    let failed = 0;
    let acknowledged = 0;
    let subject: Subject | undefined;
    const controls = await keeperControls(folder);
    for (const { name, seen } of controls) say(`${seen ? "ok    " : "FAILED"} control: ${name}`);
    const unseen = controls.filter(({ seen }) => !seen).length;
    const server = postgresMissing() === undefined ? await startPostgres() : undefined;
    const began = performance.now();
    for (let number = 1; number <= count; number += 1) {
      const random = seededRandom(seed + number);
      const plan = planOf(random);
      const what = wordsOf(plan, server !== undefined);
      let line: string;
      const faults: string[] = [];
      if (plan.act === "recover") {
        // Of a store of its own: it is damaged before.
        const once = await recoverOnce(folder, `recovered-${number}`, random);
        faults.push(...once.faults);
        line = once.line;
        acknowledged += once.acknowledged;
        totals.lost += once.lost;
      } else {
        subject ??= { dataDir: join(folder, `store-${number}`), acknowledged: new Set() };
        const { dataDir } = subject;
        mkdirSync(dataDir, { recursive: true });
        keepSome(dataDir, random);
        faults.push(...(await rounds[plan.act](subject, plan, `r${number}`, server)));
        faults.push(...leftIn(subject, totals));
        line = `killed after ${plan.killAfterMs.toFixed(0)} ms; ${subject.acknowledged.size} acknowledged`;
      }
      totals.killed[what] = (totals.killed[what] ?? 0) + 1;
      if (faults.length > 0) failed += 1;
      say(`${faults.length === 0 ? "ok    " : "FAILED"} seed ${seed + number}: ${what}, ${line}`);
      for (const fault of faults) say(`         ${fault}`);
      if (subject !== undefined && (number % roundsOfStore === 0 || number === count)) {
        acknowledged += subject.acknowledged.size;
        if (failed === 0) for (const part of ["", "-copy"]) removeFolder(subject.dataDir + part);
        subject = undefined;
      }
    }
    await server?.remove();
    const seconds = (performance.now() - began) / 1000;
    const killed = Object.entries(totals.killed).map(([act, times]) => `${times} ${act}`);
    say(
      `${count} rounds (${killed.join(", ")}) in ${seconds.toFixed(0)} s: ${acknowledged} acknowledged, ${totals.lost} lost, ${totals.unreadable} unreadable stores`,
    );
    if (failed === 0) removeFolder(folder);
    else say(`The files are in ${folder}.`);
    return { passed: count + controls.length - failed - unseen, failed: failed + unseen };
  },
};
