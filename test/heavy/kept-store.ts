import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/base/digest.ts";
import { messageOf } from "../../src/base/errors.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { type Random, systemRandom } from "../../src/base/random.ts";
import { databaseFile, openStore } from "../../src/store/store.ts";
import { waitMs } from "./store-bench.ts";
import { type StoreChild, startChild } from "./store-child.ts";
import type { KeeperOrder, WriterOrder } from "./store-orders.ts";

const writers = 2;

/** A store over its rounds. */
export interface Subject {
  readonly dataDir: string;
  readonly acknowledged: Set<string>;
}

/** Files beside the store, as workspaces leave them. */
export function keepSome(dataDir: string, random: Random): void {
  const text = `content ${random.next()}`.repeat(200);
  const digest = sha256(text);
  const path = join(dataDir, "kept", digest.slice(0, 2), digest);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flush: true });
}

/** Writers at work; what they acknowledge is noted once they are ended. */
export async function startWriter({ dataDir }: Subject, name: string): Promise<StoreChild> {
  const order: WriterOrder = { dataDir, name, writers, inDoubt: [], journal: true };
  const child = startChild("store-writer", order, `${dataDir}-${name}.txt`);
  await child.said("writes");
  return child;
}

export async function kill(child: StoreChild): Promise<void> {
  child.process.kill("SIGKILL");
  await child.ended;
}

export function note({ acknowledged }: Subject, writer: StoreChild): void {
  for (const key of writer.printed()) acknowledged.add(key);
}

/** Runs a keeper and kills it; undefined where it had ended before. */
export async function keeperKilled(order: KeeperOrder, afterMs: number, printsTo: string) {
  const keeper = startChild("store-keeper", order, printsTo);
  await keeper.said("ready");
  await waitMs(afterMs);
  await kill(keeper);
  return keeper;
}

/** Runs a keeper to its end. */
export async function keeperDone(order: KeeperOrder, printsTo: string): Promise<readonly string[]> {
  const keeper = startChild("store-keeper", order, printsTo);
  await keeper.ended;
  const failure = keeper.notes.find((one) => one.note === "failed");
  return failure === undefined ? [] : [`${order.act} failed: ${JSON.stringify(failure)}`];
}

export function destroy(dataDir: string): void {
  for (const part of ["", "-wal", "-shm"])
    rmSync(join(dataDir, databaseFile) + part, { force: true });
}

/** Whether the store opens as it is used; finishes a restore that was killed. */
export function opens(dataDir: string): string | undefined {
  try {
    const ids = uuidv7Source(systemClock, systemRandom);
    openStore({ dataDir, clock: systemClock, ids }).close();
    return undefined;
  } catch (error) {
    return `does not open: ${messageOf(error)}`;
  }
}
