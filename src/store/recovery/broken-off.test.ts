import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { newRun, temporaryStore } from "../store.fixture.ts";
import { databaseFile } from "../store.ts";

test("a store whose making broke off in its first transaction is made by the next start", () => {
  const folder = mkdtempSync(join(tmpdir(), "agent33-broken-off-"));
  const dataDir = mkdtempSync(join(folder, "data-"));
  // What a process leaves that ends between the first page that it writes and the end of that.
  const native = new DatabaseSync(join(folder, "begun.db"));
  native.exec("PRAGMA cache_size = 1; BEGIN; CREATE TABLE begun (text TEXT)");
  const fill = native.prepare("INSERT INTO begun VALUES (?)");
  for (let index = 0; index < 100; index += 1) fill.run("x".repeat(1000));
  for (const part of ["", "-journal"]) {
    copyFileSync(join(folder, `begun.db${part}`), join(dataDir, databaseFile + part));
  }
  native.close();
  const { rows, remove } = temporaryStore({ dataDir });
  rows.runs.create(newRun("run"));
  expect(rows.runs.list().items).toHaveLength(1);
  remove();
  rmSync(folder, { recursive: true });
});
