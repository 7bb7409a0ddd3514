import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { beginHistory } from "../journal/position.ts";
import { originsIn } from "../journal/segments.ts";
import { parityOf } from "../parity/parity.ts";
import { migrations } from "../schema/migrations.ts";
import { openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import { databaseFile } from "../store.ts";
import { type BackedUpStore, backedUpStore } from "./backup.fixture.ts";
import { findBackup } from "./catalogue.ts";

let subject: BackedUpStore;

beforeEach(() => {
  subject = backedUpStore({ journal: true });
});
afterEach(() => subject.remove());

/** The disk takes the database with all that SQLite keeps beside it. */
function loseDatabase(): void {
  subject.close();
  for (const part of ["", "-wal", "-shm"]) {
    rmSync(join(subject.dataDir, `${databaseFile}${part}`), { force: true });
  }
}

test("all that was acknowledged comes back of a backup and the journal", async () => {
  subject.write("one");
  await subject.backUp();
  subject.write("two");
  subject.write("three");
  loseDatabase();
  const report = await subject.restore();
  expect(report).toMatchObject({ journal: { changes: 2, seq: 3, end: "end" }, aside: null });
  expect(subject.runs()).toEqual(["one", "three", "two"]);
});

test("the journal of a new store is enough without any backup", async () => {
  for (const name of ["one", "two"]) subject.write(name);
  loseDatabase();
  expect(await subject.restore()).toMatchObject({ backup: null, journal: { changes: 2 } });
  expect(subject.runs()).toEqual(["one", "two"]);
});

test("a restored store goes on in a history of its own, which is restored again", async () => {
  subject.write("one");
  await subject.backUp();
  subject.write("two");
  subject.write("never");
  await subject.restore({ target: { seq: 2 } });
  subject.write("three");
  expect(originsIn(join(subject.dataDir, "journal"))[0]).toMatchObject({ seq: 2, empty: false });
  loseDatabase();
  expect(await subject.restore()).toMatchObject({ journal: { changes: 2, seq: 3 } });
  expect(subject.runs()).toEqual(["one", "three", "two"]);
  expect(subject.troubles).toEqual([]);
});

describe("a moment in the past", () => {
  beforeEach(async () => {
    for (const name of ["one", "two"]) {
      subject.clock.advance(60_000);
      subject.write(name);
    }
    await subject.backUp();
    subject.clock.advance(60_000);
    subject.write("three");
  });

  test.each([
    ["after a backup, by its number", () => ({ seq: 3 }), ["one", "three", "two"]],
    ["before every backup, by its number", () => ({ seq: 1 }), ["one"]],
    [
      "between two changes, by the time",
      () => ({ at: subject.clock.now() - 30_000 }),
      ["one", "two"],
    ],
    ["of a change, by the time", () => ({ at: subject.clock.now() }), ["one", "three", "two"]],
    ["before the first change", () => ({ seq: 0 }), []],
  ])("%s", async (_what, target, runs) => {
    await subject.restore({ target: target() });
    expect(subject.runs()).toEqual(runs);
  });

  test("that is not kept is refused with how far what is kept goes", async () => {
    await expect(subject.restore({ target: { seq: 9 } })).rejects.toMatchObject({
      code: "store.journal_gap",
      details: { seq: 3 },
    });
    await expect(subject.restore({ target: { at: 5 }, backups: [] })).resolves.toMatchObject({
      journal: { changes: 0 },
    });
  });

  test("is reached from the backup that is named", async () => {
    const [backup] = [findBackup(subject.backups, "20", "/")];
    expect(await subject.restore({ backup })).toMatchObject({ journal: null });
    expect(subject.runs()).toEqual(["one", "two"]);
    await subject.restore({ backup, target: { seq: 3 } });
    expect(subject.runs()).toEqual(["one", "three", "two"]);
  });
});

test("a damaged backup is passed over where an older one and the journal lead there too", async () => {
  subject.write("one");
  await subject.backUp();
  subject.write("two");
  const { path } = await subject.backUp();
  subject.write("three");
  truncateSync(join(path, "store.db.zst"), 50);
  expect(await subject.restore()).toMatchObject({
    passedOver: [{ path }],
    journal: { changes: 2, seq: 3 },
  });
  expect(subject.runs()).toEqual(["one", "three", "two"]);
});

test("a journal with a damaged line gives what was before it, and says so", async () => {
  subject.write("one");
  await subject.backUp();
  for (const name of ["two", "three", "four"]) subject.write(name);
  subject.close();
  const [origin] = originsIn(join(subject.dataDir, "journal"));
  const folder = join(subject.dataDir, "journal", origin?.history ?? "");
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith(".jsonl")) ?? "");
  writeFileSync(file, readFileSync(file, "utf8").replace('"seq":3', '"seq":8'));
  // Its parity would put that right.
  rmSync(parityOf(file));
  expect(await subject.restore()).toMatchObject({ journal: { seq: 2, end: "gap" } });
  expect(subject.runs()).toEqual(["one", "two"]);
});

test("a change that does not fit the rows that are there is refused", async () => {
  subject.write("one");
  await subject.backUp();
  subject.write("two");
  subject.close();
  const native = new DatabaseSync(join(subject.dataDir, databaseFile));
  // A backup of rows that the history has not come to yet.
  native.exec("UPDATE sqlite_sequence SET seq = 1 WHERE name LIKE 'journal:%'");
  native.close();
  await subject.backUp();
  await expect(subject.restore()).rejects.toMatchObject({ code: "store.journal_mismatch" });
});

test("the journal leads over an upgrade: the steps come between its changes", async () => {
  subject.write("one");
  subject.close();
  const file = join(subject.dataDir, databaseFile);
  const [origin] = originsIn(join(subject.dataDir, "journal"));
  // The store as it was before the last step of the schema, with the journal that it had then.
  rmSync(file);
  const older = openDatabase({ path: file });
  migrate(older, subject.clock, migrations.slice(0, 2));
  older.transaction((sql) => beginHistory(sql, { history: origin?.history ?? "", seq: 0 }));
  older.close();
  await subject.backUp();
  await expect(subject.restore()).rejects.toMatchObject({ code: "store.backup_older" });
  expect(await subject.restore({ mayUpgrade: true })).toMatchObject({ journal: { changes: 1 } });
  expect(subject.runs()).toEqual(["one"]);
});
