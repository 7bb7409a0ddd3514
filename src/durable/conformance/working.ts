import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Durable, DurableState } from "../contract.ts";
import {
  type ConformanceCase,
  crashAndTakeOver,
  signal,
  spy,
  workflow,
  working,
} from "./harness.ts";

const test = { name: "test", version: 1 };

/** What workers take up, and how they end. */
export const workingCases: readonly ConformanceCase[] = [
  {
    name: "works on what is ready: new runs, due sleeps and runs of dead processes",
    run: async (harness) => {
      let crashed = false;
      const survivor = await crashAndTakeOver(harness, "dead", (crash) =>
        workflow(async (context, input) => {
          if (input === "sleeps") await context.sleep(1000);
          if (crashed) return "done";
          crashed = true;
          return crash();
        }),
      );
      const { durable } = survivor;
      durable.start(test, "sleeping", "sleeps");
      assert.equal((await durable.execute("sleeping")).state, "waiting");
      durable.start(test, "new", "plain");
      await working(durable, async () => {
        await until(durable, "dead", "completed");
        await until(durable, "new", "completed");
        assert.equal(durable.status("sleeping")?.state, "waiting");
        harness.advance(1000);
        await until(durable, "sleeping", "completed");
      });
    },
  },
  {
    name: "leaves a new run to whoever started it for as long as that asked for",
    run: async (harness) => {
      const { durable } = harness.instance([workflow(async () => "done")]);
      durable.start(test, "run", null, { leaveMs: 1000 });
      await working(durable, async () => {
        await delay(60);
        assert.equal(durable.status("run")?.state, "pending");
        harness.advance(1000);
        await until(durable, "run", "completed");
      });
      durable.start(test, "own", null, { leaveMs: 1000 });
      assert.equal((await durable.execute("own")).state, "completed");
    },
  },
  {
    name: "shares runs among workers, each driven by one of them",
    run: async (harness) => {
      const bodies: string[] = [];
      const body = spy("body", async (_input, { runId }) => {
        bodies.push(runId);
        await delay(5);
        return null;
      });
      const make = () =>
        harness.instance([workflow((context) => context.call(body, null))]).durable;
      const [one, other] = [make(), make()];
      const runs = Array.from({ length: 12 }, (_, index) => `run-${index}`);
      for (const runId of runs) one.start(test, runId, null);
      await Promise.all([one, other].map((durable) => durable.work({ untilIdle: true })));
      for (const runId of runs) await until(one, runId, "completed");
      assert.deepEqual([...bodies].sort(), [...runs].sort());
    },
  },
  {
    name: "tells what a worker takes up and how each run stands then",
    run: async (harness) => {
      const { durable } = harness.instance([
        workflow(async (context, input) => {
          if (input === "waits") await context.wait("t", 60_000);
          if (input === "fails") throw new Error("no");
          return "done";
        }),
      ]);
      for (const input of ["ends", "waits", "fails"]) durable.start(test, input, input);
      const told: string[] = [];
      await durable.work({
        untilIdle: true,
        concurrency: 1,
        onTaken: (runId) => told.push(`took ${runId}`),
        onLetGo: (runId, { status }) => told.push(`${runId} ${status?.state}`),
      });
      assert.deepEqual(told, [
        "took ends",
        "ends completed",
        "took waits",
        "waits waiting",
        "took fails",
        "fails failed",
      ]);
    },
  },
  {
    name: "lets go of the runs in hand when a worker is told to stop, and only of these",
    run: async (harness) => {
      const inBody = signal();
      const end = signal();
      const body = spy("body", async (input, context) => {
        if (input === "own") return end.promise.then(() => "done");
        inBody.fire();
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener("abort", () => reject(context.signal.reason));
        });
      });
      const { durable } = harness.instance([
        workflow((context, input) => context.call(body, input)),
      ]);
      durable.start(test, "own", "own", { leaveMs: 60_000 });
      const own = durable.execute("own");
      durable.start(test, "run", "run");
      const stop = new AbortController();
      const work = durable.work({ signal: stop.signal });
      await inBody.promise;
      stop.abort();
      await work;
      assert.equal(durable.status("run")?.state, "pending");
      end.fire();
      assert.equal((await own).result, "done");
    },
  },
];

async function until(durable: Durable, runId: string, state: DurableState): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (durable.status(runId)?.state === state) return;
    await delay(20);
  }
  assert.equal(durable.status(runId)?.state, state);
}
