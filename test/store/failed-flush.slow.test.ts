import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Agent33Error } from "../../src/base/errors.ts";
import { type TemporaryStore, temporaryStore } from "../../src/store/store.fixture.ts";
import { verifyJournal } from "../../src/store/journal/verify.ts";
import { fullCheck } from "../../src/store/check.ts";
import { databaseFile } from "../../src/store/store.ts";
import { compileLibrary, watchedEnvironment } from "../support/disk/library.ts";
import { grantTests } from "../support/egress.ts";

grantTests("compiles a library and starts a writing process", { spawn: true });

const program = fileURLToPath(import.meta.resolve("../support/failed-flush-main.ts"));
let folder = "";
let library = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-failed-flush-")));
  library = compileLibrary(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Left extends TemporaryStore {
  readonly became: readonly string[];
  readonly texts: readonly string[];
  readonly troubles: readonly string[];
}

/** What a killed process leaves that wrote with a disk that fails to flush now and then. */
function leftBy(
  name: string,
  writes: readonly { readonly text: string; readonly kib: number; readonly fails: boolean }[],
): Left {
  const dataDir = join(folder, name);
  const orders = join(folder, `${name}-orders`);
  writeFileSync(orders, Buffer.alloc(56));
  const words = [program, dataDir, orders, JSON.stringify(writes)];
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: "utf8",
    env: { ...watchedEnvironment({ library, folder, orders }) },
  });
  expect(stderr).toBe("");
  const troubles: string[] = [];
  const onJournalTrouble = ({ code }: Agent33Error) => troubles.push(code);
  const left = temporaryStore({ dataDir, journal: true, onJournalTrouble });
  const log = left.rows.runLog.read("run");
  const texts = log.flatMap((event) => (event.type === "message.user" ? [event.text.trim()] : []));
  left.rows.runLog.append("run", [{ type: "message.user", text: "after" }]);
  return { ...left, became: JSON.parse(stdout) as string[], texts, troubles };
}

test("a store is opened after a disk that failed to flush again and again", () => {
  const left = leftBy("again", [
    { text: "one", kib: 1, fails: false },
    { text: "a long one", kib: 400, fails: true },
    { text: "a shorter one", kib: 100, fails: true },
    { text: "a short one", kib: 20, fails: true },
    { text: "the last", kib: 1, fails: false },
  ]);
  expect(left.became).toEqual(["kept", "store.io", "store.io", "store.io", "kept"]);
  expect(left.texts).toEqual(["one", "the last"]);
  expect(fullCheck(join(left.dataDir, databaseFile))).toMatchObject({ sound: true });
  left.remove();
});

test("a refused write that the next start finds in the log is told of, and the journal begins anew", async () => {
  const left = leftBy("found", [
    { text: "one", kib: 1, fails: false },
    { text: "refused", kib: 1, fails: true },
  ]);
  expect(left.became).toEqual(["kept", "store.io"]);
  expect(left.texts).toEqual(["one", "refused"]);
  expect(left.troubles).toEqual(["store.journal_gap"]);
  const journal = await verifyJournal(join(left.dataDir, "journal"));
  expect(journal.find(({ to }) => to === 4)).toMatchObject({ from: 4, problems: [] });
  left.remove();
});
