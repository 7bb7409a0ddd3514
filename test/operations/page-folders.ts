import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { pythonState, writePythonDatabase } from "../../src/store/transfer/legacy.fixture.ts";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";

async function run(folder: string, ...words: readonly string[]): Promise<void> {
  const { code, stderr } = await runInProcess(words, folder, {});
  expect(stderr).toBe("");
  expect(code).toBe(0);
}

function record(folder: string, what: string): Promise<void> {
  return run(folder, "learn", "record", "--type", "bug", "--severity", "high", "--summary", what);
}

/** A store with three signals. */
async function usedStore(): Promise<string> {
  const folder = freshFolder();
  await record(folder, "The export stops half-way");
  await record(folder, "A second import is refused");
  await record(folder, "The clock of the build machine is late");
  return folder;
}

/** A store with signals, the last of them after its backup. */
async function backedUpStore(): Promise<string> {
  const folder = freshFolder();
  await record(folder, "The export stops half-way");
  await record(folder, "A second import is refused");
  await run(folder, "store", "backup");
  await record(folder, "The clock of the build machine is late");
  return folder;
}

/** A store with a signal, beside what the Python engine left in both its forms. */
async function besidePython(): Promise<string> {
  const folder = freshFolder();
  await record(folder, "The export stops half-way");
  const state = pythonState(40);
  state.signals[7] = { ...state.signals[7], severity: "awful" };
  writeFileSync(join(folder, "learning_state.json"), JSON.stringify(state));
  writePythonDatabase(join(folder, "learning_state.db"), JSON.stringify(pythonState(60)));
  return folder;
}

/** A store of an older schema, and one beside it of a schema that is still to come. */
async function olderAndNewer(): Promise<string> {
  const folder = freshFolder();
  const older = readFileSync(join(projectRoot, "test/fixtures/store/schema-003.sql"), "utf8");
  for (const [name, change] of [
    [".agent33", ""],
    ["newer", "PRAGMA user_version = 99"],
  ] as const) {
    mkdirSync(join(folder, name));
    const native = new DatabaseSync(join(folder, name, "agent33.db"));
    native.exec(older);
    native.exec(change);
    native.close();
  }
  return folder;
}

/** The folder that each page begins in. A page without one is a fault. */
export const pageFolders: Readonly<Record<string, () => Promise<string>>> = {
  "backup.md": backedUpStore,
  "migrate.md": besidePython,
  "move-to-postgresql.md": usedStore,
  "recover.md": backedUpStore,
  "restore.md": backedUpStore,
  "upgrade.md": olderAndNewer,
};
