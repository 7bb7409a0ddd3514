import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { type Random, seededRandom, systemRandom } from "../../src/base/random.ts";
import { parseNewSignal } from "../../src/learning/signal.ts";
import { migrations } from "../../src/store/schema/migrations.ts";
import { checkSnapshot } from "../../src/store/sqlite/snapshot.ts";
import { openStore } from "../../src/store/store.ts";
import { upgradeStore } from "../../src/store/upgrade.ts";
import { runCli } from "../support/cli.ts";
import {
  backupsOf,
  between,
  copyStore,
  databaseOfBackup,
  partialsOf,
  removeFolder,
  waitMs,
} from "./store-bench.ts";
import { type StoreChild, startChild } from "./store-child.ts";
import type { Control } from "./store-kill-controls.ts";
import type { MigrateTotals, RoundResult } from "./store-migrate-report.ts";
import { descendantsOf, gone } from "./store-process-tree.ts";
import { type Contents, contentsOf, makeVersionOne, tenantFaults } from "./store-version-one.ts";

const newest = migrations.length;
const tenant = "default";

/** A store of version 1 that every round gets a copy of, and how long bringing it up takes. */
export interface UpgradeBench {
  readonly folder: string;
  readonly template: string;
  readonly contents: Contents;
  /** Milliseconds from one note of the process to the next. */
  readonly takes: { readonly all: number; readonly copy: number; readonly schema: number };
  close(): void;
}

export async function makeUpgradeBench(folder: string): Promise<UpgradeBench> {
  const template = join(folder, "version-1");
  const native = makeVersionOne(template);
  const contents = contentsOf(native);
  const trial = join(folder, "trial");
  let takes = { all: 0, copy: 0, schema: 0 };
  // The second time is the one that counts: the first one compiles.
  for (let time = 0; time < 2; time += 1) {
    removeFolder(trial);
    copyStore(template, trial);
    const at: Record<string, number> = {};
    const child = startUpgrade(trial);
    for (const name of ["ready", "copies", "backed up", "done"]) {
      await reached(child, trial, name);
      at[name] = performance.now();
    }
    await child.ended;
    const ms = (from: string, to: string) => (at[to] ?? 0) - (at[from] ?? 0);
    takes = {
      all: ms("ready", "done"),
      copy: ms("copies", "backed up"),
      schema: ms("backed up", "done"),
    };
  }
  return { folder, template, contents, takes, close: () => native.close() };
}

/** Faults that an upgrade must not leave, in a store that is up to date. */
const planted: Readonly<Record<string, string>> = {
  "a lost row": "DELETE FROM audit WHERE seq = 7",
  "a changed row": "UPDATE runs SET task = 'other' WHERE id = 'run-7'",
  "a doubled row": `INSERT INTO idempotency (tenant, key, run_id, state, started_at, finished_at)
     SELECT 'x', key, run_id, state, 1, 2 FROM idempotency LIMIT 1`,
  "a wrong tenant": "UPDATE approvals SET tenant = 'other' WHERE seq = 7",
  "a missing table": "DROP TABLE transfers",
  "a version without its step": "PRAGMA user_version = 1",
  "a step without its version": "DELETE FROM migrations WHERE version = 2",
};

/** Shows that the rounds can fail. */
export function upgradeControls(bench: UpgradeBench): readonly Control[] {
  const trial = join(bench.folder, "trial");
  return Object.entries(planted).map(([name, sql]) => {
    const dataDir = join(bench.folder, "planted");
    const native = new DatabaseSync(copyStore(trial, dataDir));
    native.exec(sql);
    native.close();
    const faults: string[] = [];
    look(dataDir, bench.contents, faults);
    return { name: `seen in an upgrade: ${name}`, seen: faults.length > 0 };
  });
}

interface Plan {
  /** `copies` is when the backup's file appears. */
  readonly after: "ready" | "copies" | "backed up";
  readonly ms: number;
  /** Whether the process that takes the backup is killed, too. */
  readonly withChildren: boolean;
  /** A second process that brings up the same store at the same time and is left alone. */
  readonly pair: boolean;
}

function planOf(random: Random, { all, copy, schema }: UpgradeBench["takes"]): Plan {
  const kind = random.next();
  const withChildren = random.next() < 0.5;
  const pair = random.next() < 0.15;
  if (kind < 0.2) return { after: "ready", ms: between(random, 0, all), withChildren, pair };
  if (kind < 0.4) return { after: "copies", ms: between(random, 0, copy), withChildren, pair };
  return { after: "backed up", ms: between(random, 0, schema * 1.1), withChildren, pair };
}

/** Kills one process that brings a store of version 1 up to date, looks, and lets it be finished. */
export async function upgradeRound(
  bench: UpgradeBench,
  seed: number,
  totals: MigrateTotals,
): Promise<RoundResult> {
  const plan = planOf(seededRandom(seed), bench.takes);
  const dataDir = join(bench.folder, `upgrade-${seed}`);
  copyStore(bench.template, dataDir);
  const faults: string[] = [];
  const child = startUpgrade(dataDir);
  const other = plan.pair ? startUpgrade(dataDir) : undefined;
  await reached(child, dataDir, plan.after);
  await waitMs(plan.ms);
  const started = descendantsOf(child.process.pid ?? 0);
  child.process.kill("SIGKILL");
  if (plan.withChildren) for (const pid of started) process.kill(pid, "SIGKILL");
  await child.ended;
  await gone(started);
  if (other !== undefined) faults.push(...(await finished(other)));

  const after = look(dataDir, bench.contents, faults);
  const where = `killed ${plan.ms.toFixed(1)} ms after "${plan.after}"${plan.withChildren ? " with its children" : ""}${plan.pair ? ", another went on" : ""}`;
  const count = after.version === newest ? "new" : "old";
  totals.found[count] += 1;
  if (after.version === newest && backupsOf(dataDir).length === 0)
    faults.push("no backup is there");

  // What is written between the kill and the next start must still be there at the end.
  const changed = await changeBetween(dataDir, after.version, seed);
  const resumed = await runCli(["store", "migrate", "--data", dataDir, "--json"]);
  if (resumed.code !== 0)
    faults.push(`the next start ended with ${resumed.code}: ${resumed.stderr}`);
  const end = look(dataDir, changed.contents, faults);
  if (end.version !== newest) faults.push(`still version ${end.version} in the end`);
  faults.push(...changed.check());
  const backups = backupsOf(dataDir);
  if (backups.length === 0) faults.push("no backup is there in the end");
  if (after.version !== newest) {
    const last = databaseOfBackup(backups.at(-1) ?? "", `${dataDir}-backup.db`);
    const native = new DatabaseSync(last, { readOnly: true });
    if (contentsOf(native).digest !== changed.contents.digest) {
      faults.push("the last backup is not of the store as it was");
    }
    native.close();
    removeFolder(last);
  }
  const again = await upgradeStore({
    dataDir,
    clock: systemClock,
    snapshot: () => Promise.reject(new TypeError("A current store needs no copy.")),
    backUp: () => Promise.reject(new TypeError("A current store needs no backup.")),
  });
  if (again.from !== newest || again.backup !== null) faults.push("a third time did something");
  totals.partials += partialsOf(dataDir);
  if (faults.length === 0) removeFolder(dataDir);
  return { line: `upgrade, seed ${seed}: ${where}: version ${after.version}`, faults };
}

/** Waits for the moment from which the kill is counted. */
async function reached(child: StoreChild, dataDir: string, moment: string): Promise<void> {
  if (moment !== "copies") await child.said(moment);
  else
    while (partialsOf(dataDir) + backupsOf(dataDir).length === 0) await new Promise(setImmediate);
}

function startUpgrade(dataDir: string): StoreChild {
  return startChild("store-upgrader", { dataDir }, `${dataDir}.txt`);
}

async function finished(child: StoreChild): Promise<readonly string[]> {
  const { code } = await child.ended;
  const failure = child.notes.find(({ note }) => note === "failed");
  if (failure !== undefined) return [JSON.stringify(failure)];
  if (code !== 0 || child.complaints() !== "") return [`ended with ${code}: ${child.complaints()}`];
  return child.notes.some(({ note }) => note === "done") ? [] : ["it did not finish"];
}

/** The store as it is: whole, of one version, with the rows that it must have. */
export function look(
  dataDir: string,
  contents: Contents,
  faults: string[],
): { readonly version: number } {
  const native = new DatabaseSync(copyStore(dataDir, `${dataDir}-copy`));
  const one = (sql: string) => Object.values(native.prepare(sql).get() ?? {})[0];
  const integrity = String(one("PRAGMA integrity_check"));
  if (integrity !== "ok") faults.push(`integrity: ${integrity}`);
  if (native.prepare("PRAGMA foreign_key_check").all().length > 0)
    faults.push("dangling references");
  const version = Number(one("PRAGMA user_version"));
  const history = Number(one("SELECT max(version) FROM migrations"));
  const steps = Number(one("SELECT count(*) FROM migrations"));
  if (history !== version || steps !== version)
    faults.push(`version ${version} with ${steps} steps`);
  const learning = Number(one("SELECT count(*) FROM sqlite_schema WHERE name = 'transfers'"));
  const bound = Number(
    one("SELECT count(*) FROM pragma_table_info('audit') WHERE name = 'tenant'"),
  );
  const boundary = Number(one("SELECT count(*) FROM sqlite_schema WHERE name = 'limit_uses'"));
  const linked = Number(
    one("SELECT count(*) FROM pragma_table_info('audit') WHERE name = 'unchained'"),
  );
  const second = version >= 2 ? 1 : 0;
  const third = version >= 3 ? 1 : 0;
  if (learning !== second || bound !== second || boundary !== third || linked !== third)
    faults.push(`version ${version} is half-way`);
  const found = contentsOf(native);
  if (found.digest !== contents.digest) {
    faults.push(`rows ${JSON.stringify(found.rows)} instead of ${JSON.stringify(contents.rows)}`);
  }
  if (version >= 2) faults.push(...tenantFaults(native));
  native.close();
  removeFolder(`${dataDir}-copy`);
  for (const path of backupsOf(dataDir)) {
    try {
      const plain = databaseOfBackup(path, `${dataDir}-backup.db`);
      const { schemaVersion } = checkSnapshot(plain);
      removeFolder(plain);
      // A kill between two steps leaves a version between, of which the next start makes a backup.
      if (schemaVersion >= newest) faults.push(`the backup ${path} has version ${schemaVersion}`);
    } catch (error) {
      faults.push(`the backup ${path} is not whole: ${String(error)}`);
    }
  }
  return { version };
}

/** Somebody goes on working between the kill and the next start. */
async function changeBetween(
  dataDir: string,
  version: number,
  seed: number,
): Promise<{ readonly contents: Contents; check(): readonly string[] }> {
  const path = join(dataDir, "agent33.db");
  const inFile = <T>(work: (native: DatabaseSync) => T): T => {
    const native = new DatabaseSync(path);
    try {
      return work(native);
    } finally {
      native.close();
    }
  };
  inFile((native) => {
    native.prepare("UPDATE runs SET outcome = ? WHERE id = 'run-1'").run(`changed ${seed}`);
    native.exec(
      "INSERT INTO run_events (run_id, seq, at, type, event) VALUES ('run-2', 99, 99, 'message.user', '{}')",
    );
  });
  let signalId: string | undefined;
  if (version === newest) {
    const ids = uuidv7Source(systemClock, systemRandom);
    const store = openStore({ dataDir, clock: systemClock, ids });
    const { signals } = store.backend.tenant(tenant);
    const input = parseNewSignal({ type: "bug", severity: "low", summary: `Seen in ${seed}` });
    const { signal } = await signals.record(input, { dedupeWindowMs: 0 });
    signalId = signal.id;
    await signals.transition(signalId, "acknowledged", "somebody", "It was looked at.");
    store.close();
  }
  return {
    contents: inFile(contentsOf),
    check: () =>
      inFile((native) => {
        if (signalId === undefined) return [];
        const row = native.prepare("SELECT state FROM signals WHERE id = ?").get(signalId);
        return row?.["state"] === "acknowledged" ? [] : ["a newer signal was overwritten"];
      }),
  };
}
