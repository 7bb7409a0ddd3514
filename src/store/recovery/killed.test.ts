import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { databaseFile } from "../store.ts";
import { recoverStore } from "./recover.ts";

let temporary: TemporaryStore;
beforeEach(() => {
  temporary = temporaryStore();
});
afterEach(() => temporary.remove());

test("a new store that cannot be put in place at once is kept until it can", async () => {
  const { dataDir, clock, rows, store } = temporary;
  rows.runs.create(newRun("run"));
  store.close();
  const stamp = new Date(clock.now()).toISOString().replaceAll(":", "-");
  // The store's file can be moved away, its write-ahead log cannot.
  writeFileSync(join(dataDir, `${databaseFile}-wal`), "");
  const inTheWay = join(dataDir, "damaged", stamp, `${databaseFile}-wal`);
  mkdirSync(inTheWay, { recursive: true });
  await expect(recoverStore({ dataDir, clock, ids: () => "id" })).rejects.toThrow(/directory/);
  rmSync(inTheWay, { recursive: true });
  const { items } = temporary.reopen().tenant("local").runs.list();
  expect(items.map(({ id }) => id)).toEqual(["run"]);
});
