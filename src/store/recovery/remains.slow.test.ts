import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import { type BackedUpStore, backedUpStore } from "../backup/backup.fixture.ts";
import { listBackups } from "../backup/catalogue.ts";
import { newRun } from "../store.fixture.ts";
import { databaseFile } from "../store.ts";
import { recoverStore } from "./recover.ts";

let temporary: BackedUpStore;
const random = seededRandom(33);
beforeEach(() => {
  temporary = backedUpStore({ journal: true });
});
afterEach(() => temporary.remove());

const text = (): string => Buffer.from(random.bytes(3_000)).toString("base64");

function write(name: string, events = 200): void {
  temporary.clock.advance(1_000);
  temporary.write(name);
  const { runLog } = temporary.rows;
  for (let event = 0; event < events; event += 1) {
    runLog.append(name, [{ type: "message.user", text: text() }]);
  }
}

/** Writes over a part of a file, from a share of it to another. */
function spoil(path: string, from: number, to: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0xaa, Math.floor(from * bytes.length), Math.floor(to * bytes.length));
  writeFileSync(path, bytes);
}

const loseJournal = (): void => rmSync(join(temporary.dataDir, "journal"), { recursive: true });
const database = (): string => join(temporary.dataDir, databaseFile);
const recover = () => {
  const { dataDir, clock, backups } = temporary;
  const ids = uuidv7Source(clock, seededRandom(clock.now()));
  return recoverStore({ dataDir, clock, ids, backups: listBackups(backups) });
};
const events = (name: string): number => {
  const { items } = temporary.reopen().tenant("local").runs.list();
  return items.some(({ id }) => id === name)
    ? temporary.reopen().tenant("local").runLog.read(name).length
    : 0;
};

test("rows of a backup that its parity cannot put right come back where the file has lost them", async () => {
  write("one");
  const { path } = await temporary.backUp();
  temporary.close();
  loseJournal();
  spoil(database(), 0.01, 0.7);
  spoil(join(path, "store.db.zst"), 0.8, 1);
  const report = await recover();
  expect(report).toMatchObject({ backup: null, passedOver: [{ path }] });
  // The last part is in the file, the first four fifths are in the backup.
  expect(events("one")).toBe(200);
  expect(report.orphans).toBe(0);
});

test("they are added to what an older backup has", async () => {
  write("one", 1);
  const first = await temporary.backUp();
  write("two");
  const second = await temporary.backUp();
  temporary.close();
  loseJournal();
  writeFileSync(database(), "This is no database.\n".repeat(100));
  spoil(join(second.path, "store.db.zst"), 0.8, 1);
  const report = await recover();
  expect(report).toMatchObject({ backup: first.path, passedOver: [{ path: second.path }] });
  expect(events("one")).toBe(1);
  expect(events("two")).toBeGreaterThan(120);
  expect(report.sources["run_events"]).toMatchObject({ backup: 1, file: events("two") });
});

test("what a restore went back from does not come back of a damaged backup", async () => {
  write("one", 1);
  const first = await temporary.backUp();
  temporary.close();
  loseJournal();
  const store = temporary.reopen();
  const { runs, runLog } = store.tenant("local");
  runs.create(newRun("gone"));
  runLog.append(
    "gone",
    Array.from({ length: 200 }, () => ({ type: "message.user" as const, text: text() })),
  );
  const second = await temporary.backUp();
  store.close();
  const [backup] = listBackups(temporary.backups).slice(-1);
  await temporary.restore({ backup });
  const restored = temporary.reopen();
  restored.tenant("local").runs.create(newRun("after"));
  restored.close();
  temporary.close();
  spoil(database(), 0, 0.01);
  spoil(join(second.path, "store.db.zst"), 0.8, 1);
  spoil(join(first.path, "store.db.zst"), 0.2, 1);
  const report = await recover();
  expect(report.passedOver.map(({ path }) => path)).toEqual([first.path, second.path]);
  expect(report).toMatchObject({ orphans: 0, rows: { runs: 2, run_events: 1 } });
  expect(temporary.runs()).toEqual(["after", "one"]);
});
