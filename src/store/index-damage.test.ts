import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { parseNewSignal } from "../learning/signal.ts";
import { openDatabase } from "./sqlite/database.ts";
import { newRun } from "./store.fixture.ts";
import { databaseFile, openStore, type Store } from "./store.ts";

// One altered byte of an index is enough to end a search in it before its time. Nothing is wrong
// with the rows themselves then, so no checksum of a row can tell.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-index-damage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const opened = (): Store =>
  openStore({
    dataDir: folder,
    clock: manualClock(),
    ids: () => `id-${(made += 1)}`,
    synchronous: "normal",
    startCheckMs: 0,
  });

/** A file with one byte of a text in an index altered: of the entry that has so many before it. */
function altered(sound: Buffer, index: string, text: string, entry: number, by: number): Buffer {
  const database = openDatabase({ path: join(folder, databaseFile) });
  const found = database.sql.get("SELECT rootpage FROM sqlite_schema WHERE name = ?", index);
  const pageSize = Number(database.sql.get("PRAGMA page_size")?.["page_size"]);
  database.close();
  const bytes = Buffer.from(sound);
  const page = (Number(found?.["rootpage"]) - 1) * pageSize;
  expect(bytes[page], "the index is one leaf").toBe(10);
  const cell = page + bytes.readUInt16BE(page + 8 + 2 * entry);
  const at = bytes.indexOf(text, cell);
  bytes[at] = (bytes[at] ?? 0) + by;
  return bytes;
}

const many = 30;

function fill(): void {
  const store = opened();
  const rows = store.tenant("acme");
  for (let count = 0; count < many; count += 1) {
    const signal = { type: "bug", severity: "low", summary: `${count}` } as const;
    rows.signals.record(parseNewSignal(signal), { dedupeWindowMs: 0 });
  }
  rows.runs.create(newRun("run"));
  const event = { type: "message.user", text: "Hello" } as const;
  rows.runLog.append(
    "run",
    Array.from({ length: many }, () => event),
  );
  store.close();
}

/** What is read of a store in which one entry of an index was altered, for each entry and way. */
function readsOf<T>(index: string, text: string, read: (store: Store) => T) {
  fill();
  const path = join(folder, databaseFile);
  const sound = readFileSync(path);
  return Array.from({ length: 2 * many }, (_, way) => {
    const entry = way % many;
    writeFileSync(path, sound);
    writeFileSync(path, altered(sound, index, text, entry, way < many ? 1 : -1));
    const store = opened();
    try {
      return { entry, found: read(store) };
    } catch (error) {
      return { entry, refused: error };
    } finally {
      store.close();
    }
  });
}

const refusals = (reads: readonly { readonly refused?: unknown }[]): number =>
  reads.filter(({ refused }) => refused !== undefined).length;

test("no list is short without a word where a byte of its index was altered", () => {
  const reads = readsOf("signals_by_tenant", "acme", (store) => {
    const { items, damaged } = store.tenant("acme").signals.list({ limit: 100 });
    return items.length + (damaged?.length ?? 0);
  });
  for (const { entry, found, refused } of reads) {
    if (refused !== undefined) expect(refused).toMatchObject({ code: "store.corrupt" });
    else expect(found, `entry ${entry}`).toBe(many);
  }
  expect(refusals(reads)).toBeGreaterThan(many / 2);
});

test("nor where it is read in pages", () => {
  const reads = readsOf("signals_by_tenant", "acme", (store) => {
    let [count, cursor]: [number, string | null] = [0, ""];
    while (cursor !== null) {
      const from = cursor === "" ? {} : { cursor };
      const page = store.tenant("acme").signals.list({ limit: 7, ...from });
      count += page.items.length + (page.damaged?.length ?? 0);
      cursor = page.nextCursor;
    }
    return count;
  });
  for (const { entry, found, refused } of reads) {
    if (refused !== undefined) expect(refused).toMatchObject({ code: "store.corrupt" });
    else expect(found, `entry ${entry}`).toBe(many);
  }
  expect(refusals(reads)).toBeGreaterThan(many / 2);
});

test("no log is short without a word where a byte of its index was altered", () => {
  const reads = readsOf(
    "sqlite_autoindex_run_events_1",
    "run",
    (store) => store.tenant("acme").runLog.read("run").length,
  );
  for (const { entry, found, refused } of reads) {
    if (refused === undefined) expect(found, `entry ${entry}`).toBe(many);
    else
      expect(refused).toHaveProperty("code", expect.stringMatching(/^store\.(corrupt|bad_row)$/));
  }
  expect(refusals(reads)).toBeGreaterThan(many);
});
