import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { sha256 } from "../../../src/base/digest.ts";
import { messageOf } from "../../../src/base/errors.ts";
import type { Random } from "../../../src/base/random.ts";
import { listBackups } from "../../../src/store/backup/catalogue.ts";
import { unpackChecked } from "../../../src/store/backup/check.ts";
import { takeSnapshot } from "../../../src/store/sqlite/snapshot.ts";
import { databaseFile } from "../../../src/store/store.ts";
import { currentSchemaVersion, upgradeStore } from "../../../src/store/upgrade.ts";
import { readBefore } from "../../support/disk/image.ts";
import { watchedEnvironment } from "../../support/disk/library.ts";
import { backupsOf, faultsOf, removeFolder } from "../store-bench.ts";
import { checkStore } from "../store-check.ts";
import { startChild } from "../store-child.ts";
import type { KeeperOrder, UpgradeOrder, WriterOrder } from "../store-orders.ts";
import { backUpAlone } from "../store-upgrade-alone.ts";
import { look } from "../store-upgrade-rounds.ts";
import { contentsOf, makeVersionOne } from "../store-version-one.ts";
import { checkAfterCut } from "./check.ts";
import type { CutState } from "./cuts.ts";
import type { Story } from "./story.ts";

/** A story of one who looks after a store, and what must hold after a cut at any moment of it. */
export interface KeeperStory {
  readonly story: Story;
  check(state: CutState): Promise<readonly string[]>;
}

interface Stage {
  readonly library: string;
  /** A new folder. */
  readonly folder: string;
  readonly random: Random;
}

const dataDir = "home/data";

/** A store with writes that were acknowledged, which nobody has open. */
async function written(folder: string, name: string, least: number): Promise<readonly string[]> {
  const order: WriterOrder = {
    dataDir: join(folder, "disk", dataDir),
    name,
    writers: 4,
    inDoubt: [],
    journal: true,
  };
  const child = startChild("store-writer", order, join(folder, "printed"));
  await child.said("writes");
  const enough = child.printed().length + least;
  while (child.printed().length < enough) await systemClock.sleep(5);
  child.tell("rest");
  await child.said("rests");
  child.tell("close");
  await child.said("closed");
  child.process.kill("SIGKILL");
  await child.ended;
  return child.printed();
}

async function run(
  program: "store-keeper" | "store-upgrader",
  order: KeeperOrder | UpgradeOrder,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const child = startChild(program, order, join(folder, "kept"), { environment });
  await child.ended;
  const failures = child.notes.filter(({ note }) => note === "failed");
  return [...failures.map((one) => JSON.stringify(one)), child.complaints()].filter(
    (line) => line !== "",
  );
}

/** Begins to write down what is done to a disk, and ends with what it has become. */
async function traced(
  { library, folder }: Stage,
  acts: readonly (readonly ["store-keeper" | "store-upgrader", KeeperOrder | UpgradeOrder])[],
): Promise<Story> {
  const disk = join(folder, "disk");
  const trace = join(folder, "trace");
  const before = readBefore(disk);
  const environment = watchedEnvironment({ library, folder: disk, trace });
  const faults: string[] = [];
  for (const [program, order] of acts) {
    faults.push(...(await run(program, order, folder, environment)));
  }
  return { before, disk, trace, dataDir, faults };
}

/** Two backups, one after the other: each that has its name is whole, and the store is as it was. */
export async function backupStory(stage: Stage): Promise<KeeperStory> {
  const { folder, random } = stage;
  const acknowledged = new Set(await written(folder, "a", 100));
  const at = join(folder, "disk", dataDir);
  for (let number = 0; number < 5; number += 1) keep(at, `content ${random.next()}`.repeat(99));
  const order = { act: "backup", dataDir: at } as const;
  const story = await traced(stage, [
    ["store-keeper", order],
    ["store-keeper", order],
  ]);
  return {
    story,
    check: async ({ folder: cut, said }) => {
      const faults: string[] = [];
      const found = listBackups(join(cut, dataDir, "backups"));
      const missing = [...said].filter((line) => !found.some(({ id }) => line === `done ${id}`));
      faults.push(...missing.map((line) => `gone: the backup of "${line}"`));
      for (const { id, path, manifest, fault } of found) {
        const into = mkdtempSync(join(tmpdir(), "agent33-unpacked-"));
        try {
          if (manifest === undefined) throw fault ?? new TypeError();
          const plain = await unpackChecked({ path, manifest, into, look: "every page" });
          faults.push(...faultsOf(checkStore(plain, acknowledged)));
        } catch (error) {
          faults.push(`backup ${id}: ${messageOf(error)}`);
        } finally {
          removeFolder(into);
        }
      }
      const store = await checkAfterCut(join(cut, dataDir), acknowledged);
      return [...faults, ...store.faults];
    },
  };
}

/** A content of a workspace, as it is kept beside the store. */
function keep(at: string, text: string): void {
  const digest = sha256(text);
  const path = join(at, "kept", digest.slice(0, 2), digest);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flush: true });
}

/**
 * A restore of a backup and all that the journal has since: the store is the old one or the new one,
 * both with all that was acknowledged, and the old one is kept in any case.
 */
export async function restoreStory(stage: Stage): Promise<KeeperStory> {
  const { folder } = stage;
  const at = join(folder, "disk", dataDir);
  await written(folder, "a", 60);
  const faults = await run("store-keeper", { act: "backup", dataDir: at }, folder);
  const acknowledged = new Set(await written(folder, "b", 60));
  const story = await traced(stage, [["store-keeper", { act: "restore", dataDir: at }]]);
  return {
    story: { ...story, faults: [...faults, ...story.faults] },
    check: async ({ folder: cut, said }) => {
      const { faults } = await checkAfterCut(join(cut, dataDir), acknowledged);
      const found = [...faults];
      const aside = foldersIn(join(cut, dataDir, "replaced"));
      if (said.size > 0 && aside.length === 0) found.push("the store before is not kept");
      for (const path of aside) {
        found.push(...faultsOf(checkStore(join(path, databaseFile), acknowledged)));
      }
      return found;
    },
  };
}

function foldersIn(path: string): readonly string[] {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
}

/** An upgrade of a store of version 1: it is at that or at the newest, and can be brought there. */
export async function upgradeStory(stage: Stage): Promise<KeeperStory> {
  const { folder } = stage;
  const at = join(folder, "disk", dataDir);
  const native = makeVersionOne(at);
  const contents = contentsOf(native);
  native.close();
  const story = await traced(stage, [["store-upgrader", { dataDir: at, alone: true }]]);
  return {
    story,
    check: async ({ folder: cut, said }) => {
      const faults: string[] = [];
      const { version } = look(join(cut, dataDir), contents, faults);
      if (said.size > 0 && version !== currentSchemaVersion) faults.push("it is not up to date");
      const again = {
        dataDir: join(cut, dataDir),
        clock: systemClock,
        snapshot: async (source: string, target: string) => takeSnapshot(source, target),
        backUp: () => backUpAlone(join(cut, dataDir)),
      };
      await upgradeStore(again);
      if (backupsOf(join(cut, dataDir)).length === 0) faults.push("no backup is there");
      const end = look(join(cut, dataDir), contents, faults);
      if (end.version !== currentSchemaVersion) faults.push(`still version ${end.version}`);
      return faults;
    },
  };
}
