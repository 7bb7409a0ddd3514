import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { systemClock } from "../base/clock.ts";
import type { ApprovalStore, AuditSink, IdempotencyLedger } from "../boundary/ports.ts";
import type { TransactionRunner } from "../durable/ports.ts";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { callRecord } from "./conformance/audit.cases.ts";
import { migrations } from "./schema/migrations.ts";
import { inMemory, openDatabase } from "./sqlite/database.ts";
import { migrate } from "./sqlite/migrations.ts";
import { newRun, type TemporaryStore, temporaryStore } from "./store.fixture.ts";
import { databaseFile, openStore, type Store } from "./store.ts";

grantTests("writes to a store from other processes", { spawn: true });

let root = "";
let temporary: TemporaryStore;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "agent33-store-test-"));
  temporary = temporaryStore();
});

afterEach(() => {
  temporary.remove();
  rmSync(root, { recursive: true, force: true });
});

function open(dataDir: string): Store {
  return openStore({ dataDir, clock: systemClock, ids: () => "id" });
}

const say = (text: string): NewEvent => ({ type: "message.user", text });
const texts = (events: readonly StoredEvent[]): unknown[] =>
  events.map((event) => (event.type === "message.user" ? event.text : event.type));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("openStore", () => {
  test("makes the folder, for its owner only, and keeps what is written", () => {
    const dataDir = join(root, "deep", "data");
    const first = open(dataDir);
    first.tenant("a").runs.create(newRun("one"));
    first.close();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const second = open(dataDir);
    expect(second.tenant("a").runs.get("one")?.spec).toEqual(newRun("one").spec);
    second.close();
  });

  test("keeps a store in memory to itself and on no disk", () => {
    const [one, other] = [open(inMemory), open(inMemory)];
    one.tenant("a").runs.create(newRun("one"));
    expect(other.tenant("a").runs.get("one")).toBeUndefined();
    expect([one.backend.kind, one.dataDir]).toEqual(["memory", inMemory]);
    expect(statSync(inMemory, { throwIfNoEntry: false })).toBeUndefined();
    one.close();
    other.close();
  });

  test("says which folder cannot be made and what to do", () => {
    const file = join(root, "file");
    writeFileSync(file, "in the way");
    for (const dataDir of [file, join(file, "data")]) {
      expect(() => open(dataDir)).toThrowError(
        expect.objectContaining({
          code: "store.data_folder",
          message: expect.stringContaining(dataDir),
          hint: expect.stringContaining("--data"),
        }),
      );
    }
  });

  test("refuses another program's database and leaves it as it is", () => {
    const path = join(root, databaseFile);
    const foreign = Buffer.from(
      "this is not a database at all, not even nearly so, just text ".repeat(20),
    );
    writeFileSync(path, foreign);
    expect(() => open(root)).toThrowError(expect.objectContaining({ code: "store.not_a_store" }));
    expect(readFileSync(path).equals(foreign)).toBe(true);
  });

  test("refuses a store of an older schema until it is brought up to date, and leaves it as it is", () => {
    const path = join(root, databaseFile);
    const old = openDatabase({ path });
    migrate(old, systemClock, migrations.slice(0, 1));
    old.close();
    const before = readFileSync(path);
    expect(() => open(root)).toThrowError(
      expect.objectContaining({
        code: "store.older_schema",
        details: { path, found: 1, known: migrations.length },
        hint: expect.stringContaining("store migrate"),
      }),
    );
    expect(readFileSync(path).equals(before)).toBe(true);
    const again = openDatabase({ path });
    migrate(again, systemClock);
    again.close();
    open(root).close();
  });

  test("opens and reads while another process writes", () => {
    const other = openDatabase({ path: join(temporary.dataDir, databaseFile) });
    temporary.rows.runs.create(newRun("one"));
    other.transaction(() => {
      expect(temporary.reopen().tenant("local").runs.get("one")?.id).toBe("one");
    });
    other.close();
  });
});

describe("the functions that have committed when they return", () => {
  test("fit the ports of the rooms that the store serves", () => {
    const sink: AuditSink = temporary.rows.audit;
    const approvals: ApprovalStore = temporary.rows.approvals;
    const ledger: IdempotencyLedger = temporary.rows.idempotency;
    const transactions: TransactionRunner = temporary.store.transactions;
    expect(ledger.reserve("key", undefined, 1)).toBe("fresh");
    expect(transactions.transaction((sql) => sql.get("SELECT 1 AS one"))).toEqual({ one: 1 });
    expect([typeof sink.open, typeof approvals.request]).toEqual(["function", "function"]);
  });

  test("show one opening what another has written", () => {
    const other = temporary.reopen().tenant("local");
    temporary.rows.runs.create(newRun("one"));
    other.runLog.append("one", [say("from the other")]);
    expect(temporary.rows.runLog.read("one")).toMatchObject([{ seq: 1, text: "from the other" }]);
    expect(temporary.rows.idempotency.reserve("key", "one", 1)).toBe("fresh");
    expect(other.idempotency.reserve("key", "one", 2)).toBe("started");
    temporary.rows.idempotency.finish("key", 3);
    expect(other.idempotency.reserve("key", undefined, 4)).toBe("finished");
  });

  test("leave a call open whose process died before its end", () => {
    temporary.rows.audit.open(callRecord("call"));
    temporary.store.close();
    expect(temporary.reopen().tenant("local").audit.get("call")).toMatchObject({
      state: "open",
      outcome: "open",
    });
  });

  test("join the transaction that is open, of every tenant, and go with it", () => {
    const { store } = temporary;
    const [a, b] = [store.tenant("a"), store.tenant("b")];
    const both = (fail: boolean): void =>
      store.transactions.transaction(() => {
        a.runs.create(newRun("of-a"));
        b.idempotency.reserve("key", undefined, 1);
        expect(a.runs.get("of-a")?.tenant).toBe("a");
        if (fail) throw new Error("no");
      });
    expect(() => both(true)).toThrow("no");
    expect(a.runs.list().items).toEqual([]);
    both(false);
    expect(a.runs.list().items).toHaveLength(1);
    expect(b.idempotency.reserve("key", undefined, 2)).toBe("started");
  });

  test("show what promises have written, and the other way round", async () => {
    const { backend } = temporary.store;
    await backend.tenant("local").runs.create(newRun("later"));
    expect(temporary.rows.runs.get("later")?.id).toBe("later");
    temporary.rows.runLog.append("later", [say("now")]);
    expect(texts(await backend.tenant("local").runLog.read("later"))).toEqual(["now"]);
  });
});

describe("appends", () => {
  beforeEach(() => {
    for (const id of ["run", "other", "shared"]) temporary.rows.runs.create(newRun(id));
  });

  test("are told to listeners after the commit, and what was rolled back never", () => {
    const { store, rows } = temporary;
    const told: unknown[] = [];
    const stop = store.onAppend((events) => told.push(...texts(events)));
    store.transactions.transaction(() => {
      rows.runLog.append("run", [say("a")]);
      rows.runLog.append("run", [say("b"), say("c")]);
      expect(told).toEqual([]);
    });
    expect(told).toEqual(["a", "b", "c"]);
    expect(() =>
      store.transactions.transaction(() => {
        rows.runLog.append("run", [say("never")]);
        throw new Error("no");
      }),
    ).toThrow("no");
    rows.runLog.append("run", [say("d")]);
    expect(told).toEqual(["a", "b", "c", "d"]);
    expect(rows.runLog.read("run").map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    stop();
    rows.runLog.append("run", [say("e")]);
    expect(told).toHaveLength(4);
  });

  test("are told of every tenant, and to a listener twice that subscribed twice", () => {
    const { store, rows } = temporary;
    const told: unknown[] = [];
    const listener = (events: readonly StoredEvent[]): void => {
      told.push(...texts(events));
    };
    const [first] = [store.onAppend(listener), store.onAppend(listener)];
    store.tenant("b").runs.create(newRun("of-b"));
    store.tenant("b").runLog.append("of-b", [say("b")]);
    expect(told).toEqual(["b", "b"]);
    first();
    rows.runLog.append("run", [say("a")]);
    expect(told).toEqual(["b", "b", "a"]);
  });

  test("are gap-free under any interleaving of two writers, transactions and rollbacks", () => {
    const action = fc.record({
      writer: fc.integer({ min: 0, max: 1 }),
      run: fc.constantFrom("run", "other"),
      batches: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
      rollback: fc.boolean(),
    });
    const writers = [temporary.store, temporary.reopen()];
    const expected: Record<string, number> = { run: 0, other: 0 };
    fc.assert(
      fc.property(fc.array(action, { maxLength: 10 }), (actions) => {
        for (const { writer, run, batches, rollback } of actions) {
          const { transactions, tenant } = writers[writer]!;
          const { runLog } = tenant("local");
          const write = (): void =>
            transactions.transaction(() => {
              for (const size of batches)
                runLog.append(
                  run,
                  upTo(size).map(() => say("x")),
                );
              if (rollback) throw new Error("rollback");
            });
          if (rollback) expect(write).toThrow("rollback");
          else {
            write();
            expected[run] = (expected[run] ?? 0) + batches.reduce((sum, size) => sum + size, 0);
          }
        }
        for (const [run, count] of Object.entries(expected)) {
          const seqs = temporary.rows.runLog.read(run).map(({ seq }) => seq);
          expect(seqs).toEqual(upTo(count));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("are gap-free when two processes write at once", async () => {
    const program = fileURLToPath(new URL("./sqlite/writer.fixture.ts", import.meta.url));
    const count = 60;
    const exits = ["left", "right"].map(async (name) => {
      const child = spawn(process.execPath, [program, temporary.dataDir, name, String(count)], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      return (await once(child, "exit"))[0] as unknown;
    });
    expect(await Promise.all(exits)).toEqual([0, 0]);
    const { runLog } = temporary.rows;
    for (const name of ["left", "right"]) {
      expect(texts(runLog.read(name))).toEqual(upTo(count).map((at) => `${name} ${at - 1}`));
    }
    const shared = runLog.read("shared");
    expect(shared.map(({ seq }) => seq)).toEqual(upTo(4 * count));
    // An append is one piece: nobody writes between its events.
    for (let index = 0; index < shared.length; index += 2) {
      const [first, second] = texts(shared.slice(index, index + 2));
      expect(second).toBe(`${String(first)} again`);
    }
  });
});

describe("close", () => {
  test("of the backend waits for writes, of the store does not, and neither hangs", async () => {
    const { store } = temporary;
    const kept = store.backend.tenant("a").runs.create(newRun("kept"));
    await store.backend.close();
    expect((await kept).id).toBe("kept");
    const second = temporary.reopen();
    const lost = second.backend.tenant("a").runs.create(newRun("lost"));
    second.close();
    await expect(lost).rejects.toMatchObject({ code: expect.stringMatching(/^store\./) });
    const third = temporary.reopen().tenant("a");
    expect(third.runs.list().items.map(({ id }) => id)).toEqual(["kept"]);
    store.close();
  });
});
