import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Agent33Error } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json.ts";
import type { Opening, Settled, TakenRun, Workflow } from "../contract.ts";
import {
  type ConformanceCase,
  crashAndTakeOver,
  never,
  signal,
  spy,
  workflow,
  working,
} from "./harness.ts";

const test = { name: "test", version: 1 };

interface Opened {
  /** What happened, in order: `open`, `close`, and what the cases add. */
  readonly order: string[];
  readonly settled: Settled[];
  readonly workflow: Workflow<JsonValue, JsonValue>;
}

/** A workflow that opens something and remembers what it is told. */
function opening(
  run: Workflow<JsonValue, JsonValue>["run"],
  open?: (taken: TakenRun) => Promise<Opening>,
): Opened {
  const order: string[] = [];
  const settled: Settled[] = [];
  const usual = async (): Promise<Opening> => {
    order.push("open");
    return { kind: "open", close: async () => void order.push("close") };
  };
  return {
    order,
    settled,
    workflow: { ...workflow(run), open: open ?? usual, settled: (one) => void settled.push(one) },
  };
}

/** What a process opens for a run, and who is told how the run stands. */
export const openingCases: readonly ConformanceCase[] = [
  {
    name: "opens what a run works with before each execution and closes it after",
    run: async (harness) => {
      const made = opening(async (context) => {
        made.order.push("run");
        return (await context.wait("t", 1000))?.payload ?? null;
      });
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      assert.equal((await durable.execute("run")).state, "waiting");
      durable.send("run", "t", "hello", "1");
      assert.equal((await durable.execute("run")).result, "hello");
      assert.deepEqual(made.order, ["open", "run", "close", "open", "run", "close"]);
      assert.deepEqual(
        made.settled.map(({ state }) => state),
        ["waiting", "completed"],
      );
    },
  },
  {
    name: "holds the run while it is opened, and says who held it before",
    run: async (harness) => {
      const inOpen = signal();
      const end = signal();
      const owners: (string | null)[] = [];
      const make = () =>
        opening(
          async () => "done",
          async ({ previousOwner }) => {
            owners.push(previousOwner);
            inOpen.fire();
            await end.promise;
            return { kind: "open", close: async () => undefined };
          },
        ).workflow;
      const first = harness.instance([make()]);
      const second = harness.instance([make()]);
      first.durable.start(test, "run", null);
      const run = first.durable.execute("run");
      await inOpen.promise;
      const owner = first.durable.status("run")?.owner ?? "nobody";
      await assert.rejects(second.durable.execute("run"), { code: "durable.run_active" });
      first.crash();
      run.catch(() => undefined);
      harness.advance(harness.leaseMs + 1);
      end.fire();
      assert.equal((await second.durable.execute("run")).result, "done");
      assert.deepEqual(owners, [null, owner]);
    },
  },
  {
    name: "lets a run wait that cannot begin, until a message comes",
    run: async (harness) => {
      let answered = false;
      const made = opening(
        async () => "done",
        async () =>
          answered
            ? { kind: "open", close: async () => undefined }
            : { kind: "waits", timeoutMs: 60_000, commit: () => true },
      );
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      assert.equal((await durable.execute("run")).state, "waiting");
      await working(durable, () => assert.equal(durable.status("run")?.state, "waiting"));
      answered = true;
      durable.send("run", "answer", null, "1");
      await durable.work({ untilIdle: true });
      assert.equal(durable.status("run")?.result, "done");
    },
  },
  {
    name: "tries at once again where the message came while it was opened",
    run: async (harness) => {
      let tries = 0;
      const made = opening(
        async () => "done",
        async () => {
          tries += 1;
          return tries > 1
            ? { kind: "open", close: async () => undefined }
            : { kind: "waits", timeoutMs: 60_000, commit: () => false };
        },
      );
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      await durable.work({ untilIdle: true });
      assert.deepEqual([durable.status("run")?.result, tries], ["done", 2]);
    },
  },
  {
    name: "ends a run that is over before it began, with the result that is said",
    run: async (harness) => {
      let committed = 0;
      const made = opening(never, async () => ({
        kind: "over",
        result: "too late",
        commit: () => void (committed += 1),
      }));
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      const status = await durable.execute("run");
      assert.deepEqual([status.state, status.result, committed], ["completed", "too late", 1]);
    },
  },
  {
    name: "leaves a run that cannot be opened for later, and a worker gives it up in the end",
    run: async (harness) => {
      const broken = new Error("no such server");
      const made = opening(never, async () => {
        throw broken;
      });
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      await assert.rejects(durable.execute("run"), (error) => error === broken);
      assert.equal(durable.status("run")?.state, "pending");
      await working(durable, async () => {
        for (let tries = 0; tries < 500 && durable.status("run")?.state !== "failed"; tries += 1) {
          harness.advance(60_000);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      });
      const error = durable.status("run")?.error as unknown as Agent33Error;
      assert.equal(error.code, "durable.too_many_attempts");
      assert.ok(error.message.includes("no such server"));
      assert.deepEqual(
        made.settled.map(({ state }) => state),
        ["failed"],
      );
    },
  },
  {
    name: "stops the opening of a run that is cancelled meanwhile",
    run: async (harness) => {
      const inOpen = signal();
      const made = opening(never, ({ signal: stop }) => {
        inOpen.fire();
        return new Promise((_resolve, reject) => {
          stop.addEventListener("abort", () => reject(stop.reason));
        });
      });
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      const run = durable.execute("run");
      await inOpen.promise;
      durable.cancel("run");
      assert.equal((await run).state, "cancelled");
      assert.deepEqual(
        made.settled.map(({ state }) => state),
        ["cancelled"],
      );
    },
  },
  {
    name: "tells a workflow of a cancellation that came while it was opened as in a replay",
    run: async (harness) => {
      const ways: string[] = [];
      let crashed = false;
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        const step = spy("step");
        const made = opening(
          async (context) => {
            ways.push(`began ${context.signal.aborted}`);
            await context.call(step, "first");
            ways.push(`went on ${context.signal.aborted}`);
            if (crashed) return "end";
            crashed = true;
            return crash();
          },
          async ({ signal: stop }) => {
            if (!crashed) {
              const asked = new Promise((resolve) => stop.addEventListener("abort", resolve));
              harness.instance([]).durable.cancel("run");
              await asked;
              // Long enough for the workflow to be told, were it told now.
              await delay(20);
            }
            return { kind: "open", close: async () => undefined };
          },
        );
        return made.workflow;
      });
      assert.equal((await survivor.durable.execute("run")).state, "cancelled");
      assert.deepEqual(ways.slice(2), ways.slice(0, 2));
    },
  },
  {
    name: "tells of a run that is cancelled while nobody holds it",
    run: async (harness) => {
      const made = opening(async () => "done");
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      durable.cancel("run");
      assert.deepEqual(made.settled, [{ runId: "run", state: "cancelled", error: null }]);
    },
  },
  {
    name: "refuses what a stale owner writes beside its steps",
    run: async (harness) => {
      let write: TakenRun["write"] = (work) => work();
      const inBody = signal();
      const stale = opening(
        async (context) =>
          context.call(
            spy("body", () => {
              inBody.fire();
              return never();
            }),
            null,
          ),
        async (taken) => {
          write = taken.write;
          return { kind: "open", close: async () => undefined };
        },
      );
      const first = harness.instance([stale.workflow]);
      const second = harness.instance([workflow((context) => context.call(spy("body"), null))]);
      first.durable.start(test, "run", null);
      first.durable.execute("run").catch(() => undefined);
      await inBody.promise;
      assert.equal(
        write(() => "written"),
        "written",
      );
      harness.advance(harness.leaseMs + 1);
      await second.durable.execute("run");
      assert.throws(() => write(() => "written"), { code: "durable.lease_lost" });
    },
  },
  {
    name: "writes what may wait before what is written next, and soon where nothing is",
    run: async (harness) => {
      const order: string[] = [];
      let later: TakenRun["writeLater"] = (work) => work();
      const waited = signal();
      const made = opening(
        async (context) =>
          context.call(
            spy("body", async () => {
              later(() => void order.push("first"));
              later(() => void order.push("second"));
              assert.equal(order.length, 0);
              write(() => order.push("written"));
              later(() => {
                order.push("third");
                waited.fire();
              });
              await waited.promise;
              later(() => void order.push("fourth"));
              return "done";
            }),
            null,
          ),
        async (taken) => {
          later = taken.writeLater;
          write = taken.write;
          return { kind: "open", close: async () => undefined };
        },
      );
      let write: TakenRun["write"] = (work) => work();
      const { durable } = harness.instance([made.workflow]);
      durable.start(test, "run", null);
      assert.equal((await durable.execute("run")).result, "done");
      assert.deepEqual(order, ["first", "second", "written", "third", "fourth"]);
    },
  },
  {
    name: "drops what may wait of a stale owner",
    run: async (harness) => {
      const order: string[] = [];
      const inBody = signal();
      const hold = signal();
      let later: TakenRun["writeLater"] = (work) => work();
      const stale = opening(
        async (context) =>
          context.call(
            spy("body", async () => {
              inBody.fire();
              await hold.promise;
              later(() => void order.push("stale"));
              return "stale";
            }),
            null,
          ),
        async (taken) => {
          later = taken.writeLater;
          return { kind: "open", close: async () => undefined };
        },
      );
      const first = harness.instance([stale.workflow]);
      const second = harness.instance([workflow((context) => context.call(spy("body"), null))]);
      first.durable.start(test, "run", null);
      const loser = first.durable.execute("run");
      await inBody.promise;
      harness.advance(harness.leaseMs + 1);
      await second.durable.execute("run");
      hold.fire();
      await loser;
      assert.deepEqual(order, []);
    },
  },
];
