import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../src/base/digest.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { databaseFile } from "../../src/store/store.ts";
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
import { startChild } from "./store-child.ts";
import type { KeeperOrder, RecovererOrder, WriterOrder } from "./store-orders.ts";
import type { HeavySuite } from "./suite.ts";

const ways = ["command", "start"] as const;
const harms = ["pages", "log gone", "file gone", "first page"] as const;
/** About the time that a recovery needs on a busy machine. */
const longestMs = 1_000;

interface Round {
  readonly dataDir: string;
  readonly how: RecovererOrder["how"];
  readonly harm: (typeof harms)[number];
  readonly killAfterMs: number;
  readonly hasBackup: boolean;
}

function roundOf(random: Random, dataDir: string): Round {
  return {
    dataDir,
    how: oneOf(random, ways),
    harm: oneOf(random, harms),
    killAfterMs: between(random, 0, longestMs),
    hasBackup: random.next() < 0.7,
  };
}

/** Writers at work, killed; what they acknowledged. */
async function write({ dataDir }: Round, name: string): Promise<readonly string[]> {
  const order: WriterOrder = { dataDir, name, writers: 2, inDoubt: [], journal: true };
  const child = startChild("store-writer", order, `${dataDir}-${name}.txt`);
  await child.said("writes");
  await waitMs(300);
  child.process.kill("SIGKILL");
  await child.ended;
  return child.printed();
}

async function backUp({ dataDir }: Round): Promise<void> {
  const order: KeeperOrder = { act: "backup", dataDir };
  const keeper = startChild("store-keeper", order, `${dataDir}-keeper.txt`);
  await keeper.ended;
}

function harm({ dataDir, harm: what }: Round, random: Random): void {
  const path = join(dataDir, databaseFile);
  const log = `${path}-wal`;
  if (what === "log gone") rmSync(log, { force: true });
  if (what === "file gone")
    for (const part of ["", "-wal", "-shm"]) rmSync(path + part, { force: true });
  if (what !== "pages" && what !== "first page") return;
  for (const file of [path, log]) {
    if (!existsSync(file)) continue;
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += 4096) {
      const first = what === "first page" && at === 0;
      if (first || (what === "pages" && random.next() < 0.3))
        bytes.fill(0xaa, at, Math.min(at + 4096, bytes.length));
    }
    writeFileSync(file, bytes);
  }
}

/** The damaged files by their content; what SQLite makes anew is not among them. */
function digestsIn(folder: string): readonly string[] {
  return ["", "-wal"].flatMap((part) => {
    const path = join(folder, `${databaseFile}${part}`);
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.of();
    return bytes.length === 0 ? [] : [`${databaseFile}${part} ${sha256(bytes)}`];
  });
}

function keptIn(dataDir: string): ReadonlySet<string> {
  const damaged = join(dataDir, "damaged");
  const folders = existsSync(damaged)
    ? readdirSync(damaged).map((name) => join(damaged, name))
    : [];
  return new Set([dataDir, ...folders].flatMap(digestsIn));
}

async function recover({ dataDir, how }: Round, afterMs?: number) {
  const order: RecovererOrder = { dataDir, how };
  const child = startChild("store-recoverer", order, `${dataDir}-recoverer.txt`);
  await child.said("ready");
  if (afterMs !== undefined) {
    await waitMs(afterMs);
    child.process.kill("SIGKILL");
  }
  await child.ended;
  return child.notes.find(({ note }) => note !== "ready");
}

async function play(round: Round, random: Random) {
  const { dataDir, hasBackup, how, killAfterMs } = round;
  const acknowledged = new Set(await write(round, "one"));
  if (hasBackup) await backUp(round);
  for (const key of await write(round, "two")) acknowledged.add(key);
  harm(round, random);
  const originals = digestsIn(dataDir);
  const faults: string[] = [];
  const wasKilled = (await recover(round, killAfterMs)) === undefined;
  const missing = originals.filter((original) => !keptIn(dataDir).has(original));
  faults.push(...missing.map((original) => `not kept after the kill: ${original}`));
  const end = await recover({ ...round, how: how === "command" && wasKilled ? how : "start" });
  if (end?.note !== "done") faults.push(`the second did not end well: ${JSON.stringify(end)}`);
  const stillMissing = originals.filter((original) => !keptIn(dataDir).has(original));
  faults.push(...stillMissing.map((original) => `not kept at the end: ${original}`));
  const check = checkStore(copyStore(dataDir, `${dataDir}-copy`), acknowledged);
  faults.push(...faultsOf(check));
  const leftOvers = readdirSync(dataDir).filter((name) => /\.(?:partial|restore)$/.test(name));
  faults.push(...leftOvers.map((name) => `left over: ${name}`));
  return { faults, acknowledged: acknowledged.size, lost: check.lost.length, wasKilled };
}

/** One round in a store of its own, whose files stay where something is wrong. */
export async function recoverOnce(folder: string, name: string, random: Random) {
  const round = roundOf(random, join(folder, name));
  mkdirSync(round.dataDir);
  const played = await play(round, random);
  if (played.faults.length === 0)
    for (const part of ["", "-copy"]) removeFolder(round.dataDir + part);
  const { how, harm: what, killAfterMs } = round;
  const line = `${what}, ${how}, ${played.wasKilled ? "killed" : "done"} after ${killAfterMs.toFixed(0)} ms; ${played.acknowledged} acknowledged`;
  return { ...played, line };
}

/** Whether a recovery that is killed at any moment loses nothing, and is finished by the next. */
export const recoverKill: HeavySuite = {
  about: "kills recoveries, by command and at the start, and looks for what was acknowledged",
  defaultRounds: 60,
  run: async (count, say, seed) => {
    const folder = benchFolder("recover-kill");
    const totals = { failed: 0, killed: 0, acknowledged: 0, lost: 0 };
    for (let number = 1; number <= count; number += 1) {
      const random = seededRandom(seed + number);
      const once = await recoverOnce(folder, `store-${number}`, random);
      const { faults, acknowledged, lost, wasKilled, line } = once;
      totals.acknowledged += acknowledged;
      totals.lost += lost;
      if (wasKilled) totals.killed += 1;
      say(`${faults.length === 0 ? "ok    " : "FAILED"} seed ${seed + number}: ${line}`);
      for (const fault of faults) say(`         ${fault}`);
      if (faults.length > 0) totals.failed += 1;
    }
    say(
      `${count} rounds, ${totals.killed} killed before their end: ${totals.acknowledged} acknowledged, ${totals.lost} lost`,
    );
    if (totals.failed === 0) removeFolder(folder);
    else say(`The files are in ${folder}.`);
    return { passed: count - totals.failed, failed: totals.failed };
  },
};
