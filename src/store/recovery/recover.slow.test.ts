import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import { type BackedUpStore, backedUpStore } from "../backup/backup.fixture.ts";
import { listBackups } from "../backup/catalogue.ts";
import { fullCheck } from "../check.ts";
import { lastHistories } from "../journal/histories.ts";
import { newRun } from "../store.fixture.ts";
import { databaseFile, openStore } from "../store.ts";
import { recoverDamaged, recoverStore } from "./recover.ts";
import { listRecoveries } from "./report.ts";

let temporary: BackedUpStore;
beforeEach(() => {
  temporary = backedUpStore({ journal: true });
});
afterEach(() => temporary.remove());

const path = (): string => join(temporary.dataDir, databaseFile);
const partsOf = ({ dataDir, clock, backups }: BackedUpStore) => ({
  dataDir,
  clock,
  ids: uuidv7Source(clock, seededRandom(clock.now())),
  backups: listBackups(backups),
});
const recover = (options: object = {}) => {
  temporary.clock.advance(1_000);
  return recoverStore({ ...partsOf(temporary), ...options });
};
const write = (...names: readonly string[]): void => {
  for (const name of names) {
    temporary.clock.advance(1_000);
    temporary.write(name);
  }
};
/** Writes over the whole file but for its first page. */
const spoil = (from = 4096): void => {
  const bytes = readFileSync(path());
  bytes.fill(0xaa, from);
  writeFileSync(path(), bytes);
};
const journalFiles = (): readonly string[] => {
  const folder = join(temporary.dataDir, "journal");
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith(".jsonl"));
};
/** Cuts the lines of the journal off behind one that has a word. */
const cutJournalAfter = (word: string): void => {
  for (const file of journalFiles()) {
    const text = readFileSync(file, "utf8");
    const at = text.indexOf(word);
    if (at !== -1) truncateSync(file, text.indexOf("\n", at) + 1);
  }
};

describe("with a backup and the journal whole", () => {
  test("all that was acknowledged comes back, and the damaged files are kept as they were", async () => {
    write("one", "two");
    await temporary.backUp();
    write("three");
    temporary.close();
    spoil();
    const before = readFileSync(path());
    const report = await recover();
    expect(report).toMatchObject({ lost: [], orphans: 0, journal: { changes: 1, end: "end" } });
    expect(report.sources["runs"]).toEqual({ backup: 2, journal: 1, file: 0 });
    expect(readFileSync(join(report.aside ?? "", databaseFile)).equals(before)).toBe(true);
    expect(temporary.runs()).toEqual(["one", "three", "two"]);
    expect(fullCheck(path())).toMatchObject({ sound: true });
    expect(listRecoveries(temporary.dataDir)).toEqual([report]);
  });

  test("one goes back to any moment before and after the recovery", async () => {
    write("one");
    await temporary.backUp();
    write("two", "three");
    temporary.close();
    spoil();
    const { history } = await recover();
    expect(history?.parent).toEqual(expect.any(String));
    const store = temporary.reopen();
    store.tenant("local").runs.create(newRun("four"));
    store.tenant("local").runs.create(newRun("five"));
    store.close();
    await temporary.restore({ target: { seq: 4 } });
    expect(temporary.runs()).toEqual(["four", "one", "three", "two"]);
    await temporary.restore({ target: { seq: 2 } });
    expect(temporary.runs()).toEqual(["one", "two"]);
  });

  test("a dry run says the same and changes nothing", async () => {
    write("one");
    await temporary.backUp();
    temporary.close();
    spoil();
    const before = readFileSync(path());
    const histories = lastHistories(join(temporary.dataDir, "journal"));
    expect(await recover({ dryRun: true })).toMatchObject({ aside: null, rows: { runs: 1 } });
    expect(readFileSync(path()).equals(before)).toBe(true);
    expect(lastHistories(join(temporary.dataDir, "journal"))).toEqual(histories);
    expect(listRecoveries(temporary.dataDir)).toEqual([]);
  });

  test("a file that is gone is rebuilt", async () => {
    write("one");
    await temporary.backUp();
    temporary.close();
    rmSync(path());
    expect(() => temporary.reopen()).toThrowError(
      expect.objectContaining({ code: "store.corrupt" }),
    );
    await recover();
    expect(temporary.runs()).toEqual(["one"]);
  });
});

describe("what only the damaged file has", () => {
  test("is added behind the journal's end, and is in the journal from then on", async () => {
    write("one");
    await temporary.backUp();
    write("two", "three", "four");
    temporary.close();
    cutJournalAfter("two");
    const report = await recover();
    expect(report).toMatchObject({ lost: [], journal: { changes: 1 } });
    expect(report.sources["runs"]).toEqual({ backup: 1, journal: 1, file: 2 });
    expect(temporary.runs()).toEqual(["four", "one", "three", "two"]);
    rmSync(path());
    await temporary.restore();
    expect(temporary.runs()).toEqual(["four", "one", "three", "two"]);
  });

  test("of a row that both have, the later version is taken", async () => {
    write("one", "two");
    await temporary.backUp();
    temporary.clock.advance(1_000);
    const end = { outcome: "completed", costMicroUsd: 1, unpricedCalls: 0 } as const;
    temporary.rows.runs.finish("one", end);
    temporary.clock.advance(1_000);
    temporary.rows.runs.finish("two", end);
    temporary.close();
    const [file = ""] = journalFiles();
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    writeFileSync(file, `\n${lines.slice(0, -1).join("\n\n")}\n`);
    await recover();
    const store = temporary.reopen();
    const { items } = store.tenant("local").runs.list();
    expect(items.map(({ state }) => state)).toEqual(["finished", "finished"]);
    store.close();
  });

  test("rows that were deleted do not come back", async () => {
    const { idempotency } = temporary.rows;
    idempotency.reserve("k-1", undefined, temporary.clock.now());
    await temporary.backUp();
    temporary.clock.advance(1_000);
    idempotency.release("k-1");
    write("one");
    temporary.close();
    // The deleted row still stands in the file's free space.
    expect(readFileSync(path()).includes("k-1")).toBe(true);
    await recover();
    const store = temporary.reopen();
    expect(store.tenant("local").idempotency.reserve("k-1", undefined, 0)).toBe("fresh");
    store.close();
  });
});

describe("where less is left", () => {
  test("a damaged backup is passed over for the one before it", async () => {
    write("one");
    await temporary.backUp();
    write("two");
    const { path: newest } = await temporary.backUp();
    write("three");
    temporary.close();
    const packed = join(newest, "store.db.zst");
    truncateSync(packed, 100);
    spoil();
    const report = await recover();
    expect(report.passedOver.map((one) => one.path)).toEqual([newest]);
    expect(report).toMatchObject({ lost: [], journal: { changes: 2 } });
    expect(temporary.runs()).toEqual(["one", "three", "two"]);
  });

  test("a backup of which some bytes were altered is put right", async () => {
    write("one");
    const { path: newest } = await temporary.backUp();
    temporary.close();
    rmSync(join(temporary.dataDir, "journal"), { recursive: true });
    rmSync(path());
    for (const name of ["store.db.zst", "manifest.json"]) {
      const bytes = readFileSync(join(newest, name));
      for (const at of [50, 90, 130]) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      writeFileSync(join(newest, name), bytes);
    }
    expect(await recover()).toMatchObject({ backup: newest, passedOver: [], lost: [] });
    expect(temporary.runs()).toEqual(["one"]);
  });

  test("without a backup the damaged file is all, and a history begins", async () => {
    temporary.remove();
    temporary = backedUpStore({ journal: false });
    write("one", "two");
    temporary.close();
    const report = await recover();
    expect(report).toMatchObject({ backup: null, journal: null, rows: { runs: 2 } });
    expect(report.history).toMatchObject({ parent: null });
    expect(temporary.runs()).toEqual(["one", "two"]);
  });

  test("a change that does not fit ends the journal, and the rest is taken from the file", async () => {
    write("one");
    await temporary.backUp();
    write("two", "three");
    temporary.close();
    const [file = ""] = journalFiles();
    appendFileSync(file, "\nno line of a journal\n");
    const report = await recover();
    expect(report).toMatchObject({ lost: [] });
    expect(temporary.runs()).toEqual(["one", "three", "two"]);
  });
});

describe("the look at the start", () => {
  const refused = expect.objectContaining({ code: "store.corrupt" });

  test("sees that the write-ahead log was deleted, and recovering brings its changes back", async () => {
    write("one", "two", "three");
    const copy = join(temporary.dataDir, "copy");
    mkdirSync(copy);
    copyFileSync(path(), join(copy, databaseFile));
    temporary.close();
    copyFileSync(join(copy, databaseFile), path());
    expect(existsSync(`${path()}-wal`)).toBe(false);
    expect(() => temporary.reopen()).toThrowError(refused);
    const report = await recoverDamaged(partsOf(temporary));
    expect(report).toMatchObject({ lost: [] });
    expect(temporary.runs()).toEqual(["one", "three", "two"]);
  });

  test("leaves the files of a damaged store as they were", () => {
    write("one", "two");
    temporary.close();
    const store = temporary.reopen();
    store.tenant("local").runs.create(newRun("three"));
    const files = ["", "-wal"].map((part) => readFileSync(path() + part));
    store.close();
    const [database = Buffer.of(), log = Buffer.of()] = files;
    database.fill(0xaa, 4096);
    writeFileSync(path(), database);
    writeFileSync(`${path()}-wal`, log);
    expect(() => temporary.reopen()).toThrowError(refused);
    expect(readFileSync(path()).equals(database)).toBe(true);
    expect(readFileSync(`${path()}-wal`).equals(log)).toBe(true);
  });

  test("finds a header with another schema version than was installed", () => {
    write("one");
    temporary.close();
    const bytes = readFileSync(path());
    bytes.writeUInt32BE(1, 60);
    writeFileSync(path(), bytes);
    expect(() => temporary.reopen()).toThrowError(refused);
  });

  test("finds nothing to recover in a sound store", async () => {
    write("one");
    temporary.close();
    expect(await recoverDamaged(partsOf(temporary))).toBeUndefined();
  });
});

test("a damaged store that is only read answers, and refuses every write", () => {
  write("one");
  temporary.close();
  const { dataDir, clock } = temporary;
  const store = openStore({ dataDir, clock, ids: () => "id", readOnly: true });
  const rows = store.tenant("local");
  expect(rows.runs.list().items.map(({ id }) => id)).toEqual(["one"]);
  expect(() => rows.runs.create(newRun("two"))).toThrowError(
    expect.objectContaining({ code: "store.damaged" }),
  );
  store.close();
});
