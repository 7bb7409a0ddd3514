import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/base/digest.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { seededRandom, systemRandom } from "../../src/base/random.ts";
import { parseNewSignal } from "../../src/learning/signal.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { pythonState } from "../../src/store/transfer/legacy.fixture.ts";
import { migrateLegacy } from "../../src/store/transfer/legacy.ts";
import { runCli } from "../support/cli.ts";
import {
  backupsOf,
  between,
  copyStore,
  databaseOfBackup,
  removeFolder,
  waitMs,
} from "./store-bench.ts";
import { type StoreChild, startChild } from "./store-child.ts";
import { countMismatches } from "./store-counts.ts";
import type { Control } from "./store-kill-controls.ts";
import type { MigrateTotals, RoundResult } from "./store-migrate-report.ts";
import { descendantsOf, gone } from "./store-process-tree.ts";

/** That of the settings where nothing else is said. */
const tenant = "default";
/** Signals that the store had before. */
const own = 40;
/** Every so many rounds it is run a third time, when there is nothing left to do. */
const thirdTimeEvery = 5;

/** Rows by table, tenant and id, as text. */
type Rows = ReadonlyMap<string, string>;

/** A Python state, a store that it comes into, and what must come of it. */
export interface ImportBench {
  readonly folder: string;
  readonly source: string;
  readonly sourceDigest: string;
  readonly template: string;
  readonly before: Rows;
  readonly wanted: Rows;
  readonly takesMs: number;
}

/** @param signals how many the Python engine had; a tenth of them have intakes */
export async function makeImportBench(folder: string, signals: number): Promise<ImportBench> {
  const source = join(folder, "learning-state.json");
  writeFileSync(source, JSON.stringify(pythonState(signals), undefined, 2));
  const template = join(folder, "before");
  const store = open(template);
  for (let index = 0; index < own; index += 1) {
    const summary = `What was seen here before ${"abcdefghij"[index % 10] ?? ""}`;
    const input = parseNewSignal({ type: "bug", severity: "low", summary });
    await store.backend.tenant(tenant).signals.record(input, { dedupeWindowMs: 60_000 });
  }
  store.close();
  const before = readStore(template).rows;
  const whole = join(folder, "whole");
  copyStore(template, whole);
  const child = startImport(whole, source);
  await reached(child, whole, "backed up", 0);
  const began = performance.now();
  await child.said("done");
  const takesMs = performance.now() - began;
  await child.ended;
  const { rows: wanted, faults } = readStore(whole);
  if (faults.length > 0) throw new Error(`An import without a kill: ${faults.join("; ")}`);
  const sourceDigest = digestOf(source);
  return { folder, source, sourceDigest, template, before, wanted, takesMs };
}

/** Faults that a takeover must not leave. */
const planted: Readonly<Record<string, string>> = {
  "a lost signal": "DELETE FROM signals WHERE seq = (SELECT max(seq) FROM signals)",
  "a lost intake": "DELETE FROM intakes WHERE seq = 7",
  "an overwritten signal": "UPDATE signals SET summary = 'other' WHERE seq = 77",
  "a count that is one off":
    "UPDATE signal_source_counts SET signals = signals + 1 WHERE grain = 'day' AND source = 'api'",
};

/** Shows that the rounds can fail. */
export function importControls(bench: ImportBench): readonly Control[] {
  return Object.entries(planted).map(([name, sql]) => {
    const dataDir = join(bench.folder, "planted");
    const native = new DatabaseSync(copyStore(join(bench.folder, "whole"), dataDir));
    native.exec(sql);
    native.close();
    const { rows, faults } = readStore(dataDir);
    const seen = faults.length + compare(bench, rows, new Map(), true).length > 0;
    return { name: `seen in a takeover: ${name}`, seen };
  });
}

/** Kills one process that takes over the Python engine's state, looks, and lets it be finished. */
export async function importRound(
  bench: ImportBench,
  seed: number,
  totals: MigrateTotals,
): Promise<RoundResult> {
  const random = seededRandom(seed);
  const early = random.next() < 0.2;
  const after = early ? "ready" : "backed up";
  const killAfterMs = between(random, 0, early ? 400 : bench.takesMs * 1.05);
  const kills = random.next() < 0.3 ? 2 : 1;
  const pair = random.next() < 0.15;
  const dataDir = join(bench.folder, `import-${seed}`);
  copyStore(bench.template, dataDir);
  const faults: string[] = [];
  let kept = 0;
  let last = bench.before;
  const changed = new Map<string, string>();
  for (let kill = 1; kill <= kills; kill += 1) {
    const backups = backupsOf(dataDir).length;
    const child = startImport(dataDir, bench.source);
    const other = pair ? startImport(dataDir, bench.source) : undefined;
    await reached(child, dataDir, after, backups);
    await waitMs(killAfterMs / kill);
    const started = descendantsOf(child.process.pid ?? 0);
    child.process.kill("SIGKILL");
    await child.ended;
    await gone(started);
    if (other !== undefined) faults.push(...(await endedWell(other, true)));
    const found = readStore(dataDir);
    faults.push(...found.faults, ...compare(bench, found.rows, changed, false));
    faults.push(...backupFaults(dataDir, backups, last, found.rows, pair));
    kept = found.rows.size - bench.before.size;
    for (const [key, row] of await changeBetween(dataDir, bench, found.rows, random.next())) {
      changed.set(key, row);
    }
    last = readStore(dataDir).rows;
  }
  const all = bench.wanted.size - bench.before.size;
  totals.found[kept === 0 ? "old" : kept >= all ? "new" : "begun"] += 1;

  const backups = backupsOf(dataDir).length;
  const words = ["store", "migrate", "--from", bench.source, "--data", dataDir, "--json"];
  const resumed = await runCli(words);
  if (resumed.code !== 0)
    faults.push(`the next start ended with ${resumed.code}: ${resumed.stderr}`);
  const end = readStore(dataDir);
  faults.push(...backupFaults(dataDir, backups, last, end.rows, false));
  if (backupsOf(dataDir).length === backups) faults.push("the next start made no backup");
  faults.push(...end.faults, ...compare(bench, end.rows, changed, true));
  if (!end.finished) faults.push("the migration is not noted as finished");
  if (seed % thirdTimeEvery === 0) faults.push(...(await thirdTime(bench, dataDir, end.rows)));
  if (digestOf(bench.source) !== bench.sourceDigest) faults.push("the source was changed");
  if (faults.length === 0) removeFolder(dataDir);
  const times = kills === 1 ? "" : `, ${kills} times`;
  const also = pair ? ", another went on" : "";
  return {
    line: `import, seed ${seed}: killed ${killAfterMs.toFixed(0)} ms after "${after}"${times}${also}: ${kept} of ${all} records were in`,
    faults: faults.slice(0, 6),
  };
}

function startImport(dataDir: string, source: string): StoreChild {
  return startChild("store-importer", { dataDir, source }, `${dataDir}.txt`);
}

async function endedWell(child: StoreChild, mayLose: boolean): Promise<readonly string[]> {
  const { code } = await child.ended;
  const failure = child.notes.find(({ note }) => note === "failed");
  // Of two that do the same at once, one is told to leave it to the other.
  const yielded = failure?.["code"] === "store.transfer_elsewhere" && failure["retryable"] === true;
  if (failure !== undefined) return mayLose && yielded ? [] : [JSON.stringify(failure)];
  if (code !== 0 || child.complaints() !== "") return [`ended with ${code}: ${child.complaints()}`];
  return [];
}

/** Waits for the moment from which the kill is counted. */
async function reached(
  child: StoreChild,
  dataDir: string,
  moment: "ready" | "backed up",
  backups: number,
): Promise<void> {
  await child.said("ready");
  if (moment === "ready") return;
  while (backupsOf(dataDir).length <= backups) await new Promise(setImmediate);
}

/** What was there when a process began must be in the backup that it made. */
function backupFaults(
  dataDir: string,
  before: number,
  rows: Rows,
  now: Rows,
  pair: boolean,
): readonly string[] {
  const made = backupsOf(dataDir).slice(before);
  if (made.length === 0) return now.size > rows.size ? ["there is no backup"] : [];
  const faults: string[] = [];
  // The second of two may have begun when the first had written.
  const ofOld = made
    .map((path) => readFile(databaseOfBackup(path, `${dataDir}-backup.db`)))
    .map((found) => sameRows(found.rows, rows));
  if (pair ? !ofOld.includes(true) : ofOld.includes(false)) {
    faults.push("a backup is not of the store as it was");
  }
  return faults;
}

function sameRows(one: Rows, other: Rows): boolean {
  return one.size === other.size && [...one].every(([key, row]) => other.get(key) === row);
}

/** Nothing is left to do, and nothing is done. */
async function thirdTime(
  bench: ImportBench,
  dataDir: string,
  rows: Rows,
): Promise<readonly string[]> {
  const store = open(dataDir);
  const report = await migrateLegacy({
    backend: store.backend,
    clock: systemClock,
    tenant,
    path: bench.source,
    kind: "legacy-json",
  });
  store.close();
  const faults: string[] = [];
  const { signals, intakes } = report;
  if (signals.kept + intakes.kept > 0) faults.push("a third time took something over");
  const after = readStore(dataDir);
  if (JSON.stringify([...after.rows]) !== JSON.stringify([...rows])) {
    faults.push("a third time changed something");
  }
  return [...faults, ...after.faults];
}

/** Somebody goes on working with what has come in so far. */
async function changeBetween(
  dataDir: string,
  bench: ImportBench,
  rows: Rows,
  place: number,
): Promise<ReadonlyMap<string, string>> {
  const came = [...rows.keys()].filter((key) => isSignal(key) && !bench.before.has(key));
  // Those without an intake: a taken-over signal that is there without its own still gets it.
  const missing = [...bench.wanted]
    .filter(([key, row]) => isSignal(key) && !rows.has(key) && row.includes('"intake_id":null'))
    .map(([key]) => key);
  const pick = (keys: readonly string[]) => keys[Math.floor(keys.length * place)];
  const changed = new Set<string>();
  const store = open(dataDir);
  const here = pick(came);
  if (here !== undefined) {
    const [, of = "", id = ""] = here.split(" ");
    const { signals } = store.backend.tenant(of);
    const found = await signals.get(id);
    const to = found?.state === "open" ? "acknowledged" : "resolved";
    await signals.transition(id, to, "somebody", "It was looked at.");
    changed.add(here);
  }
  // A signal of an id that is still to come, with other content.
  const later = pick(missing);
  if (later !== undefined) {
    const [, of = "", id = ""] = later.split(" ");
    const { signals } = store.backend.tenant(of);
    const made = await signals.record(
      parseNewSignal({ type: "security", severity: "critical", summary: "It was here first" }),
      { dedupeWindowMs: 0 },
    );
    await signals.insertMigrated({ ...made.signal, id });
    changed.add(later);
    changed.add(`signals ${of} ${made.signal.id}`);
  }
  store.close();
  const after = readStore(dataDir).rows;
  return new Map([...changed].map((key) => [key, after.get(key) ?? "not there"]));
}

function isSignal(key: string): boolean {
  return key.startsWith("signals ");
}

/** Each row is as it was, as it was changed, or as the source has it. */
function compare(bench: ImportBench, rows: Rows, changed: Rows, whole: boolean): readonly string[] {
  const faults: string[] = [];
  for (const [key, row] of rows) {
    const wanted = changed.get(key) ?? bench.wanted.get(key);
    if (row !== wanted) faults.push(`${key} is ${row} instead of ${wanted ?? "not there"}`);
  }
  const needed = whole
    ? new Map([...bench.wanted, ...changed])
    : new Map([...bench.before, ...changed]);
  for (const key of needed.keys()) if (!rows.has(key)) faults.push(`${key} is missing`);
  return faults;
}

/** What is in a store, and what is wrong with it. */
interface Found {
  readonly rows: Rows;
  readonly finished: boolean;
  readonly faults: readonly string[];
}

/** A copy of the store as a killed process left it. */
function readStore(dataDir: string): Found {
  const found = readFile(copyStore(dataDir, `${dataDir}-copy`));
  removeFolder(`${dataDir}-copy`);
  return found;
}

function readFile(path: string): Found {
  const native = new DatabaseSync(path);
  const faults: string[] = [];
  const all = (sql: string) => native.prepare(sql).all();
  const integrity = String(Object.values(all("PRAGMA integrity_check")[0] ?? {})[0]);
  if (integrity !== "ok") faults.push(`integrity: ${integrity}`);
  const rows = new Map<string, string>();
  for (const table of ["signals", "intakes"]) {
    for (const { seq: _, seal: _seal, spelled: _spelled, ...row } of all(
      `SELECT * FROM ${table} ORDER BY seq`,
    )) {
      rows.set(`${table} ${String(row["tenant"])} ${String(row["id"])}`, JSON.stringify(row));
    }
  }
  faults.push(...countMismatches(all));
  const dangling = all(
    "SELECT id FROM signals s WHERE intake_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM intakes i WHERE i.tenant = s.tenant AND i.id = s.intake_id)",
  ).length;
  if (dangling > 0) faults.push(`${dangling} signals have an intake that is not there`);
  const quarantined = all("SELECT 1 FROM quarantine").length;
  if (quarantined > 0) faults.push(`${quarantined} records were set aside`);
  const states = all("SELECT state FROM transfers").map(({ state }) => String(state));
  if (states.length > 1) faults.push(`${states.length} notes of one migration`);
  native.close();
  return { rows, finished: states[0] === "finished", faults };
}

function open(dataDir: string): Store {
  const ids = uuidv7Source(systemClock, systemRandom);
  return openStore({ dataDir, clock: systemClock, ids });
}

function digestOf(path: string): string {
  return sha256(readFileSync(path));
}
