import { mkdirSync, openSync, writeSync, closeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../src/base/clock.ts";
import { copyStore } from "./store-bench.ts";
import { checkStore } from "./store-check.ts";
import { startChild } from "./store-child.ts";
import type { WriterOrder } from "./store-orders.ts";

/** A fault that was planted, and whether it was seen. */
export interface Control {
  readonly name: string;
  readonly seen: boolean;
}

const writers = 16;
const tries = 5;
/** Keys to wait for, so that there is something of everything. */
const enough = writers * 30;

/** Faults in a copy of a sound store, each as SQL. */
const planted: Readonly<Record<string, string>> = {
  "a signal's key is gone": "DELETE FROM signal_keys WHERE key LIKE '%.3.0'",
  "a signal was counted twice":
    "UPDATE signals SET occurrences = occurrences + 1 WHERE seq = (SELECT max(seq) FROM signals)",
  "the counts by class are one off":
    "UPDATE signal_class_counts SET signals = signals + 1 WHERE grain = 'day'",
  "the counts by source are one off":
    "UPDATE signal_source_counts SET occurrences = occurrences - 1 WHERE grain = 'hour'",
  "the last append is gone":
    "DELETE FROM run_events WHERE rowid >= (SELECT max(rowid) FROM run_events WHERE event LIKE '%#0\"%')",
  "an event is missing in the middle": "DELETE FROM run_events WHERE seq = 2",
  "an append is there twice": `INSERT INTO run_events (run_id, seq, at, type, event)
    SELECT run_id, last + 1, at, type, json_set(event, '$.seq', last + 1)
    FROM run_events JOIN (SELECT run_id AS id, max(seq) AS last FROM run_events GROUP BY run_id)
      ON id = run_id WHERE json_extract(event, '$.text') LIKE '%.21#0' LIMIT 1`,
  "an intake is there twice": `INSERT INTO intakes (tenant, id, state, research_type, urgency,
      priority, automatic, submitted_at, updated_at, body)
    SELECT tenant, id || '-2', state, research_type, urgency, priority, automatic, submitted_at,
      updated_at, body FROM intakes WHERE automatic = 0 LIMIT 1`,
  "an intake is gone": "DELETE FROM intakes WHERE automatic = 1",
};

/** Shows that the suite can fail: a harness that sees no planted fault proves nothing. */
export async function killControls(folder: string): Promise<readonly Control[]> {
  mkdirSync(folder, { recursive: true });
  const controls: Control[] = [];
  const dataDir = `${folder}/early`;
  const all = new Set<string>();
  let early = false;
  for (let attempt = 1; attempt <= tries && !early; attempt += 1) {
    for (const key of await writeUntilKilled(dataDir, `early${attempt}`, true)) all.add(key);
    early = checkStore(copyStore(dataDir, `${folder}/copy`), all).lost.length > 0;
  }
  controls.push({ name: "an acknowledgement before the write is seen as a loss", seen: early });

  const sound = `${folder}/sound`;
  const kept = new Set(await writeUntilKilled(sound, "sound", false));
  const check = checkStore(copyStore(sound, `${folder}/copy`), kept);
  const isSound = [check.lost, check.doubled, check.problems].every((list) => list.length === 0);
  controls.push({ name: "a store without a planted fault is sound", seen: isSound });
  for (const [name, sql] of Object.entries(planted)) {
    const path = copyStore(sound, `${folder}/copy`);
    const native = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    const { changes } = native.prepare(sql).run();
    native.close();
    const after = checkStore(path, kept);
    const faults = after.lost.length + after.doubled.length + after.problems.length;
    controls.push({ name: `seen: ${name}`, seen: Number(changes) > 0 && faults > 0 });
  }
  controls.push({ name: "seen: a damaged page", seen: seesDamage(sound, `${folder}/copy`, kept) });
  return controls;
}

async function writeUntilKilled(
  dataDir: string,
  name: string,
  tooEarly: boolean,
): Promise<readonly string[]> {
  const order: WriterOrder = { dataDir, name, writers, inDoubt: [], tooEarly };
  const child = startChild("store-writer", order, `${dataDir}-${name}.txt`);
  await child.said("writes");
  while (child.printed().length < enough) await systemClock.sleep(20);
  if (!tooEarly) {
    // A write that was kept without an acknowledgement could be taken away unseen.
    child.tell("rest");
    await child.said("rests");
  }
  child.process.kill("SIGKILL");
  await child.ended;
  return child.printed();
}

function seesDamage(dataDir: string, to: string, kept: ReadonlySet<string>): boolean {
  const path = copyStore(dataDir, to);
  const native = new DatabaseSync(path);
  native.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const row = native
    .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'signals_by_tenant'")
    .get();
  native.close();
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(64).fill(0xff), 0, 64, (Number(row?.["rootpage"]) - 1) * 4096 + 8);
  closeSync(file);
  try {
    return checkStore(path, kept).problems.length > 0;
  } catch (error) {
    // SQLite may refuse the file as a whole.
    return error instanceof Error;
  }
}
