import assert from "node:assert/strict";
import type { Agent33Error } from "../../base/errors.ts";
import {
  type ConformanceCase,
  crashAndTakeOver,
  never,
  say,
  signal,
  spy,
  workflow,
} from "./harness.ts";

const test = { name: "test", version: 1 };

/** Who drives a run, and how it is stopped. */
export const holdingCases: readonly ConformanceCase[] = [
  {
    name: "lets one process at a time drive a run",
    run: async (harness) => {
      const inBody = signal();
      const end = signal();
      const body = spy("body", async () => {
        inBody.fire();
        await end.promise;
        return "done";
      });
      const first = harness.instance([workflow((context) => context.call(body, null))]);
      const second = harness.instance([workflow((context) => context.call(body, null))]);
      first.durable.start(test, "run", null);
      const run = first.durable.execute("run");
      await inBody.promise;
      const owner = first.durable.status("run")?.owner ?? "nobody";
      for (const { durable } of [first, second]) {
        await assert.rejects(durable.execute("run"), (error: Agent33Error) => {
          assert.equal(error.code, "durable.run_active");
          assert.ok(error.message.includes(owner));
          assert.ok((error.hint ?? "").length > 0);
          return true;
        });
      }
      end.fire();
      assert.equal((await run).result, "done");
      assert.equal(body.started.length, 1);
    },
  },
  {
    name: "cancels a running run: its signal aborts, and its own last result is kept",
    run: async (harness) => {
      const inBody = signal();
      const body = spy("body", (_input, context) => {
        inBody.fire();
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener("abort", () => reject(context.signal.reason));
        });
      });
      const last = spy("last");
      const make = () =>
        workflow(async (context) => {
          await context.call(body, null).catch(() => undefined);
          return context.signal.aborted ? context.call(last, "wrote a last event") : "went on";
        });
      const first = harness.instance([make()]);
      const other = harness.instance([make()]);
      first.durable.start(test, "run", null);
      const run = first.durable.execute("run");
      await inBody.promise;
      // From another process: the holder finds the flag when it next looks.
      other.durable.cancel("run");
      const status = await run;
      assert.deepEqual([status.state, status.result], ["cancelled", "wrote a last event"]);
      assert.equal(last.committed.length, 1);
      assert.equal((await other.durable.execute("run")).state, "cancelled");
    },
  },
  {
    name: "cancels a run whose workflow does not react, after a grace",
    run: async (harness) => {
      const inBody = signal();
      const deaf = spy("deaf", () => {
        inBody.fire();
        return never();
      });
      const { durable } = harness.instance([workflow((context) => context.call(deaf, null))]);
      durable.start(test, "run", null);
      const run = durable.execute("run");
      await inBody.promise;
      durable.cancel("run");
      const status = await run;
      assert.deepEqual([status.state, status.result], ["cancelled", null]);
    },
  },
  {
    name: "cancels a waiting and a pending run at once",
    run: async (harness) => {
      const { durable } = harness.instance([
        workflow(async (context) => (await context.wait("t", 1000))?.payload ?? null),
      ]);
      durable.start(test, "waiting", null);
      durable.start(test, "pending", null);
      assert.equal((await durable.execute("waiting")).state, "waiting");
      for (const runId of ["waiting", "pending"]) {
        durable.cancel(runId);
        assert.equal(durable.status(runId)?.state, "cancelled");
        assert.equal((await durable.execute(runId)).state, "cancelled");
      }
    },
  },
  {
    name: "leaves a finished run as it is when it is cancelled",
    run: async (harness) => {
      const { durable } = harness.instance([workflow(async () => "done")]);
      durable.start(test, "run", null);
      await durable.execute("run");
      durable.cancel("run");
      assert.deepEqual(
        [durable.status("run")?.state, durable.status("run")?.result],
        ["completed", "done"],
      );
    },
  },
  {
    name: "replays a cancellation at the place where it came",
    run: async (harness) => {
      let crashed = false;
      const ways: string[] = [];
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        const step = spy("step", (input, context) =>
          crashed || input !== "second"
            ? input
            : new Promise((resolve) => {
                context.signal.addEventListener("abort", () => resolve("stopped"));
                harness.instance([]).durable.cancel("run");
              }),
        );
        return workflow(async (context) => {
          ways.push(`${say(await context.call(step, "first"))} ${context.signal.aborted}`);
          ways.push(`${say(await context.call(step, "second"))} ${context.signal.aborted}`);
          const last = await context.call(step, "last");
          if (crashed) return last;
          crashed = true;
          return crash();
        });
      });
      const status = await survivor.durable.execute("run");
      assert.deepEqual([status.state, status.result], ["cancelled", "last"]);
      assert.deepEqual(ways, ["first false", "stopped true", "first false", "stopped true"]);
    },
  },
  {
    name: "lets go of its runs when it closes, without recording what it stopped",
    run: async (harness) => {
      const inBody = signal();
      const stopped = spy("body", (_input, context) => {
        inBody.fire();
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener("abort", () => reject(new Error("stopped by closing")));
        });
      });
      const first = harness.instance([workflow((context) => context.call(stopped, null))]);
      first.durable.start(test, "run", null);
      const run = first.durable.execute("run");
      await inBody.promise;
      await first.durable.close();
      assert.equal((await run).state, "pending");
      const second = harness.instance([
        workflow((context) =>
          context.call(
            spy("body", () => "done"),
            null,
          ),
        ),
      ]);
      assert.equal((await second.durable.execute("run")).result, "done");
    },
  },
];
