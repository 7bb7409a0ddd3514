import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { Agent33Error } from "../base/errors.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store/store.fixture.ts";
import { never, signal, spy, workflow } from "./conformance/harness.ts";
import type { Activity, Durable, Opening, TakenRun } from "./contract.ts";
import type { TransactionRunner } from "./ports.ts";
import { createSqliteDurable, type SqliteDurableOptions } from "./sqlite.ts";

const kind = { name: "test", version: 1 };
const leaseMs = 15_000;
let temporary: TemporaryStore;
let engines: Durable[] = [];

beforeEach(() => {
  temporary = temporaryStore();
});

afterEach(async () => {
  for (const durable of engines) await durable.close();
  engines = [];
  temporary.remove();
});

function engine(
  workflows: SqliteDurableOptions["workflows"],
  options: Partial<SqliteDurableOptions> = {},
): Durable {
  const durable = createSqliteDurable({
    transactions: temporary.store.transactions,
    clock: temporary.clock,
    owner: `${process.pid}-${engines.length}`,
    workflows,
    leaseMs,
    pollMs: 20,
    closeGraceMs: 50,
    ...options,
  });
  engines.push(durable);
  return durable;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !condition(); tries += 1) await delay(10);
  expect(condition()).toBe(true);
}

/** A store whose transactions fail as `next` says, before anything is done. */
function failing(next: () => Agent33Error | undefined): TransactionRunner {
  const { transaction, transactionNow } = temporary.store.transactions;
  const failingly =
    (run: TransactionRunner["transaction"]): TransactionRunner["transaction"] =>
    (work) => {
      const error = next();
      if (error !== undefined) throw error;
      return run(work);
    };
  return {
    transaction: failingly(transaction),
    transactionNow: failingly(transactionNow),
    snapshot: (work) => temporary.store.transactions.snapshot(work),
  };
}

test("commits what a body writes with its result, or neither", async () => {
  temporary.rows.runs.create(newRun("run"));
  let broken = true;
  const logs: Activity<null, number> = {
    name: "logs",
    repeat: () => "keyed",
    run: async () => () => {
      const events = temporary.rows.runLog.append("run", [{ type: "message.user", text: "done" }]);
      if (broken) throw new Agent33Error("test.broken", "The disk went away.");
      return events[0]?.seq ?? 0;
    },
    outcomeUnknown: () => () => 0,
  };
  const durable = engine([workflow((context) => context.call(logs, null))]);
  durable.start(kind, "run", null);
  await expect(durable.execute("run")).rejects.toMatchObject({ code: "test.broken" });
  expect(temporary.rows.runLog.read("run")).toEqual([]);
  // The call neither failed nor ended: the run goes on where it was.
  expect(durable.status("run")).toMatchObject({ state: "pending", owner: null });
  broken = false;
  expect(await durable.execute("run")).toMatchObject({ state: "completed", result: 1 });
  expect(temporary.rows.runLog.read("run")).toHaveLength(1);
});

test("keeps its lease while a body runs longer than it", async () => {
  const inBody = signal();
  const end = signal();
  const body = spy("body", async () => {
    inBody.fire();
    await end.promise;
    return "done";
  });
  const durable = engine([workflow((context) => context.call(body, null))]);
  durable.start(kind, "run", null);
  const run = durable.execute("run");
  await inBody.promise;
  for (let renewal = 0; renewal < 2; renewal += 1) {
    temporary.clock.advance(leaseMs * 0.9);
    await until(() => durable.status("run")?.leaseUntil === temporary.clock.now() + leaseMs);
  }
  end.fire();
  expect(await run).toMatchObject({ state: "completed", leaseUntil: null });
});

test("waits out a busy store instead of failing the run", async () => {
  let busyUntil = 0;
  const lock = (): void => {
    busyUntil = performance.now() + 150;
  };
  const transactions = failing(() =>
    performance.now() < busyUntil
      ? new Agent33Error("store.busy", "Locked.", { retryable: true })
      : undefined,
  );
  const body = spy("body", (input) => {
    // The end of the body meets the lock, …
    lock();
    return input;
  });
  const test = workflow(async (context) => {
    // … and so do its start mark …
    lock();
    const result = await context.call(body, 7);
    // … and the end of the run.
    lock();
    return result;
  });
  const durable = engine([test], { transactions });
  durable.start(kind, "run", null);
  expect(await durable.execute("run")).toMatchObject({ state: "completed", result: 7 });
  expect(body.started).toHaveLength(1);
});

test("says once that its writes wait for a lock that is held for long, and blocks nothing else", async () => {
  let isLocked = false;
  const transactions = failing(() =>
    isLocked ? new Agent33Error("store.busy", "Locked.", { retryable: true }) : undefined,
  );
  const said: string[] = [];
  const body = spy("body", async (input) => {
    isLocked = true;
    setTimeout(() => (isLocked = false), 2500);
    return input;
  });
  const durable = engine([workflow((context) => context.call(body, 7))], {
    transactions,
    log: (message) => void said.push(message),
  });
  durable.start(kind, "run", null);
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 10);
  expect(await durable.execute("run")).toMatchObject({ state: "completed", result: 7 });
  clearInterval(turning);
  expect(said).toEqual(["run run: its writes have to wait"]);
  expect(turns).toBeGreaterThan(50);
});

test("stops with the store's own error when the disk is full, and the run goes on later", async () => {
  let full = false;
  const transactions = failing(() =>
    full ? new Agent33Error("store.full", "No space.") : undefined,
  );
  const bodies: string[] = [];
  const make = () => {
    const body = spy("body", (input) => {
      bodies.push(input as string);
      full = bodies.length === 2;
      return input;
    });
    return workflow(async (context) => [
      await context.call(body, "a"),
      await context.call(body, "b"),
    ]);
  };
  const durable = engine([make()], { transactions });
  durable.start(kind, "run", null);
  await expect(durable.execute("run")).rejects.toMatchObject({ code: "store.full" });
  full = false;
  // The lease could not be given back; it ends by itself.
  await expect(engine([make()]).execute("run")).rejects.toMatchObject({
    code: "durable.run_active",
  });
  temporary.clock.advance(leaseMs + 1);
  expect((await engine([make()]).execute("run")).result).toEqual(["a", "b"]);
  expect(bodies).toEqual(["a", "b", "b"]);
});

test("gives a run up that fails every worker, and keeps why", async () => {
  const durable = engine([
    workflow(async (context) => {
      tries += 1;
      return context.call(spy(`different ${tries}`), null);
    }),
  ]);
  let tries = 0;
  temporary.store.transactions.transaction((sql) => {
    durable.start(kind, "run", null);
    // A recorded first step that no later execution takes.
    sql.run(
      `INSERT INTO durable_steps (run_id, position, kind, name, state, started_at)
       VALUES ('run', 0, 'call', 'original', 'started', 0)`,
    );
  });
  void durable.work();
  await until(() => {
    temporary.clock.advance(60_000);
    return durable.status("run")?.state === "failed";
  });
  expect(durable.status("run")?.error).toMatchObject({ code: "durable.too_many_attempts" });
  expect(tries).toBe(10);
});

test("drives no more runs at once than it may", async () => {
  let now = 0;
  let most = 0;
  const body = spy("body", async () => {
    now += 1;
    most = Math.max(most, now);
    await delay(15);
    now -= 1;
    return null;
  });
  const durable = engine([workflow((context) => context.call(body, null))]);
  const runs = ["a", "b", "c", "d", "e"];
  for (const runId of runs) durable.start(kind, runId, null);
  void durable.work({ concurrency: 2 });
  await until(() => runs.every((runId) => durable.status(runId)?.state === "completed"));
  expect(most).toBe(2);
});

test("tells a cancelled run of another process within half a second", async () => {
  const inBody = signal();
  const body = spy("body", (_input, context) => {
    inBody.fire();
    return new Promise((resolve) =>
      context.signal.addEventListener("abort", () => resolve("stopped")),
    );
  });
  const durable = engine([workflow((context) => context.call(body, null))]);
  durable.start(kind, "run", null);
  const run = durable.execute("run");
  await inBody.promise;
  // Past the look that starting the run causes: what counts is the regular one.
  await delay(30);
  const began = performance.now();
  engine([]).cancel("run");
  expect(await run).toMatchObject({ state: "cancelled", result: "stopped" });
  expect(performance.now() - began).toBeLessThan(500);
});

test("refuses new work once it is closed", async () => {
  const durable = engine([workflow(() => never())]);
  await durable.close();
  expect(() => durable.start(kind, "run", null)).toThrowError(
    expect.objectContaining({ code: "durable.closed" }),
  );
  await expect(durable.execute("run")).rejects.toMatchObject({ code: "durable.closed" });
});

test("writes a step that may run again once, at its end, and marks any other before it", async () => {
  const writes = async (repeat: "safe" | "keyed" | "once"): Promise<readonly number[]> => {
    let count = 0;
    const counted: number[] = [];
    const body = spy("body", () => counted.push(count), repeat);
    const transactions = failing(() => {
      count += 1;
      return undefined;
    });
    const durable = engine(
      [
        workflow(async (context) => {
          await context.call(body, 1);
          await context.call(body, 2);
          return context.call(body, 3);
        }),
      ],
      { transactions },
    );
    durable.start(kind, repeat, null);
    // Past the look that starting the run causes.
    await delay(10);
    await durable.execute(repeat);
    return counted.slice(1).map((now, index) => now - (counted[index] ?? 0));
  };
  expect(await writes("safe")).toEqual([1, 1]);
  expect(await writes("keyed")).toEqual([2, 2]);
  expect(await writes("once")).toEqual([2, 2]);
});

test("ends a step that an earlier version marked as begun", async () => {
  const body = spy("body", (input) => input);
  const durable = engine([workflow((context) => context.call(body, "value"))]);
  const read = () =>
    temporary.store.transactions.snapshot((sql) =>
      sql.all("SELECT state, result, finish_order, started_at FROM durable_steps"),
    );
  temporary.store.transactions.transaction((sql) => {
    durable.start(kind, "run", null);
    sql.run(
      `INSERT INTO durable_steps (run_id, position, kind, name, input_digest, repeat, state, started_at)
       VALUES ('run', 0, 'call', 'body', ?, 'safe', 'started', 7)`,
      digestOf("value"),
    );
  });
  expect((await durable.execute("run")).result).toBe("value");
  expect(read()).toEqual([
    { state: "completed", result: '"value"', finish_order: 1, started_at: 7 },
  ]);
});

test("keeps what may wait where the write that it goes with is refused", async () => {
  let refuse = false;
  const written: string[] = [];
  const base = workflow((context) =>
    context.call(
      spy("body", () => {
        later(() => void written.push("it"));
        refuse = true;
        return "done";
      }),
      null,
    ),
  );
  let later: TakenRun["writeLater"] = (work) => work();
  const open = async (taken: TakenRun): Promise<Opening> => {
    later = taken.writeLater;
    return { kind: "open", close: async () => undefined };
  };
  const transactions = failing(() => {
    if (!refuse) return undefined;
    refuse = false;
    return new Agent33Error("store.busy", "Busy.", { retryable: true });
  });
  const durable = engine([{ ...base, open }], { transactions });
  durable.start(kind, "run", null);
  expect((await durable.execute("run")).result).toBe("done");
  expect(written).toEqual(["it"]);
});
