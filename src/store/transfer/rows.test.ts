import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../base/digest.ts";
import { change } from "../program.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { digestTable, emptyDigest, pagesOf, type Row, rowText, withRow } from "./rows.ts";
import { type StoreTable, tableNamed } from "./tables.ts";

let temporary: TemporaryStore;

beforeEach(() => {
  temporary = temporaryStore();
});
afterEach(() => temporary.remove());

const named = (name: string): StoreTable => {
  const table = tableNamed(name);
  if (table === undefined) throw new TypeError(name);
  return table;
};

async function all(table: StoreTable, from = {}): Promise<readonly Row[]> {
  const found: Row[] = [];
  for await (const page of pagesOf(temporary.store.backend.tables.read, table, from)) {
    found.push(...page);
  }
  return found;
}

test("reads each row once in the table's order, over many pages", async () => {
  const { rows, store } = temporary;
  for (let run = 0; run < 3; run += 1) rows.runs.create(newRun(`run-${run}`));
  await store.backend.tables.write(function* () {
    for (let seq = 1200; seq > 0; seq -= 1) {
      yield* change(
        "INSERT INTO run_events (run_id, seq, at, type, event) VALUES (?, ?, 1, 'x', '{}')",
        `run-${seq % 3}`,
        seq,
      );
    }
  });
  const events = await all(named("run_events"));
  expect(events).toHaveLength(1200);
  const keys = events.map((row) => `${row["run_id"]} ${String(row["seq"]).padStart(5, "0")}`);
  expect(keys).toEqual(keys.toSorted());
  expect(new Set(keys).size).toBe(1200);
  // Only what belongs to the first two runs; the third came later.
  const early = await all(named("run_events"), { parentsUpTo: 2 });
  expect(new Set(early.map((row) => row["run_id"]))).toEqual(new Set(["run-0", "run-1"]));
});

test("keeps pages small where rows are long", async () => {
  const { rows, store } = temporary;
  rows.runs.create(newRun("run-0"));
  await store.backend.tables.write(function* () {
    const event = "x".repeat(400_000);
    for (let seq = 1; seq <= 80; seq += 1) {
      yield* change(
        "INSERT INTO run_events (run_id, seq, at, type, event) VALUES ('run-0', ?, 1, 'x', ?)",
        seq,
        event,
      );
    }
  });
  const sizes: number[] = [];
  for await (const page of pagesOf(store.backend.tables.read, named("run_events"))) {
    sizes.push(page.length);
  }
  expect(sizes.reduce((sum, size) => sum + size)).toBe(80);
  expect(sizes.slice(1).every((size) => size <= 11)).toBe(true);
});

test("gives a table another digest for every change of it, and none for the order of writing", async () => {
  const table = named("runs");
  const { read } = temporary.store.backend.tables;
  expect(await digestTable(read, table)).toEqual(emptyDigest);
  temporary.rows.runs.create(newRun("a"));
  const one = await digestTable(read, table);
  temporary.rows.runs.create(newRun("b"));
  const two = await digestTable(read, table);
  temporary.rows.runs.finish("a", { outcome: "verified", costMicroUsd: 1, unpricedCalls: 0 });
  const changed = await digestTable(read, table);
  expect([one.rows, two.rows, changed.rows]).toEqual([1, 2, 2]);
  expect(new Set([one, two, changed, emptyDigest].map(({ digest }) => digest)).size).toBe(4);
  const chained = (await all(table))
    .map((row) => sha256(rowText(table, row)))
    .reduce(withRow, emptyDigest);
  expect(chained).toEqual(changed);
});

test("spells two rows alike only where they are equal", () => {
  const table = named("signal_keys");
  const row = fc.record({ tenant: fc.string(), key: fc.string(), signal_id: fc.string() });
  fc.assert(
    fc.property(row, row, (one, other) => {
      const same = Object.keys(one).every(
        (name) => Reflect.get(one, name) === Reflect.get(other, name),
      );
      expect(rowText(table, one) === rowText(table, other)).toBe(same);
    }),
  );
  const { tenant, ...rest } = { tenant: "a", key: "b", signal_id: "c" };
  expect(rowText(table, { ...rest, tenant })).toBe(rowText(table, { tenant, ...rest }));
});
