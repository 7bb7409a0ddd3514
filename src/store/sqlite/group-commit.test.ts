import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { BusyNotice } from "../backend.ts";
import { change, first, type Program } from "../program.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./database.ts";
import { createGroupCommit, type GroupCommit } from "./group-commit.ts";
import { holdLock, type LockHolder } from "./lock-holder.fixture.ts";

let folder = "";
let path = "";
let databases: Database[] = [];
let holder: LockHolder | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-group-"));
  path = join(folder, "agent33.db");
});

afterEach(async () => {
  await holder?.kill();
  holder = undefined;
  for (const database of databases) database.close();
  databases = [];
  rmSync(folder, { recursive: true, force: true });
});

/** Runs ten times as fast, so that what is told after a second comes soon. */
function fastClock(): Clock {
  return {
    now: () => 0,
    monotonic: () => systemClock.monotonic() * 10,
    sleep: systemClock.sleep,
  };
}

interface Bench {
  readonly database: Database;
  readonly writer: GroupCommit;
  readonly notices: BusyNotice[];
  /** Transactions that were begun, or tried. */
  begun(): number;
}

function bench(
  options: Partial<DatabaseOptions> = {},
  onBusy?: (notice: BusyNotice) => void,
): Bench {
  const database = openDatabase({ path, synchronous: "normal", ...options });
  databases.push(database);
  database.script("PRAGMA application_id = 1093874508");
  database.script("CREATE TABLE IF NOT EXISTS t (a ANY UNIQUE) STRICT");
  const notices: BusyNotice[] = [];
  let begun = 0;
  const counted: Database = {
    ...database,
    transactionNow: (work) => {
      begun += 1;
      return database.transactionNow(work);
    },
  };
  const writer = createGroupCommit({
    database: counted,
    clock: fastClock(),
    onBusy: (notice) => {
      notices.push(notice);
      onBusy?.(notice);
    },
  });
  return { database, writer, notices, begun: () => begun };
}

const insert = (value: unknown) => () => change("INSERT INTO t (a) VALUES (?)", value as number);
const stored = (from: string = path): unknown[] => {
  const other = new DatabaseSync(from);
  const found = other.prepare("SELECT a FROM t ORDER BY rowid").all();
  other.close();
  return found.map((row) => row["a"]);
};
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const rejection = (promise: Promise<unknown>): Promise<{ readonly code?: string }> =>
  promise.then(
    () => ({}),
    (error: { readonly code?: string }) => error,
  );

describe("a batch", () => {
  test("is what has gathered, in order, in one transaction", async () => {
    const { writer, begun } = bench();
    const done = await Promise.all(numbers(100).map((value) => writer.submit(insert(value))));
    expect(done).toEqual(numbers(100).map(() => 1));
    expect(stored()).toEqual(numbers(100));
    expect(begun()).toBe(1);
  });

  test("is bounded, so that other processes get their turn", async () => {
    const { writer, begun } = bench();
    await Promise.all(numbers(1100).map((value) => writer.submit(insert(value))));
    expect(stored()).toEqual(numbers(1100));
    expect(begun()).toBe(3);
  });

  test("is on disk when its writers are told", async () => {
    const { writer } = bench();
    const seen = await Promise.all(
      numbers(5).map((value) => writer.submit(insert(value)).then(() => stored().length)),
    );
    expect(seen).toEqual([5, 5, 5, 5, 5]);
  });

  test("loses nothing to a part that fails", async () => {
    const { writer, begun } = bench();
    const faulty = (value: number): (() => Program<void>) =>
      function* () {
        yield* insert(value)();
        throw new Error(`fault ${value}`);
      };
    const results = await Promise.allSettled([
      writer.submit(insert(1)),
      writer.submit(faulty(2)),
      writer.submit(insert(1)),
      writer.submit(function* () {
        yield* insert(3)();
        yield* insert(1)();
      }),
      writer.submit(insert(4)),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(results[1]).toMatchObject({ reason: { message: "fault 2" } });
    expect(results[2]).toMatchObject({ reason: { code: "store.failed" } });
    expect(stored()).toEqual([1, 4]);
    // The first try makes no savepoints and is undone as a whole.
    expect(begun()).toBe(2);
  });

  test("is run once where a part that fails had only read", async () => {
    const { writer, begun } = bench();
    const refused = function* (): Program<never> {
      yield* first("SELECT count(*) AS count FROM t");
      throw new Error("refused");
    };
    const results = await Promise.allSettled([
      writer.submit(insert(1)),
      writer.submit(refused),
      writer.submit(insert(2)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(stored()).toEqual([1, 2]);
    expect(begun()).toBe(1);
  });

  test("is run again where a part that fails had written, in whatever words", async () => {
    const { writer, begun } = bench();
    const disguised = function* (): Program<never> {
      yield* first("WITH n (a) AS (SELECT 7) INSERT INTO t SELECT a FROM n RETURNING a");
      throw new Error("refused");
    };
    const results = await Promise.allSettled([writer.submit(insert(1)), writer.submit(disguised)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(stored()).toEqual([1]);
    expect(begun()).toBe(2);
  });

  test("keeps exactly what succeeds, whatever its parts do", { timeout: 60_000 }, async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("insert" as const), value: fc.nat(30) }),
      fc.record({ kind: fc.constantFrom("count", "fail", "bad sql") }),
    );
    const batch = fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(batch, async (parts) => {
        round += 1;
        path = join(folder, `round-${round}.db`);
        const { writer, database } = bench();
        const kept: number[] = [];
        const expected = parts.map((steps) => {
          const mine: number[] = [];
          for (const one of steps) {
            const clash = "value" in one && [...kept, ...mine].includes(one.value);
            if (clash || one.kind === "fail" || one.kind === "bad sql") return "rejected";
            if ("value" in one) mine.push(one.value);
          }
          kept.push(...mine);
          return "fulfilled";
        });
        const results = await Promise.allSettled(
          parts.map((steps) =>
            writer.submit(function* (): Program<void> {
              for (const one of steps) {
                if ("value" in one) yield* insert(one.value)();
                else if (one.kind === "count") yield* first("SELECT count(*) FROM t");
                else if (one.kind === "bad sql") yield* change("UPDATE nothing SET a = 1");
                else throw new Error("fault");
              }
            }),
          ),
        );
        expect(results.map(({ status }) => status)).toEqual(expected);
        expect(stored()).toEqual(kept);
        database.close();
      }),
      { numRuns: 150 },
    );
  });

  test("reads what the parts before it wrote", async () => {
    const { writer } = bench();
    const count = function* (): Program<unknown> {
      return (yield* first("SELECT count(*) AS count FROM t"))?.["count"];
    };
    const results = [writer.submit(insert(1)), writer.submit(count), writer.submit(insert(2))];
    expect(await Promise.all([...results, writer.submit(count)])).toEqual([1, 1, 1, 2]);
  });

  test("fails as a whole, and keeps nothing, when SQLite ends its transaction", async () => {
    const { writer } = bench();
    await writer.submit(insert("there"));
    const ending = (): Program<number> => change("INSERT OR ROLLBACK INTO t VALUES ('there')");
    const results = await Promise.allSettled([
      writer.submit(insert("before")),
      writer.submit(ending),
      writer.submit(insert("first after")),
      writer.submit(insert("second after")),
    ]);
    expect(results.map(({ status }) => status)).toEqual(numbers(4).map(() => "rejected"));
    expect(stored()).toEqual(["there"]);
    await writer.submit(insert("on"));
    expect(stored()).toEqual(["there", "on"]);
  });

  test("keeps what it acknowledged, and only that, where the file may not grow", async () => {
    const { database, writer } = bench();
    await writer.submit(insert("small"));
    database.sql.get("PRAGMA max_page_count = 8");
    const [small, big, other] = await Promise.allSettled([
      writer.submit(insert("before")),
      writer.submit(insert("x".repeat(100_000))),
      writer.submit(insert("after")),
    ]);
    expect(big).toMatchObject({ status: "rejected", reason: { code: "store.full" } });
    expect(stored()).toEqual([
      "small",
      ...(small?.status === "fulfilled" ? ["before"] : []),
      ...(other?.status === "fulfilled" ? ["after"] : []),
    ]);
    await writer.submit(insert("on"));
    expect(stored().at(-1)).toBe("on");
  });
});

describe("while another process holds the lock", () => {
  test("reads go on, the thread is free, and writes wait until it is released", async () => {
    const { database, writer, notices } = bench();
    await writer.submit(insert("first"));
    holder = await holdLock(path);
    let done = false;
    const writes = Promise.all(numbers(3).map((value) => writer.submit(insert(value))));
    const finished = writes.then(() => {
      done = true;
    });
    const ticks: number[] = [];
    const began = performance.now();
    while (performance.now() - began < 250 || ticks.length < 10) {
      await systemClock.sleep(5);
      expect(database.sql.all("SELECT a FROM t")).toEqual([{ a: "first" }]);
      ticks.push(performance.now() - began);
    }
    // A thread that waits in SQLite would take a second for them.
    expect(ticks[9]).toBeLessThan(600);
    expect(done).toBe(false);
    expect(notices).toMatchObject([{ state: "waiting", waiting: 3 }]);
    expect(notices[0]?.waitedMs).toBeGreaterThanOrEqual(1000);
    await holder.release();
    await finished;
    expect(stored()).toEqual(["first", 0, 1, 2]);
    expect(notices.map(({ state }) => state)).toEqual(["waiting", "gone on"]);
  });

  test("a short wait is nobody's business", async () => {
    const { writer, notices, begun } = bench();
    holder = await holdLock(path);
    const write = writer.submit(insert(1));
    await systemClock.sleep(20);
    await holder.release();
    await write;
    expect(begun()).toBeGreaterThan(1);
    expect(notices.filter(({ waitedMs }) => waitedMs < 1000)).toEqual([]);
  });

  test("writes go on when that process is killed", async () => {
    const { writer } = bench();
    holder = await holdLock(path);
    const write = writer.submit(insert(1));
    await holder.kill();
    await write;
    expect(stored()).toEqual([1]);
  });

  test("writers are refused with store.busy in the end, and the file is left as it is", async () => {
    // The clock is ten times as fast.
    const { database, writer, notices } = bench({ busyTimeoutMs: 2000 });
    await writer.submit(insert("first"));
    const before = { files: readdirSync(folder).sort(), inode: statSync(path).ino };
    holder = await holdLock(path);
    const errors = await Promise.all(
      numbers(3).map((value) => rejection(writer.submit(insert(value)))),
    );
    for (const error of errors)
      expect(error).toMatchObject({ code: "store.busy", retryable: true });
    expect(notices.map(({ state, waiting }) => [state, waiting])).toEqual([
      ["waiting", 3],
      ["given up", 3],
    ]);
    expect(notices[1]?.waitedMs).toBeGreaterThanOrEqual(2000);
    expect({ files: readdirSync(folder).sort(), inode: statSync(path).ino }).toEqual(before);
    await holder.release();
    expect(database.sql.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
    // Tried again it works, and nothing of the first time is there.
    await writer.submit(insert("again"));
    expect(stored()).toEqual(["first", "again"]);
  });

  test("no writer waits longer because others were waiting before it", async () => {
    // The clock is ten times as fast.
    const { writer, notices } = bench({ busyTimeoutMs: 3000 });
    await writer.submit(insert("first"));
    holder = await holdLock(path);
    const [first = 0, ...others] = await Promise.all(
      numbers(4).map(async (index) => {
        await systemClock.sleep(index * 50);
        const from = performance.now();
        const error = await rejection(writer.submit(insert(index)));
        expect(error).toMatchObject({ code: "store.busy" });
        return performance.now() - from;
      }),
    );
    for (const waitedMs of [first, ...others]) {
      expect(waitedMs).toBeGreaterThan(290);
      expect(waitedMs).toBeLessThan(first * 1.5);
    }
    expect(notices.map(({ state }) => state).slice(0, 2)).toEqual(["waiting", "given up"]);
    expect(notices.length).toBeLessThan(5);
  });

  test("another opening of the file waits for nothing", async () => {
    const { writer } = bench();
    await writer.submit(insert("first"));
    holder = await holdLock(path);
    const began = performance.now();
    const second = openDatabase({ path, busyTimeoutMs: 1000 });
    databases.push(second);
    expect(second.sql.all("SELECT a FROM t")).toEqual([{ a: "first" }]);
    expect(performance.now() - began).toBeLessThan(900);
  });

  test("a fault of who is told keeps no writer from its answer", async () => {
    const faults: unknown[] = [];
    const { writer } = bench(
      { busyTimeoutMs: 1500, onListenerError: (error) => faults.push(error) },
      () => {
        throw new Error("listener");
      },
    );
    holder = await holdLock(path);
    expect(await rejection(writer.submit(insert(1)))).toMatchObject({ code: "store.busy" });
    await holder.release();
    await writer.submit(insert(2));
    await writer.idle();
    expect(stored()).toEqual([2]);
    expect(faults).toHaveLength(2);
  });
});

describe("idle", () => {
  test("is at once where nothing waits, and after the last write where something does", async () => {
    const { writer } = bench();
    await writer.idle();
    const answered: number[] = [];
    for (const value of numbers(600)) {
      void writer.submit(insert(value)).then(() => answered.push(value));
    }
    await writer.idle();
    expect(stored()).toHaveLength(600);
    expect(answered).toHaveLength(600);
  });
});
