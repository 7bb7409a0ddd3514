import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TemporaryStore, temporaryStore } from "../store/store.fixture.ts";
import { systemClock } from "../base/clock.ts";
import { workflow } from "./conformance/harness.ts";
import type { Activity, Durable } from "./contract.ts";
import type { TransactionRunner } from "./ports.ts";
import { createSqliteDurable } from "./sqlite.ts";

let temporary: TemporaryStore;
let durable: Durable | undefined;
beforeEach(() => {
  temporary = temporaryStore();
});
afterEach(async () => {
  await durable?.close();
  temporary.remove();
});

/** The store's transactions, with a count of those that take the write lock. */
function counted(): { readonly transactions: TransactionRunner; readonly writes: () => number } {
  const { transaction, transactionNow, snapshot } = temporary.store.transactions;
  let writes = 0;
  const counting =
    (run: TransactionRunner["transaction"]): TransactionRunner["transaction"] =>
    (work) => {
      writes += 1;
      return run(work);
    };
  const transactions = {
    transaction: counting(transaction),
    transactionNow: counting(transactionNow),
    snapshot,
  };
  return { transactions, writes: () => writes };
}

test("runs that wait beside a call in flight take no write lock, and go on at once", async () => {
  const { transactions, writes } = counted();
  const held = Promise.withResolvers<void>();
  const call: Activity<null, null> = {
    name: "call",
    run: async () => {
      await held.promise;
      return () => null;
    },
  };
  const waits = workflow(async (context) => {
    const [mail] = await Promise.all([context.wait("answer", 60_000), context.call(call, null)]);
    return mail?.payload ?? null;
  });
  durable = createSqliteDurable({
    transactions,
    clock: systemClock,
    owner: `${process.pid}-idle`,
    workflows: [waits],
  });
  const runs = Array.from({ length: 20 }, (_none, index) => `run-${index}`);
  for (const runId of runs) durable.start(waits, runId, null);
  const { execute } = durable;
  const driven = runs.map((runId) => execute(runId));
  await delay(300);
  const before = writes();
  await delay(1_100);
  expect(writes()).toBe(before);
  for (const runId of runs) durable.send(runId, "answer", "yes", "key");
  await expect.poll(writes, { interval: 20 }).toBeGreaterThanOrEqual(before + 2 * runs.length);
  held.resolve();
  expect(await Promise.all(driven)).toMatchObject(
    runs.map(() => ({ state: "completed", result: "yes" })),
  );
});
