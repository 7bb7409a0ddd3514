import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { benchFolder, copyStore, faultsOf, removeFolder } from "./store-bench.ts";
import { checkStore } from "./store-check.ts";
import { type StoreChild, startChild } from "./store-child.ts";
import type { WriterOrder } from "./store-orders.ts";
import type { HeavySuite } from "./suite.ts";

const writers = 16;
const smallKiB = 2048;
/** What a refused write is told, whatever is short. */
const expected = "store.full";
/** A refusal of just before there was room may be looked into just after, when no limit is in the way. */
const atRelief = "store.io";

interface Result {
  readonly line: string;
  readonly faults: readonly string[];
}

/** How the room gets short, and how there is room again. */
interface Shortage {
  readonly name: string;
  begin(folder: string): void;
  /** What its child is started with. */
  readonly maxFileKiB?: number;
  relieve(folder: string, child: StoreChild): void;
  end(folder: string): void;
}

function run(command: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync(command, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${words.join(" ")}: ${stderr}`);
}

const shortages: readonly Shortage[] = [
  {
    name: `a disk of ${smallKiB} KiB`,
    begin: (folder) => run("mount", "-t", "tmpfs", "-o", `size=${smallKiB}k`, "tmpfs", folder),
    relieve: (folder) => run("mount", "-o", `remount,size=${smallKiB * 16}k`, folder),
    end: (folder) => run("umount", folder),
  },
  {
    name: `files of at most ${smallKiB} KiB`,
    begin: () => undefined,
    maxFileKiB: smallKiB,
    relieve: (_, { process: { pid } }) =>
      run("prlimit", `--pid=${pid}`, `--fsize=${smallKiB * 16 * 1024}:`),
    end: () => undefined,
  },
];

async function round(folder: string, number: number, shortage: Shortage): Promise<Result> {
  const disk = join(folder, `disk-${number}`);
  mkdirSync(disk);
  shortage.begin(disk);
  try {
    const dataDir = join(disk, "data");
    const order: WriterOrder = {
      dataDir,
      name: `r${number}`,
      writers,
      inDoubt: [],
      tolerates: [expected, atRelief],
      watches: true,
    };
    const printsTo = join(folder, `printed-${number}.txt`);
    const child = startChild("store-writer", order, printsTo, shortage);
    await child.said("writes");
    const paces = () => child.notes.filter(({ note }) => note === "pace");
    const until = performance.now() + 60_000;
    const faults: string[] = [];
    // Full is where a whole stretch of time brought refusals only.
    while (!paces().some((pace) => Number(pace["refused"]) > 0 && pace["written"] === 0)) {
      if (performance.now() > until) throw new Error("The room does not get short.");
      if (child.notes.some(({ note }) => note === "failed")) break;
      await systemClock.sleep(20);
    }
    const full = paces().at(-1);
    const kept = child.printed().length;
    if (Number(full?.["reads"]) === 0) faults.push("nothing was read while there was no room");
    shortage.relieve(disk, child);
    const from = performance.now();
    while (child.printed().length === kept && performance.now() - from < 10_000) {
      await systemClock.sleep(5);
    }
    const backMs = performance.now() - from;
    if (child.printed().length === kept) faults.push("it does not go on when there is room again");
    await systemClock.sleep(500);
    child.process.kill("SIGKILL");
    await child.ended;
    const acknowledged = new Set(child.printed());
    const check = checkStore(copyStore(dataDir, join(folder, "copy")), acknowledged);
    const failure = child.notes.find(({ note }) => note === "failed");
    if (failure !== undefined) faults.push(JSON.stringify(failure));
    if (child.complaints() !== "") faults.push(child.complaints());
    const codes = JSON.stringify(full?.["codes"]);
    if (codes !== JSON.stringify([expected])) faults.push(`refused with ${codes}`);
    return {
      line: `${shortage.name}: ${kept} acknowledged until there was no room, refused with ${codes}, ${String(full?.["reads"])} reads meanwhile; ${backMs.toFixed(0)} ms after there was room the next was kept, ${acknowledged.size} in all, ${check.unacknowledged.length} kept without an acknowledgement, ${check.lost.length} lost`,
      faults: [...faults, ...faultsOf(check)],
    };
  } finally {
    shortage.end(disk);
  }
}

export const storeIo: HeavySuite = {
  about: "takes a writing process the room on its disk and gives it back",
  defaultRounds: 10,
  run: async (rounds, say) => {
    const folder = benchFolder("store-io");
    let failed = 0;
    for (let number = 1; number <= rounds; number += 1) {
      const shortage = shortages[(number - 1) % shortages.length];
      if (shortage === undefined) throw new TypeError("There is no such shortage.");
      const { line, faults } = await round(folder, number, shortage);
      if (faults.length > 0) failed += 1;
      say(`${faults.length === 0 ? "ok    " : "FAILED"} ${line}`);
      for (const fault of faults) say(`         ${fault.slice(0, 500)}`);
    }
    removeFolder(folder);
    return { passed: rounds - failed, failed };
  },
};
