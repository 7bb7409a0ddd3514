import { existsSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
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
