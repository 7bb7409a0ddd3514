import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { fullCheck } from "../check.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { databaseFile } from "../store.ts";
import { recoverStore } from "../recovery/recover.ts";
import { salvage } from "./salvage.ts";
import { isWalDamaged } from "./wal-damage.ts";

const pageSize = 4096;
const damaged = expect.objectContaining({ code: "store.corrupt" });
const text = "What happened, at some length. ".repeat(8);

let folder = "";
let temporary: TemporaryStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-salvage-"));
  temporary = temporaryStore();
});
afterEach(() => {
  temporary.remove();
  rmSync(folder, { recursive: true, force: true });
});

const path = (): string => join(folder, databaseFile);
const events = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: "message.user" as const,
    // Every tenth is longer than a page.
    text: `${index} ${index % 10 === 0 ? text.repeat(60) : text}`,
  }));

/** Runs with their logs; the file is then as a process left it that was killed. */
function fill(runs: number): void {
  const { rows } = temporary;
  for (let run = 0; run < runs; run += 1) {
    rows.runs.create(newRun(`run-${run}`));
    rows.runLog.append(`run-${run}`, events(40));
    rows.learnedRuns.setMark(`run-${run}`, run);
  }
}
function leave(what: "in the log" | "in the file"): void {
  const from = join(temporary.dataDir, databaseFile);
  if (what === "in the file") temporary.store.close();
  copyFileSync(from, path());
  if (what === "in the log") copyFileSync(`${from}-wal`, `${path()}-wal`);
}
function change(file: string, alter: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  alter(bytes);
  writeFileSync(file, bytes);
}
const found = (name = "found.db") =>
  salvage({ from: path(), to: join(folder, name), clock: systemClock });
const kept = (sql: string, name = "found.db"): readonly unknown[] => {
  const native = new DatabaseSync(join(folder, name), { readOnly: true });
  try {
    return native.prepare(sql).all();
  } finally {
    native.close();
  }
};

describe("every row comes back", () => {
  test.each(["in the log", "in the file"] as const)("of a sound store, %s", (where) => {
    fill(6);
    leave(where);
    expect(found().rows).toMatchObject({ runs: 6, run_events: 240, learned_runs: 6 });
    expect(fullCheck(join(folder, "found.db"))).toMatchObject({ sound: true });
  });

  test("where the first page and all inner pages of tables are gone", () => {
    fill(20);
    leave("in the file");
    change(path(), (bytes) => {
      for (let at = 0; at < bytes.length; at += pageSize) {
        if (at === 0 || bytes[at] === 0x05) bytes.fill(0, at, at + pageSize);
      }
    });
    expect(found().rows).toMatchObject({ runs: 20, run_events: 800, learned_runs: 20 });
  });

  test("where the header of each page is garbage", () => {
    fill(6);
    leave("in the file");
    change(path(), (bytes) => {
      for (let at = 0; at < bytes.length; at += pageSize) {
        if (bytes[at] === 0x0d) bytes.fill(0x5a, at, at + 8);
      }
    });
    expect(found().rows).toMatchObject({ runs: 6, run_events: 240 });
  });
});

test("a row that was altered does not come back, and takes no other with it", () => {
  fill(6);
  leave("in the file");
  change(path(), (bytes) => {
    const at = bytes.indexOf('"text":"7 What');
    bytes.write("8", at + 8);
  });
  expect(found().rows).toMatchObject({ runs: 6, run_events: 239 });
});

test("of two versions of a row the later one comes back, and the earlier where that is damaged", () => {
  fill(1);
  temporary.rows.runs.finish("run-0", { outcome: "verified", costMicroUsd: 7, unpricedCalls: 0 });
  leave("in the log");
  expect(found().rows).toMatchObject({ runs: 1 });
  expect(kept("SELECT state, cost_micro_usd FROM runs")).toEqual([
    { state: "finished", cost_micro_usd: 7 },
  ]);
  change(`${path()}-wal`, (bytes) => {
    for (let at = bytes.indexOf("verified"); at !== -1; at = bytes.indexOf("verified", at)) {
      bytes.write("V", at);
    }
  });
  found("again.db");
  expect(kept("SELECT state FROM runs", "again.db")).toEqual([{ state: "running" }]);
});

test("rows of a transaction that was never finished do not come back", () => {
  fill(2);
  const native = new DatabaseSync(join(temporary.dataDir, databaseFile));
  native.exec("PRAGMA cache_size = 2; PRAGMA synchronous = OFF; BEGIN");
  native.exec("CREATE TABLE spilled (a TEXT)");
  const insert = native.prepare("INSERT INTO spilled VALUES (?)");
  for (let row = 0; row < 400; row += 1) insert.run(text);
  leave("in the log");
  native.exec("ROLLBACK");
  native.close();
  const report = found();
  expect(report.tornFrames).toBeGreaterThan(0);
  expect(report.rows).toMatchObject({ runs: 2, run_events: 80 });
});

describe("a write-ahead log", () => {
  const frame = 24 + pageSize;

  test("is damaged where transactions stand behind a damaged frame", () => {
    fill(6);
    leave("in the log");
    expect(isWalDamaged(`${path()}-wal`)).toBe(false);
    change(`${path()}-wal`, (bytes) => {
      bytes[32 + 24 + 100] = (bytes[32 + 24 + 100] ?? 0) ^ 1;
    });
    expect(isWalDamaged(`${path()}-wal`)).toBe(true);
  });

  test("is as a cut of the power may leave it where only its last transaction is not whole", () => {
    fill(6);
    leave("in the log");
    change(`${path()}-wal`, (bytes) => {
      bytes.fill(0, bytes.length - pageSize);
    });
    expect(isWalDamaged(`${path()}-wal`)).toBe(false);
    truncateSync(`${path()}-wal`, 32 + frame * 3 + 100);
    expect(isWalDamaged(`${path()}-wal`)).toBe(false);
  });

  test("that is damaged keeps a store from being opened before anything of it is forgotten", async () => {
    fill(3);
    const wal = `${join(temporary.dataDir, databaseFile)}-wal`;
    leave("in the log");
    change(`${path()}-wal`, (bytes) => {
      bytes[32 + 24 + 100] = (bytes[32 + 24 + 100] ?? 0) ^ 1;
    });
    temporary.store.close();
    copyFileSync(path(), join(temporary.dataDir, databaseFile));
    copyFileSync(`${path()}-wal`, wal);
    expect(() => temporary.reopen()).toThrowError(damaged);
    expect(existsSync(wal)).toBe(true);
    const { dataDir } = temporary;
    const report = await recoverStore({ dataDir, clock: systemClock, ids: () => "id" });
    expect(report).toMatchObject({ rows: { runs: 3, run_events: 120 }, lost: [], orphans: 0 });
    expect(temporary.reopen().tenant("local").runLog.read("run-2")).toHaveLength(40);
  });
});

describe("recovering a store", () => {
  const recover = (dryRun = false) =>
    recoverStore({ dataDir: folder, clock: systemClock, ids: () => "id", dryRun });

  test("puts what was found in its place, and keeps the damaged files and a report", async () => {
    fill(6);
    leave("in the file");
    change(path(), (bytes) => {
      bytes.write("8", bytes.indexOf('"text":"7 What') + 8);
    });
    const before = readFileSync(path());
    const dry = await recover(true);
    expect(dry).toMatchObject({ dryRun: true, aside: null, rows: { run_events: 239 } });
    expect(dry.lost).toEqual([{ table: "run_events", id: expect.stringMatching(/^run-\d 8$/) }]);
    expect(readFileSync(path()).equals(before)).toBe(true);
    const report = await recover();
    const { aside } = report;
    expect(report).toMatchObject({ cameBack: 0, lost: dry.lost });
    expect(readFileSync(join(aside ?? "", databaseFile)).equals(before)).toBe(true);
    expect(JSON.parse(readFileSync(join(aside ?? "", "report.json"), "utf8"))).toEqual(report);
    expect(fullCheck(path())).toMatchObject({ sound: true });
    expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test("sets aside what belongs to a row that is lost", async () => {
    fill(2);
    leave("in the file");
    change(path(), (bytes) => {
      for (
        let at = bytes.indexOf("Add the numbers");
        at !== -1;
        at = bytes.indexOf("Add the", at + 1)
      ) {
        if (bytes.subarray(at - 40, at).includes("run-1")) bytes.write("X", at);
      }
    });
    expect(await recover()).toMatchObject({ rows: { runs: 1, run_events: 40 }, orphans: 40 });
    const [first] = kept("SELECT place, reason, content FROM quarantine", databaseFile);
    expect(first).toMatchObject({
      place: expect.stringMatching(/^run_events run-1 \d+$/),
      reason: "its row of runs was not found",
      content: expect.stringContaining('"run_id":"run-1"'),
    });
    expect(fullCheck(path())).toMatchObject({ sound: true });
  });

  test("leaves everything as it is where nothing of a store is found, or somebody uses it", async () => {
    writeFileSync(path(), "This is no database.\n".repeat(1000));
    await expect(recover()).rejects.toThrowError(
      expect.objectContaining({ code: "store.nothing_left" }),
    );
    expect(readFileSync(path(), "utf8")).toMatch(/^This is no database/);
    rmSync(path());
    await expect(recover()).rejects.toThrowError(
      expect.objectContaining({ code: "store.missing" }),
    );
    const used = { dataDir: temporary.dataDir, clock: systemClock, ids: () => "id" };
    await expect(recoverStore(used)).rejects.toThrowError(
      expect.objectContaining({ code: "store.in_use" }),
    );
  });
});

test("an index that does not agree with its table is found at the start, and mended by recovering", async () => {
  fill(3);
  leave("in the file");
  const native = new DatabaseSync(path());
  native.exec("PRAGMA writable_schema = ON; PRAGMA journal_mode = DELETE");
  const row = native
    .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'runs_by_tenant'")
    .get();
  native.close();
  change(path(), (bytes) => {
    const at = (Number(row?.["rootpage"]) - 1) * pageSize;
    bytes.write("LOCAL", bytes.indexOf("local", at));
  });
  copyFileSync(path(), join(temporary.dataDir, databaseFile));
  expect(fullCheck(path())).toMatchObject({ sound: false, damaged: [] });
  expect(() => temporary.reopen()).toThrowError(damaged);
  const { dataDir } = temporary;
  await recoverStore({ dataDir, clock: systemClock, ids: () => "id" });
  expect(temporary.reopen().tenant("local").runs.list().items).toHaveLength(3);
});
