import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { databaseFile, openStore, type Store } from "../store.ts";
import type { SqlSession } from "../sqlite/session.ts";
import { asItStands } from "./checked-text.ts";
import { sealHolds } from "./seal.ts";
import { sealedInsert } from "./sealed-insert.ts";

const columns = "tenant, position, call_id, state, at, record_digest, hash";
const insert = `INSERT INTO audit_chain (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`;

test("gives the seal with a row all of whose columns are parameters", () => {
  expect(sealedInsert(insert)?.text).toBe(
    `INSERT INTO audit_chain (${columns}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const upsert = `${insert}\n ON CONFLICT (tenant, call_id, state) DO UPDATE SET at = ?`;
  expect(sealedInsert(upsert)).toMatchObject({ values: 7 });
  expect(sealedInsert(upsert)?.text).toContain("?, ?) \n ON CONFLICT".replace(" \n", "\n"));
  expect(sealedInsert(insert)?.spelledFrom(["t", 1, "c", "open", 2, "d", "h"])).toEqual([
    2,
    "c",
    "h",
    1,
    "d",
    "open",
    "t",
  ]);
});

test("leaves the seal to the trigger where the row may be kept otherwise than it is given", () => {
  for (const text of [
    "INSERT INTO audit_chain (tenant) VALUES (?)",
    insert.replace("hash)", "tenant)"),
    insert.replace("?)", "'h')"),
    insert.replace("?)", "? || 'h')"),
    `${insert}, (?, ?, ?, ?, ?, ?, ?)`,
    insert.replace("INSERT", "INSERT OR REPLACE"),
    insert.replace("audit_chain", "migrations"),
    `INSERT INTO audit_chain (${columns}) SELECT ?, ?, ?, ?, ?, ?, ?`,
    `INSERT INTO audit_chain (${columns}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ]) {
    expect(sealedInsert(text), text).toBeUndefined();
  }
  const known = sealedInsert(insert);
  for (const wrong of [1.5, 2n, "1", new Uint8Array(1), 2 ** 60]) {
    expect(known?.spelledFrom(["t", wrong, "c", "open", 2, "d", "h"])).toBeUndefined();
  }
  expect(known?.spelledFrom([1, 1, "c", "open", 2, "d", "h"])).toBeUndefined();
});

let folder: string;
let store: Store;
let other: DatabaseSync;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-sealed-insert-"));
  store = openStore({
    dataDir: folder,
    clock: manualClock(),
    ids: () => "id",
    synchronous: "normal",
  });
  other = new DatabaseSync(join(folder, databaseFile));
  store.transactions.transaction((sql) =>
    sql.run(
      `INSERT INTO durable_runs (run_id, workflow, version, input, state, created_at, updated_at)
       VALUES ('r', 'w', 1, 'null', 'running', 0, 0)`,
    ),
  );
});
afterAll(() => {
  other.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const stepColumns = `run_id, position, kind, name, input_digest, repeat, state, result, deadline,
  finish_order, started_at, finished_at`;
const insertStep = `INSERT INTO durable_steps (${stepColumns})
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

test("a seal that is given holds of the row as SQLite spells it, whatever the values are", () => {
  let position = 0;
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "|", "a\ud800b", "5"));
  const number = fc.oneof(fc.maxSafeInteger(), fc.constant(-0));
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
  const holds = (sql: SqlSession) =>
    fc.property(text, maybe(text), maybe(text), maybe(number), number, (...values) => {
      const [name, digest, result, order, at] = values;
      position += 1;
      sql.run(
        insertStep,
        ...(["r", position, "call", name, digest, "safe", "completed", result] as const),
        ...([null, order, at, null] as const),
      );
      const row = sql.get(
        `SELECT seal, spelled FROM ${asItStands} durable_steps WHERE run_id = 'r' AND position = ?`,
        position,
      );
      expect(sealHolds("durable_steps", row?.["seal"], String(row?.["spelled"]))).toBe(true);
    });
  store.transactions.transaction((sql) => fc.assert(holds(sql), { numRuns: 200 }));
});

test("a row whose seal is given is written once", () => {
  const values = (position: number) =>
    ["r", position, "call", "n", null, "safe", "completed", null, null, 1, 2, null] as const;
  const changes = store.transactions.transaction((sql) => {
    const all = (): unknown => sql.get("SELECT total_changes() AS n")?.["n"];
    const before = Number(all());
    sql.run(insertStep, ...values(10_001));
    return Number(all()) - before;
  });
  expect(changes).toBe(1);
});

test("a row that is given with a seal of other values is in no answer", () => {
  const fromElsewhere = `INSERT INTO durable_steps (${stepColumns}, seal)
    SELECT 'r', -1, kind, name, input_digest, repeat, state, result, deadline, finish_order,
      started_at, finished_at, seal FROM durable_steps LIMIT 1`;
  other.exec(fromElsewhere);
  store.transactions.snapshot((sql) => {
    expect(() =>
      sql.get("SELECT name FROM durable_steps WHERE run_id = 'r' AND position = -1"),
    ).toThrowError(expect.objectContaining({ code: "store.bad_row" }));
  });
  other.exec("DELETE FROM durable_steps WHERE position = -1");
});
