import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, systemClock } from "../base/clock.ts";
import type { JsonValue } from "../base/json.ts";
import { openStore } from "../store/store.ts";
import type { Activity, Durable, Workflow } from "./contract.ts";
import type { TransactionRunner } from "./ports.ts";
import { createSqliteDurable } from "./sqlite.ts";

const hourMs = 3_600_000;
const leaseMs = 800;
/** Longer than a lease, and than it takes to see that nobody renews one. */
const longMs = 2.5 * leaseMs;

/** A process with a wall clock of its own, which can be set and which can stop. */
interface Process {
  readonly durable: Durable;
  setClock(ms: number): void;
  /** It does nothing any more, as one that was killed. */
  kill(): void;
}

let dataDir = "";
let bodies: string[] = [];
let finish = Promise.withResolvers<void>();
let cleanUp: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agent33-clock-steps-"));
  bodies = [];
  finish = Promise.withResolvers();
});
afterEach(async () => {
  finish.resolve();
  for (const one of cleanUp) await one();
  cleanUp = [];
  rmSync(dataDir, { recursive: true });
});

function startProcess(owner: string): Process {
  let offsetMs = 0;
  let dead = false;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs };
  const ids = () => "id";
  const store = openStore({ dataDir, clock, ids, synchronous: "normal" });
  const { transaction, transactionNow, snapshot } = store.transactions;
  const alive = <T>(run: () => T): T => {
    if (dead) throw new Error("this process is dead");
    return run();
  };
  const transactions: TransactionRunner = {
    transaction: (work) => alive(() => transaction(work)),
    transactionNow: (work) => alive(() => transactionNow(work)),
    snapshot: (work) => alive(() => snapshot(work)),
  };
  const body: Activity<JsonValue, JsonValue> = {
    name: "body",
    run: async () => {
      bodies.push(owner);
      await finish.promise;
      return () => "done";
    },
  };
  const workflows: readonly Workflow<JsonValue, JsonValue>[] = [
    { name: "work", version: 1, run: (context) => context.call(body, null) },
    {
      name: "wait",
      version: 1,
      run: async (context) => (await context.wait("word", 9 * hourMs))?.payload ?? null,
    },
  ];
  const durable = createSqliteDurable({
    transactions,
    clock,
    owner,
    workflows,
    leaseMs,
    pollMs: 20,
    closeGraceMs: 50,
  });
  cleanUp.push(async () => {
    await durable.close();
    store.close();
  });
  return {
    durable,
    setClock: (ms) => {
      offsetMs = ms;
    },
    kill: () => {
      dead = true;
    },
  };
}

const isDone = (durable: Durable) => () => durable.status("run")?.state === "completed";

test.each([
  ["the holder's clock is set back", "holder", -2 * hourMs],
  ["the holder's clock is set ahead", "holder", 2 * hourMs],
  ["another's clock is set back", "other", -2 * hourMs],
  ["another's clock is set ahead", "other", 2 * hourMs],
] as const)("a run that is driven is left to its process when %s", async (_, whose, stepMs) => {
  const [holder, other] = [startProcess("holder"), startProcess("other")];
  holder.durable.start({ name: "work", version: 1 }, "run", null);
  const driven = holder.durable.execute("run");
  await expect.poll(() => bodies).toEqual(["holder"]);
  (whose === "holder" ? holder : other).setClock(stepMs);
  void other.durable.work();
  await delay(longMs);
  // And right again.
  (whose === "holder" ? holder : other).setClock(0);
  await delay(longMs);
  await expect(other.durable.execute("run")).rejects.toMatchObject({ code: "durable.run_active" });
  finish.resolve();
  expect(await driven).toMatchObject({ state: "completed", result: "done" });
  expect(bodies).toEqual(["holder"]);
});

test.each([
  ["a worker", 2 * hourMs],
  ["a worker", -2 * hourMs],
  ["whoever executes it", 2 * hourMs],
  ["whoever executes it", -2 * hourMs],
] as const)(
  "a run of a dead process is taken up by %s whose clock is %i ms off",
  async (by, ms) => {
    const [holder, other] = [startProcess("holder"), startProcess("other")];
    holder.durable.start({ name: "work", version: 1 }, "run", null);
    holder.durable.execute("run").catch(() => undefined);
    await expect.poll(() => bodies).toEqual(["holder"]);
    holder.kill();
    other.setClock(ms);
    finish.resolve();
    if (by === "a worker") void other.durable.work();
    else await other.durable.execute("run");
    await expect.poll(isDone(other.durable), { timeout: 15_000 }).toBe(true);
    expect(bodies).toEqual(["holder", "other"]);
  },
);

test("a message is read, and a queued run begun, after all clocks were set back", async () => {
  const one = startProcess("one");
  one.durable.start({ name: "wait", version: 1 }, "run", null);
  await one.durable.execute("run");
  expect(one.durable.status("run")).toMatchObject({ state: "waiting" });
  one.durable.send("run", "word", "hello", "key");
  one.durable.start({ name: "work", version: 1 }, "queued", null, { leaveMs: 100 });
  finish.resolve();
  const later = startProcess("later");
  one.kill();
  later.setClock(-2 * hourMs);
  void later.durable.work();
  await expect.poll(isDone(later.durable), { timeout: 15_000 }).toBe(true);
  await expect.poll(() => later.durable.status("queued")?.state).toBe("completed");
  expect(later.durable.status("run")?.result).toBe("hello");
});
