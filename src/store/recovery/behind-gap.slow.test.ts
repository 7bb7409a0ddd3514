import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import { type BackedUpStore, backedUpStore } from "../backup/backup.fixture.ts";
import { listBackups } from "../backup/catalogue.ts";
import { databaseFile } from "../store.ts";
import { recoverStore } from "./recover.ts";

let temporary: BackedUpStore;
beforeEach(async () => {
  temporary = backedUpStore({ journal: true });
  temporary.write("run");
  log("one");
  await temporary.backUp();
});
afterEach(() => temporary.remove());

function log(text: string): void {
  temporary.clock.advance(1_000);
  temporary.rows.runLog.append("run", [{ type: "message.user", text }]);
}

/** Loses the line with a word and the parity of all, and the database if that is said. */
function lose(word: string): void {
  const folder = join(temporary.dataDir, "journal");
  for (const name of readdirSync(folder, { recursive: true }).map(String)) {
    const path = join(folder, name);
    if (name.endsWith(".parity")) rmSync(path);
    if (!name.endsWith(".jsonl")) continue;
    writeFileSync(path, readFileSync(path, "utf8").replace(word, "?".repeat(word.length)));
  }
}

const recover = () => {
  temporary.clock.advance(1_000);
  const { dataDir, clock, backups } = temporary;
  const ids = uuidv7Source(clock, seededRandom(clock.now()));
  return recoverStore({ dataDir, clock, ids, backups: listBackups(backups) });
};
const texts = (): readonly string[] =>
  temporary
    .reopen()
    .tenant("local")
    .runLog.read("run")
    .map((event) => (event.type === "message.user" ? event.text : event.type));
const loseDatabase = (): void => {
  writeFileSync(join(temporary.dataDir, databaseFile), "This is no database.\n".repeat(100));
};

test("events that the journal has behind a missing change come back, and no other row does", async () => {
  for (const text of ["two", "lost", "four", "five"]) log(text);
  temporary.write("another");
  log("six");
  log("last");
  temporary.close();
  lose("lost");
  loseDatabase();
  const report = await recover();
  expect(report).toMatchObject({ journal: { end: "gap", changes: 1 }, behindGap: 3, orphans: 0 });
  // Of the last change nothing says that it was kept; what made the other run may build on what is lost.
  expect(texts()).toEqual(["one", "two", "four", "five", "six"]);
  expect(temporary.runs()).toEqual(["run"]);
});

test("what the damaged file has of them counts, and nothing comes twice", async () => {
  for (const text of ["lost", "three", "four", "five"]) log(text);
  temporary.close();
  lose("lost");
  const path = join(temporary.dataDir, databaseFile);
  const bytes = readFileSync(path);
  bytes.fill(0, 0, 100);
  bytes.write("T", bytes.indexOf('"text":"three') + 8);
  writeFileSync(path, bytes);
  const report = await recover();
  expect(texts()).toEqual(["one", "lost", "three", "four", "five"]);
  expect(report).toMatchObject({ behindGap: 2, rows: { run_events: 5 } });
});

test("a change that was taken back does not come back", async () => {
  log("lost");
  log("three");
  const { transactions } = temporary.store;
  expect(() =>
    transactions.transaction((sql) => {
      log("taken back");
      sql.run("PRAGMA defer_foreign_keys = ON");
      sql.run(
        "INSERT INTO run_events (run_id, seq, at, type, event) VALUES ('nobody', 1, 1, 'x', '{}')",
      );
    }),
  ).toThrow();
  log("four");
  log("five");
  temporary.close();
  lose("lost");
  loseDatabase();
  await recover();
  expect(texts()).toEqual(["one", "three", "four"]);
});
