import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Agent33Error } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json.ts";
import {
  type ConformanceCase,
  crashAndTakeOver,
  never,
  say,
  signal,
  spy,
  workflow,
} from "./harness.ts";

const steps = 4;

/** What a run keeps when its process dies. */
export const recoveryCases: readonly ConformanceCase[] = [
  ...Array.from({ length: steps }, (_, at) => at).flatMap((at) => [
    crashInBody(at),
    crashAfterBody(at),
  ]),
  {
    name: "says that an outcome is unknown instead of running a once body again",
    run: async (harness) => {
      const bodies: string[] = [];
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        const pay = spy("pay", () => (bodies.push("pay"), crash()), "once");
        return workflow((context) => context.call(pay, 5));
      });
      assert.equal((await survivor.durable.execute("run")).result, "unknown:5");
      assert.deepEqual(bodies, ["pay"]);
    },
  },
  ...(["safe", "keyed"] as const).map(
    (repeat): ConformanceCase => ({
      name: `runs a ${repeat} body again with the same key`,
      run: async (harness) => {
        const keys: string[] = [];
        let crashed = false;
        const survivor = await crashAndTakeOver(harness, "run", (crash) => {
          const body = spy(
            "body",
            (input, { key }) => {
              keys.push(key);
              if (crashed) return input;
              crashed = true;
              return crash();
            },
            repeat,
          );
          return workflow((context) => context.call(body, "value"));
        });
        assert.equal((await survivor.durable.execute("run")).result, "value");
        assert.deepEqual(keys, ["run/0", "run/0"]);
      },
    }),
  ),
  {
    name: "throws a recorded failure equally in a replay",
    run: async (harness) => {
      const seen: JsonValue[] = [];
      let bodies = 0;
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        const broken = spy("broken", () => {
          bodies += 1;
          throw new TypeError("no such thing", { cause: new Error("deep") });
        });
        return workflow(async (context) => {
          await context.call(broken, null).catch((error: Agent33Error) => {
            seen.push({ ...error.toJSON(), constructor: error.constructor.name } as never);
          });
          return seen.length === 1 ? crash() : "caught";
        });
      });
      assert.equal((await survivor.durable.execute("run")).result, "caught");
      assert.equal(bodies, 1);
      assert.deepEqual(seen[1], seen[0]);
    },
  },
  {
    name: "replays parallel branches in the order in which their calls ended",
    run: async (harness) => {
      let crashed = false;
      const order: string[] = [];
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        // The first branch is the slow one, so its second call comes after the other's.
        const slow = spy("slow", (input) => delay(input === 0 ? 40 : 1, input));
        return workflow(async (context) => {
          const branch = async (input: number): Promise<JsonValue> => {
            const first = await context.call(slow, input);
            order.push(`${crashed ? "replay" : "first"} ${say(first)}`);
            return context.call(slow, `${say(first)} again`);
          };
          const result = await Promise.all([branch(0), branch(1)]);
          if (crashed) return result;
          crashed = true;
          return crash();
        });
      });
      const status = await survivor.durable.execute("run");
      assert.deepEqual(status.result, ["0 again", "1 again"]);
      assert.deepEqual(order, ["first 1", "first 0", "replay 1", "replay 0"]);
    },
  },
  {
    name: "refuses to go on when the workflow takes another way than before",
    run: async (harness) => {
      let after = "renamed";
      let instances = 0;
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        instances += 1;
        const isFirst = instances === 1;
        return workflow(async (context) => {
          if (isFirst) {
            await context.call(spy("original"), 1);
            return crash();
          }
          if (after === "renamed") return context.call(spy("renamed"), 1);
          if (after === "input") return context.call(spy("original"), 2);
          if (after === "ended") return "early";
          return context.call(spy("original"), 1);
        });
      });
      for (const way of ["renamed", "input", "ended"]) {
        after = way;
        await assert.rejects(survivor.durable.execute("run"), { code: "durable.nondeterministic" });
        assert.equal(survivor.durable.status("run")?.state, "pending");
      }
      // Nothing was harmed: the right code still gets through.
      after = "original";
      assert.equal((await survivor.durable.execute("run")).result, 1);
    },
  },
  {
    name: "resumes a run only on the version that started it",
    run: async (harness) => {
      await crashAndTakeOver(harness, "run", (crash) => workflow(() => crash()));
      const newer = harness.instance([workflow(async () => "new", 2)]);
      await assert.rejects(newer.durable.execute("run"), { code: "durable.version_mismatch" });
      const other = harness.instance([]);
      await assert.rejects(other.durable.execute("run"), { code: "durable.unknown_workflow" });
      const both = harness.instance([
        workflow(async () => "new", 2),
        workflow(async () => "old", 1),
      ]);
      assert.equal((await both.durable.execute("run")).result, "old");
    },
  },
  {
    name: "stops a stale owner: what it ends later is not recorded",
    run: async (harness) => {
      const inBody = signal();
      const hold = signal();
      const stale = spy("body", async () => {
        inBody.fire();
        await hold.promise;
        return "stale";
      });
      const first = harness.instance([workflow((context) => context.call(stale, null))]);
      const second = harness.instance([
        workflow((context) =>
          context.call(
            spy("body", () => "fresh"),
            null,
          ),
        ),
      ]);
      first.durable.start({ name: "test", version: 1 }, "run", null);
      const loser = first.durable.execute("run");
      await inBody.promise;
      harness.advance(harness.leaseMs + 1);
      assert.equal((await second.durable.execute("run")).result, "fresh");
      hold.fire();
      const status = await loser;
      assert.deepEqual([status.state, status.result], ["completed", "fresh"]);
      assert.deepEqual(stale.committed, []);
    },
  },
  {
    name: "aborts the signal of an owner whose lease is lost",
    run: async (harness) => {
      const inBody = signal();
      const waiting = spy("body", async (_input, context) => {
        inBody.fire();
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        return "stale";
      });
      const first = harness.instance([workflow((context) => context.call(waiting, null))]);
      const second = harness.instance([
        workflow((context) =>
          context.call(
            spy("body", () => never()),
            null,
          ),
        ),
      ]);
      first.durable.start({ name: "test", version: 1 }, "run", null);
      const loser = first.durable.execute("run");
      await inBody.promise;
      harness.advance(harness.leaseMs + 1);
      second.durable.execute("run").catch(() => undefined);
      assert.equal((await loser).state, "running");
      assert.deepEqual(waiting.committed, []);
    },
  },
];

/** Four calls; the process dies inside the body of one of them. */
function crashInBody(at: number): ConformanceCase {
  return {
    name: `survives a crash inside the body of step ${at}`,
    run: async (harness) => {
      const bodies: number[] = [];
      let crashed = false;
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        const step = spy("step", (input) => {
          bodies.push(Number(input));
          if (crashed || input !== at) return `result ${say(input)}`;
          crashed = true;
          return crash();
        });
        return workflow((context) => sequence(steps, (index) => context.call(step, index)));
      });
      assert.deepEqual((await survivor.durable.execute("run")).result, expected);
      // Only the body that was cut off runs a second time.
      assert.deepEqual(bodies.filter((index) => index === at).length, 2);
      assert.equal(bodies.length, steps + 1);
    },
  };
}

/** Four calls; the process dies when one is recorded and the next is not begun. */
function crashAfterBody(at: number): ConformanceCase {
  return {
    name: `survives a crash between step ${at} and the next without running any body again`,
    run: async (harness) => {
      const bodies: number[] = [];
      let crashed = false;
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        const step = spy("step", (input) => {
          bodies.push(Number(input));
          return `result ${say(input)}`;
        });
        return workflow((context) =>
          sequence(steps, async (index) => {
            const result = await context.call(step, index);
            if (crashed || index !== at) return result;
            crashed = true;
            return crash();
          }),
        );
      });
      assert.deepEqual((await survivor.durable.execute("run")).result, expected);
      assert.deepEqual(bodies, [0, 1, 2, 3]);
    },
  };
}

const expected = Array.from({ length: steps }, (_, index) => `result ${index}`);

async function sequence(
  length: number,
  step: (index: number) => Promise<JsonValue>,
): Promise<JsonValue[]> {
  const results: JsonValue[] = [];
  for (let index = 0; index < length; index += 1) results.push(await step(index));
  return results;
}
