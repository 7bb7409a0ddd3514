import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { databaseFile } from "../store.ts";
import { checkSnapshot, takeSnapshot } from "./snapshot.ts";

let temporary: TemporaryStore;
let source = "";
let target = "";

beforeEach(() => {
  temporary = temporaryStore();
  source = join(temporary.dataDir, databaseFile);
  target = join(temporary.dataDir, "backups", "one.db");
  temporary.rows.runs.create(newRun("kept"));
});
afterEach(() => temporary.remove());

test("copies a store that is in use, whole and for its user's eyes only", () => {
  const report = takeSnapshot(source, target);
  expect(report).toMatchObject({ path: target, rows: { runs: 1 } });
  expect(checkSnapshot(target)).toEqual({ ...report, path: undefined });
  expect(statSync(target).mode & 0o777).toBe(0o600);
});

test("clears away what killed processes left behind, and nothing that may be in the making", () => {
  takeSnapshot(source, target);
  const abandoned = `${target}.1.partial`;
  const fresh = `${target}.2.partial`;
  for (const path of [abandoned, fresh]) writeFileSync(path, "half");
  utimesSync(abandoned, 1, 1);
  takeSnapshot(source, join(temporary.dataDir, "backups", "two.db"));
  expect([abandoned, fresh, target].map((path) => existsSync(path))).toEqual([false, true, true]);
});

test("gives no name to a copy of a file that is no store", () => {
  const other = join(temporary.dataDir, "other.db");
  writeFileSync(other, "this is not a database, only some text of another program");
  expect(() => takeSnapshot(other, target)).toThrow(
    expect.objectContaining({ code: "store.not_a_store" }),
  );
  expect(existsSync(target)).toBe(false);
  expect(existsSync(`${target}.${process.pid}.partial`)).toBe(false);
});

describe("a copy that does not check gets no name", () => {
  test.each([
    [
      "a row that breaks a rule",
      `PRAGMA writable_schema = ON;
       UPDATE sqlite_schema SET sql = replace(sql, 'outcome TEXT', 'outcome TEXT NOT NULL')`,
      /damaged: NULL value in runs.outcome/,
    ],
    ["a reference to nothing", "DELETE FROM runs", /damaged: 1 dangling references/],
  ])("for %s", (_what, damage, said) => {
    temporary.rows.runLog.append("kept", [{ type: "run.resumed", previousOwner: null }]);
    const native = new DatabaseSync(source, { enableForeignKeyConstraints: false });
    native.enableDefensive(false);
    native.exec(damage);
    native.close();
    const fault = { code: "store.snapshot_damaged", message: expect.stringMatching(said) };
    expect(() => takeSnapshot(source, target)).toThrow(expect.objectContaining(fault));
    expect(readdirSync(join(temporary.dataDir, "backups"))).toEqual([]);
  });
});
