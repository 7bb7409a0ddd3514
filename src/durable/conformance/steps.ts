import assert from "node:assert/strict";
import { Agent33Error } from "../../base/errors.ts";
import { type ConformanceCase, say, signal, spy, workflow } from "./harness.ts";

/** Steps of a run that nothing disturbs. */
export const stepCases: readonly ConformanceCase[] = [
  {
    name: "starts a run once, however often it is started",
    run: async (harness) => {
      const echo = spy("echo");
      const { durable } = harness.instance([
        workflow((context, input) => context.call(echo, input)),
      ]);
      durable.start({ name: "test", version: 1 }, "run", "first");
      durable.start({ name: "test", version: 1 }, "run", "second");
      assert.equal(durable.status("run")?.state, "pending");
      assert.equal((await durable.execute("run")).result, "first");
      durable.start({ name: "test", version: 1 }, "run", "third");
      const again = await durable.execute("run");
      assert.deepEqual([again.state, again.result], ["completed", "first"]);
      assert.deepEqual(echo.started, ["run/0"]);
    },
  },
  {
    name: "takes calls in sequence, each body once with its own key",
    run: async (harness) => {
      const next = spy("next", (input) => Number(input) + 1);
      const { durable } = harness.instance([
        workflow(async (context, input) => {
          let value = input;
          for (let step = 0; step < 5; step += 1) value = await context.call(next, value);
          return value;
        }),
      ]);
      durable.start({ name: "test", version: 1 }, "run", 10);
      const status = await durable.execute("run");
      assert.deepEqual([status.state, status.result, status.owner], ["completed", 15, null]);
      assert.deepEqual(next.started, ["run/0", "run/1", "run/2", "run/3", "run/4"]);
      assert.deepEqual(next.committed, next.started);
    },
  },
  {
    name: "lets parallel calls overlap and gives their results in the order of the calls",
    run: async (harness) => {
      const arrived = [signal(), signal()];
      // Each body waits for the other one: in sequence neither would end.
      const meet = spy("meet", async (input) => {
        arrived[Number(input)]?.fire();
        await arrived[1 - Number(input)]?.promise;
        return `done ${say(input)}`;
      });
      const { durable } = harness.instance([
        workflow((context) => Promise.all([0, 1].map((input) => context.call(meet, input)))),
      ]);
      durable.start({ name: "test", version: 1 }, "run", null);
      assert.deepEqual((await durable.execute("run")).result, ["done 0", "done 1"]);
      assert.deepEqual(meet.started, ["run/0", "run/1"]);
    },
  },
  {
    name: "fails a call whose body throws, and lets the workflow catch it",
    run: async (harness) => {
      const broken = spy("broken", () => {
        throw new Agent33Error("test.broken", "It broke.", {
          hint: "Mend it.",
          details: { part: 7 },
        });
      });
      const { durable } = harness.instance([
        workflow(async (context) => {
          try {
            return await context.call(broken, null);
          } catch (error) {
            return (error as Agent33Error).toJSON() as never;
          }
        }),
      ]);
      durable.start({ name: "test", version: 1 }, "run", null);
      const status = await durable.execute("run");
      assert.equal(status.state, "completed");
      assert.deepEqual(status.result, {
        code: "test.broken",
        message: "It broke.",
        hint: "Mend it.",
        retryable: false,
        details: { part: 7 },
      });
    },
  },
  {
    name: "fails a run whose workflow throws, and keeps the error",
    run: async (harness) => {
      const { durable } = harness.instance([
        workflow(async () => {
          throw new Agent33Error("test.lost", "It is lost.");
        }),
      ]);
      durable.start({ name: "test", version: 1 }, "run", null);
      const status = await durable.execute("run");
      assert.equal(status.state, "failed");
      assert.deepEqual(status.error, {
        code: "test.lost",
        message: "It is lost.",
        retryable: false,
      });
    },
  },
  {
    name: "ends a run although a branch that nobody waits for fails",
    run: async (harness) => {
      const broken = spy("broken", () => {
        throw new Error("nobody looks");
      });
      const slow = spy("slow", () => new Promise((resolve) => setTimeout(resolve, 20, "slow")));
      const { durable } = harness.instance([
        workflow((context) => {
          void context.call(broken, null);
          return context.call(slow, null);
        }),
      ]);
      durable.start({ name: "test", version: 1 }, "run", null);
      assert.equal((await durable.execute("run")).result, "slow");
    },
  },
  {
    name: "says that a run is unknown",
    run: async (harness) => {
      const { durable } = harness.instance([]);
      assert.equal(durable.status("none"), undefined);
      await assert.rejects(durable.execute("none"), { code: "durable.unknown_run" });
      assert.throws(() => durable.cancel("none"), { code: "durable.unknown_run" });
      assert.throws(() => durable.send("none", "topic", null, "key"), {
        code: "durable.unknown_run",
      });
    },
  },
  {
    name: "lets go of a run whose activity cannot go on here, without an end of it",
    run: async (harness) => {
      const full = new Agent33Error("test.full", "There is no room.");
      const keys: string[] = [];
      const step = spy(
        "step",
        (input, { key, leave }) => {
          keys.push(key);
          if (keys.length === 1) throw leave(full);
          return input;
        },
        "keyed",
      );
      const { durable } = harness.instance([workflow((context) => context.call(step, "value"))]);
      durable.start({ name: "test", version: 1 }, "run", null);
      await assert.rejects(durable.execute("run"), (error) => error === full);
      assert.equal(durable.status("run")?.state, "pending");
      assert.equal((await durable.execute("run")).result, "value");
      assert.deepEqual(keys, ["run/0", "run/0"]);
    },
  },
];
