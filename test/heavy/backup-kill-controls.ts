import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../src/base/errors.ts";
import { databaseFile } from "../../src/store/store.ts";
import { destroy, keeperDone, kill, note, opens, startWriter, type Subject } from "./kept-store.ts";
import { copyStore, faultsOf, waitMs } from "./store-bench.ts";
import { checkStore } from "./store-check.ts";
import { startChild } from "./store-child.ts";
import type { Control } from "./store-kill-controls.ts";
import type { KeeperOrder } from "./store-orders.ts";

/** Shows that the suite can fail: keepers that do it wrong, and what the checks say of them. */
export async function keeperControls(folder: string): Promise<readonly Control[]> {
  const after = async (name: string, act: KeeperOrder["act"]): Promise<boolean> =>
    (await faultsAfter(join(folder, `control-${name}`), act)).length > 0;
  return [
    { name: "a real restore leaves nothing to see", seen: !(await after("sound", "restore")) },
    {
      name: "seen: a restore that leaves the journal out",
      seen: await after("journal", "restore-without-journal"),
    },
    {
      name: "seen: a restore that writes into the store's place, killed half-way",
      seen: await after("place", "restore-in-place"),
    },
    {
      name: "seen: a copy that lacks a row",
      seen: await seesShortCopy(join(folder, "control-copy")),
    },
  ];
}

/** A store that was backed up, written to, and lost its database; and then what is wrong with it. */
async function faultsAfter(dataDir: string, act: KeeperOrder["act"]): Promise<readonly string[]> {
  const subject = await writtenStore(dataDir, "before");
  const printsTo = `${dataDir}-keeper.txt`;
  const failed = await keeperDone({ act: "backup", dataDir }, printsTo);
  if (failed.length > 0) return failed;
  await writeSome(subject, "since");
  destroy(dataDir);
  const keeper = startChild("store-keeper", { act, dataDir }, printsTo);
  await (act === "restore-in-place" ? keeper.said("half") : keeper.ended);
  await kill(keeper);
  const closed = opens(dataDir);
  return closed === undefined ? faultsIn(dataDir, subject) : [closed];
}

async function seesShortCopy(dataDir: string): Promise<boolean> {
  const subject = await writtenStore(dataDir, "all");
  const to = `${dataDir}-to`;
  const failed = await keeperDone({ act: "copy", dataDir, to }, `${dataDir}-keeper.txt`);
  if (failed.length > 0 || faultsIn(to, subject).length > 0) return false;
  const native = new DatabaseSync(join(to, databaseFile));
  native.exec("DELETE FROM signal_keys WHERE key = (SELECT min(key) FROM signal_keys)");
  native.close();
  return faultsIn(to, subject).length > 0;
}

async function writtenStore(dataDir: string, name: string): Promise<Subject> {
  const subject = { dataDir, acknowledged: new Set<string>() };
  mkdirSync(dataDir, { recursive: true });
  await writeSome(subject, name);
  return subject;
}

async function writeSome(subject: Subject, name: string): Promise<void> {
  const writer = await startWriter(subject, name);
  while (writer.printed().length < 40) await waitMs(20);
  await kill(writer);
  note(subject, writer);
}

function faultsIn(dataDir: string, { acknowledged }: Subject): readonly string[] {
  try {
    return faultsOf(checkStore(copyStore(dataDir, `${dataDir}-looked-at`), acknowledged));
  } catch (error) {
    return [`cannot be read: ${messageOf(error)}`];
  }
}
