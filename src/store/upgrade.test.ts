import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { bookkeeping, checksumOf, migrations } from "./schema/migrations.ts";
import { applicationId } from "./sqlite/database.ts";
import { type BackupEntry, listBackups } from "./backup/catalogue.ts";
import { unpackChecked } from "./backup/check.ts";
import { takeBackup } from "./backup/take.ts";
import { checkSnapshot, takeSnapshot } from "./sqlite/snapshot.ts";
import { takeLock } from "./sqlite/use-lock.ts";
import { databaseFile } from "./store.ts";
import {
  currentSchemaVersion,
  type KeptBackup,
  storeVersion,
  type Snapshot,
  upgradeStore,
} from "./upgrade.ts";

let dataDir = "";
const clock = manualClock();
const snapshot: Snapshot = async (source, target) => takeSnapshot(source, target);
const backUp = async (): Promise<KeptBackup> => {
  const order = {
    dataDir,
    folder: join(dataDir, "backups"),
    kind: "upgrade",
    engine: "0",
  } as const;
  const { id, path, manifest } = await takeBackup({ ...order, at: clock.now() });
  const { bytes, sha256 } = manifest.database;
  return { id, path, bytes, sha256, schemaVersion: manifest.schema, rows: manifest.rows };
};
const listed = () => listBackups(join(dataDir, "backups"));
const backups = (): readonly string[] => {
  const folder = join(dataDir, "backups");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .filter((name) => name !== "lock" && name !== "contents")
    .map((name) => join(folder, name));
};

/** What a backup's database is once it was read from end to end. */
async function databaseOf(entry: BackupEntry | undefined) {
  if (entry?.manifest === undefined) throw new TypeError("There is no whole backup.");
  const { path, manifest } = entry;
  const into = mkdtempSync(join(tmpdir(), "agent33-upgrade-test-unpacked-"));
  try {
    return checkSnapshot(await unpackChecked({ path, manifest, into, look: "every page" }));
  } finally {
    rmSync(into, { recursive: true });
  }
}

/** A store as the first version left it, with one run. */
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agent33-upgrade-test-"));
  const native = new DatabaseSync(join(dataDir, databaseFile));
  const [first] = migrations;
  if (first === undefined) throw new TypeError("There is no first schema.");
  native.exec(`${bookkeeping}${first.text}
    INSERT INTO migrations VALUES (1, '${first.name}', '${checksumOf(first)}', 1);
    PRAGMA user_version = 1; PRAGMA application_id = ${applicationId};
    INSERT INTO runs VALUES (1, 'r', 't', 'task', 'a', 'm', 'low', 'running', NULL, NULL, 1, NULL, 0, 0, '{}')`);
  native.close();
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test("brings an old store up to date after a backup of it as it was", async () => {
  const report = await upgradeStore({ dataDir, clock, snapshot, backUp });
  expect(report).toMatchObject({ from: 1, to: currentSchemaVersion, dryRun: false });
  expect(report.rows["runs"]).toBe(1);
  expect(storeVersion(dataDir)).toBe(currentSchemaVersion);
  expect(backups()).toEqual([report.backup?.path]);
  const [backup] = listed();
  expect(backup).toMatchObject({ id: report.backup?.id, manifest: { schema: 1, kind: "upgrade" } });
  expect(await databaseOf(backup)).toMatchObject({ schemaVersion: 1, rows: { runs: 1 } });
  const again = await upgradeStore({ dataDir, clock, snapshot, backUp });
  expect(again).toMatchObject({ from: currentSchemaVersion, backup: null, steps: [] });
  expect(backups()).toHaveLength(1);
});

test("tries an upgrade on a copy and leaves the store as it is", async () => {
  const report = await upgradeStore({ dataDir, clock, snapshot, backUp, dryRun: true });
  expect(report).toMatchObject({ from: 1, to: currentSchemaVersion, backup: null });
  expect(report.rows["signals"]).toBe(0);
  expect(storeVersion(dataDir)).toBe(1);
  expect(backups()).toEqual([]);
});

test("keeps no backup of the new schema under the old one's name when another process was faster", async () => {
  let other = 0;
  const late = async (): Promise<KeptBackup> => {
    other += 1;
    clock.advance(1000);
    if (other === 1) await upgradeStore({ dataDir, clock, snapshot, backUp });
    clock.advance(1000);
    return backUp();
  };
  const report = await upgradeStore({ dataDir, clock, snapshot, backUp: late });
  expect(report).toMatchObject({ from: currentSchemaVersion, backup: null });
  expect(backups()).toHaveLength(1);
  expect(await databaseOf(listed()[0])).toMatchObject({ schemaVersion: 1 });
});

test("leaves the store and no file behind when the backup cannot be taken", async () => {
  const folder = join(dataDir, "backups");
  mkdirSync(folder);
  const other = takeLock(join(folder, "lock"), "alone", 0);
  await expect(upgradeStore({ dataDir, clock, snapshot, backUp })).rejects.toMatchObject({
    code: "store.backup_running",
  });
  other?.release();
  expect(storeVersion(dataDir)).toBe(1);
  expect(backups()).toEqual([]);
});

/** An older program works on the run, or worked on it when it was killed. */
function claim(leaseMs: number): void {
  const native = new DatabaseSync(join(dataDir, databaseFile));
  native
    .prepare(
      `INSERT INTO durable_runs (run_id, workflow, version, input, state, owner, lease_until, created_at, updated_at)
       VALUES ('r', 'w', 1, '{}', 'running', 'host:1:a', ?, 1, 1)`,
    )
    .run(clock.now() + leaseMs);
  native.close();
}

test("leaves a store alone in which an older program works on a run, and makes no backup", async () => {
  claim(1000);
  const refused = upgradeStore({ dataDir, clock, snapshot, backUp });
  await expect(refused).rejects.toMatchObject({
    code: "store.in_use",
    retryable: true,
    details: { runs: ["r"], leaseLeftMs: 1000 },
    hint: expect.stringContaining("End that program"),
  });
  expect(storeVersion(dataDir)).toBe(1);
  expect(backups()).toEqual([]);
  expect(await upgradeStore({ dataDir, clock, snapshot, backUp, dryRun: true })).toMatchObject({
    from: 1,
  });
  clock.advance(1000);
  expect(await upgradeStore({ dataDir, clock, snapshot, backUp })).toMatchObject({
    from: 1,
    dryRun: false,
  });
  expect(storeVersion(dataDir)).toBe(currentSchemaVersion);
});

test("does not wait for a program that is known to have ended", async () => {
  claim(1000);
  const gone = (owner: string): boolean => owner === "host:1:a";
  await upgradeStore({ dataDir, clock, snapshot, backUp, ownerGone: gone });
  expect(storeVersion(dataDir)).toBe(currentSchemaVersion);
});

test("notices an older program that took a run up while the backup was being made", async () => {
  const during = async (): Promise<KeptBackup> => {
    const backup = await backUp();
    claim(1000);
    return backup;
  };
  await expect(upgradeStore({ dataDir, clock, snapshot, backUp: during })).rejects.toMatchObject({
    code: "store.in_use",
  });
  expect(storeVersion(dataDir)).toBe(1);
  expect(backups()).toEqual([]);
});
