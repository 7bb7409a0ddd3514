import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../sqlite/database.ts";
import { swapPlanOf } from "../sqlite/swap.ts";
import { takeLock, useLockOf } from "../sqlite/use-lock.ts";
import { databaseFile } from "../store.ts";
import { currentSchemaVersion, storeVersion } from "../upgrade.ts";
import { type BackedUpStore, backedUpStore, filesOf, keepContent } from "./backup.fixture.ts";
import { findBackup } from "./catalogue.ts";
import { manifestText, readManifest } from "./manifest.ts";
import { pack } from "../pack.ts";

let subject: BackedUpStore;
let file = "";

beforeEach(() => {
  subject = backedUpStore();
  file = join(subject.dataDir, databaseFile);
  subject.write("one");
});
afterEach(() => subject.remove());

test("a restore brings back what was backed up, and keeps what it replaced", async () => {
  await subject.backUp();
  subject.write("two");
  subject.close();
  const before = filesOf(subject.dataDir);
  const report = await subject.restore();
  expect(report).toMatchObject({ rows: { runs: 1 }, dryRun: false });
  expect(subject.runs()).toEqual(["one"]);
  expect(filesOf(report.aside ?? "")).toEqual({ [databaseFile]: before[databaseFile] });
  expect(readdirSync(subject.dataDir).filter((name) => name.includes("partial"))).toEqual([]);
});

test("all three files of a store that a killed process left are kept together", async () => {
  await subject.backUp();
  subject.write("only in the write-ahead log");
  const left = join(subject.dataDir, "left");
  mkdirSync(left);
  for (const part of ["", "-wal", "-shm"]) cpSync(`${file}${part}`, join(left, `x${part}`));
  subject.close();
  for (const part of ["", "-wal", "-shm"]) cpSync(join(left, `x${part}`), `${file}${part}`);
  const { aside } = await subject.restore();
  expect(readdirSync(aside ?? "").sort()).toEqual([
    databaseFile,
    `${databaseFile}-shm`,
    `${databaseFile}-wal`,
  ]);
  // A write-ahead log that stayed behind would have been read into the restored store.
  expect(subject.runs()).toEqual(["one"]);
  const kept = new DatabaseSync(join(aside ?? "", databaseFile));
  expect(kept.prepare("SELECT count(*) AS runs FROM runs").get()).toEqual({ runs: 2 });
  kept.close();
});

test("a store whose file is gone or no database is restored all the same", async () => {
  await subject.backUp();
  subject.close();
  rmSync(file);
  expect(await subject.restore()).toMatchObject({ aside: null, rows: { runs: 1 } });
  writeFileSync(file, "the disk has put something else here");
  expect(await subject.restore()).toMatchObject({ rows: { runs: 1 } });
});

test("files beside the store come back where they are missing or damaged", async () => {
  const damaged = keepContent(subject.dataDir, "first content");
  const missing = keepContent(subject.dataDir, "second content");
  const fine = keepContent(subject.dataDir, "third content");
  await subject.backUp();
  writeFileSync(damaged, "something else");
  rmSync(missing);
  expect(await subject.restore()).toMatchObject({ files: 2 });
  expect([damaged, missing, fine].map((path) => readFileSync(path, "utf8"))).toEqual([
    "first content",
    "second content",
    "third content",
  ]);
});

test("a dry run restores everything but puts nothing in place", async () => {
  await subject.backUp();
  subject.write("two");
  expect(await subject.restore({ dryRun: true })).toMatchObject({ dryRun: true, aside: null });
  expect(subject.runs()).toEqual(["one", "two"]);
});

describe("a store in use", () => {
  test("is not restored, and --wait waits for it", async () => {
    await subject.backUp();
    subject.write("two");
    const other = subject.reopen();
    await expect(subject.restore()).rejects.toMatchObject({ code: "store.in_use" });
    expect(subject.runs()).toEqual(["one", "two"]);
    let told = 0;
    const onWaiting = () => {
      told += 1;
      other.close();
    };
    await subject.restore({ onWaiting });
    expect(told).toBe(1);
    expect(subject.runs()).toEqual(["one"]);
  });

  test("cannot be opened while a restore is at it", () => {
    subject.close();
    const lock = takeLock(useLockOf(file), "alone", 0);
    expect(() => openDatabase({ path: file, busyTimeoutMs: 10 })).toThrow(
      expect.objectContaining({ code: "store.restoring", retryable: true }),
    );
    lock?.release();
    openDatabase({ path: file }).close();
  });
});

describe("a restore that was killed", () => {
  /** The state after the first of the renames. */
  function killedHalfWay(): void {
    subject.close();
    const fresh = join(subject.dataDir, "restore-x.partial");
    mkdirSync(fresh);
    renameSync(file, join(fresh, databaseFile));
    const plan = { from: "restore-x.partial", aside: "replaced/x" };
    writeFileSync(swapPlanOf(file), JSON.stringify(plan));
  }

  test("is finished by whoever opens the store next", () => {
    killedHalfWay();
    expect(storeVersion(subject.dataDir)).toBe(currentSchemaVersion);
    expect(subject.runs()).toEqual(["one"]);
    expect(readdirSync(subject.dataDir).filter((name) => name.startsWith("restore-"))).toEqual([]);
    expect(existsSync(swapPlanOf(file))).toBe(false);
  });

  test("is finished by the next restore, so that the files of a store stay together", async () => {
    await subject.backUp();
    killedHalfWay();
    writeFileSync(`${file}-wal`, "of the store that was there");
    await subject.restore();
    expect(readdirSync(join(subject.dataDir, "replaced", "x"))).toEqual([`${databaseFile}-wal`]);
    expect(subject.runs()).toEqual(["one"]);
  });

  test("with a plan that was altered leaves everything as it is", () => {
    killedHalfWay();
    writeFileSync(swapPlanOf(file), "{");
    expect(() => subject.reopen()).toThrow(expect.objectContaining({ code: "store.restore_plan" }));
    expect(existsSync(swapPlanOf(file))).toBe(true);
  });
});

test("a restore that fails at the last step is finished once what was in its way is gone", async () => {
  await subject.backUp();
  subject.write("two");
  const obstacle = join(subject.dataDir, "replaced");
  writeFileSync(obstacle, "a file in the folder's place");
  await expect(subject.restore()).rejects.toMatchObject({ code: "store.backup_folder" });
  rmSync(obstacle);
  expect(subject.runs()).toEqual(["one"]);
  expect(readdirSync(obstacle)).toHaveLength(1);
});

describe("a backup is refused before the store is touched", () => {
  /** Replaces the database of a backup by another one, and its manifest by one that fits. */
  async function repack(path: string, change: (native: DatabaseSync) => void): Promise<void> {
    const plain = join(subject.dataDir, "plain.db");
    const source = new DatabaseSync(file);
    source.prepare("VACUUM INTO ?").run(plain);
    source.close();
    const native = new DatabaseSync(plain);
    change(native);
    native.close();
    const manifest = readManifest(path);
    const packed = join(path, manifest.database.name);
    rmSync(packed);
    const database = { ...manifest.database, ...(await pack(plain, packed)) };
    rmSync(plain);
    writeFileSync(join(path, "manifest.json"), manifestText({ ...manifest, database }));
  }

  const at = (path: string, name = "store.db.zst"): string => join(path, name);
  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  };

  test.each<[string, string, (path: string) => unknown]>([
    ["cut off", "backup_damaged", (path) => truncateSync(at(path), 100)],
    ["altered by one bit", "backup_damaged", (path) => flip(at(path))],
    ["without its database", "backup_damaged", (path) => rmSync(at(path))],
    ["without its manifest", "not_a_backup", (path) => rmSync(at(path, "manifest.json"))],
    ["with an altered manifest", "backup_damaged", (path) => flip(at(path, "manifest.json"))],
    [
      "a file",
      "not_a_backup",
      (path) => (rmSync(path, { recursive: true }), writeFileSync(path, "")),
    ],
    [
      "another program's",
      "not_a_store",
      (path) => repack(path, (db) => db.exec("PRAGMA application_id = 7")),
    ],
    [
      "with other rows",
      "backup_damaged",
      (path) => repack(path, (db) => db.exec("DELETE FROM runs")),
    ],
    [
      "of a later schema",
      "backup_newer",
      (path) => {
        const manifest = readManifest(path);
        writeFileSync(at(path, "manifest.json"), manifestText({ ...manifest, schema: 99 }));
      },
    ],
    [
      "of an earlier schema",
      "backup_older",
      (path) => {
        const manifest = readManifest(path);
        writeFileSync(at(path, "manifest.json"), manifestText({ ...manifest, schema: 1 }));
      },
    ],
    [
      "without one of its files",
      "backup_damaged",
      () => rmSync(join(subject.backups, "contents"), { recursive: true }),
    ],
    [
      "swapped for another one's",
      "backup_damaged",
      async (path) => {
        subject.write("later");
        const other = await subject.backUp();
        copyFileSync(at(other.path), at(path));
      },
    ],
  ])("one that is %s", async (_what, code, change) => {
    keepContent(subject.dataDir, "kept");
    const { path, id } = await subject.backUp();
    await change(path);
    subject.write("since");
    subject.close();
    const before = filesOf(subject.dataDir);
    const refusal = subject.restore({ backup: findBackup(subject.backups, path, "/") });
    await expect(refusal).rejects.toMatchObject({ code: `store.${code}` });
    expect(filesOf(subject.dataDir)).toEqual(before);
    expect(id).toMatch(/manual$/);
  });
});
