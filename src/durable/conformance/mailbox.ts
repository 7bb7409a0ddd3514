import assert from "node:assert/strict";
import type { JsonValue } from "../../base/json.ts";
import type { Activity } from "../contract.ts";
import { type ConformanceCase, crashAndTakeOver, spy, workflow } from "./harness.ts";

const test = { name: "test", version: 1 };

/** Messages, waits and sleeps. */
export const mailboxCases: readonly ConformanceCase[] = [
  {
    name: "suspends a wait and goes on with the message",
    run: async (harness) => {
      const before = spy("before");
      const { durable } = harness.instance([
        workflow(async (context) => {
          await context.call(before, null);
          return (await context.wait("answer", 1000))?.payload ?? "nothing";
        }),
      ]);
      durable.start(test, "run", null);
      const waiting = await durable.execute("run");
      assert.deepEqual([waiting.state, waiting.owner, waiting.leaseUntil], ["waiting", null, null]);
      // Nothing came yet: it waits on.
      assert.equal((await durable.execute("run")).state, "waiting");
      durable.send("run", "other", "not this", "1");
      assert.equal((await durable.execute("run")).state, "waiting");
      durable.send("run", "answer", { yes: true }, "2");
      assert.deepEqual((await durable.execute("run")).result, { yes: true });
      assert.equal(before.started.length, 1);
    },
  },
  {
    name: "gives messages of a topic in order and each key once",
    run: async (harness) => {
      const { durable } = harness.instance([
        workflow(async (context) => {
          const seen: JsonValue[] = [];
          for (let mail = await context.poll("t"); mail !== null; mail = await context.poll("t")) {
            seen.push(mail.payload);
          }
          return seen;
        }),
      ]);
      durable.start(test, "run", null);
      durable.send("run", "t", 1, "a");
      durable.send("run", "t", 2, "b");
      durable.send("run", "t", "again", "a");
      durable.send("run", "u", "elsewhere", "c");
      durable.send("run", "t", 3, "d");
      assert.deepEqual((await durable.execute("run")).result, [1, 2, 3]);
    },
  },
  {
    name: "shows a result's commit what lies in the mailbox, and leaves it there",
    run: async (harness) => {
      const looked: JsonValue[] = [];
      const look: Activity<null, boolean> = {
        name: "look",
        run: async () => (mailbox) => {
          looked.push(mailbox.sent("t").map(({ payload }) => payload));
          return mailbox.has("t");
        },
      };
      const { durable } = harness.instance([
        workflow(async (context) => {
          const before = await context.call(look, null);
          durable.send("run", "t", 1, "a");
          durable.send("run", "t", 2, "b");
          durable.send("run", "u", "elsewhere", "c");
          const there = await context.call(look, null);
          const first = (await context.poll("t"))?.payload ?? null;
          const more = await context.call(look, null);
          const second = (await context.poll("t"))?.payload ?? null;
          return [before, there, first, more, second, await context.call(look, null)];
        }),
      ]);
      durable.start(test, "run", null);
      assert.deepEqual((await durable.execute("run")).result, [false, true, 1, true, 2, false]);
      assert.deepEqual(looked, [[], [1, 2], [1, 2], [1, 2]]);
      assert.deepEqual(durable.sent("run", "u"), [{ topic: "u", payload: "elsewhere" }]);
      assert.deepEqual(durable.sent("run", "nothing"), []);
    },
  },
  {
    name: "shows a commit the mail of its own run only, and the same result after a crash",
    run: async (harness) => {
      let crashed = false;
      const look: Activity<null, boolean> = {
        name: "look",
        run: async () => (mailbox) => mailbox.has("t"),
      };
      const survivor = await crashAndTakeOver(harness, "run", (crash) =>
        workflow(async (context) => {
          const door = crashed ? undefined : harness.instance([]).durable;
          door?.start(test, "other", null);
          door?.send("other", "t", 1, "a");
          const before = await context.call(look, null);
          door?.send("run", "t", 2, "b");
          if (!crashed) {
            crashed = true;
            return crash();
          }
          return [before, await context.call(look, null)];
        }),
      );
      assert.deepEqual((await survivor.durable.execute("run")).result, [false, true]);
    },
  },
  {
    name: "ends a wait at its time limit with null, not before",
    run: async (harness) => {
      const { durable } = harness.instance([
        workflow(async (context) => ({ mail: await context.wait("answer", 500) }) as never),
      ]);
      durable.start(test, "run", null);
      assert.equal((await durable.execute("run")).state, "waiting");
      harness.advance(499);
      assert.equal((await durable.execute("run")).state, "waiting");
      harness.advance(1);
      assert.deepEqual((await durable.execute("run")).result, { mail: null });
    },
  },
  {
    name: "gives a replayed wait and poll the same messages",
    run: async (harness) => {
      let crashed = false;
      const seen: JsonValue[][] = [];
      const survivor = await crashAndTakeOver(harness, "run", (crash) => {
        const send = spy("send");
        return workflow(async (context) => {
          const mine: JsonValue[] = [];
          seen.push(mine);
          mine.push((await context.poll("t"))?.payload ?? "none");
          // The first instance sends its own messages, as a door would.
          if (!crashed) sendAll();
          await context.call(send, null);
          mine.push((await context.wait("t", 1000))?.payload ?? "none");
          if (!crashed) {
            crashed = true;
            return crash();
          }
          mine.push((await context.poll("t"))?.payload ?? "none");
          return mine;
        });
      });
      assert.deepEqual((await survivor.durable.execute("run")).result, ["none", 1, 2]);
      assert.deepEqual(seen, [
        ["none", 1],
        ["none", 1, 2],
      ]);
      function sendAll(): void {
        const door = harness.instance([]);
        door.durable.send("run", "t", 1, "a");
        door.durable.send("run", "t", 2, "b");
      }
    },
  },
  {
    name: "sleeps without a process, and runs finally once",
    run: async (harness) => {
      let finals = 0;
      const { durable } = harness.instance([
        workflow(async (context) => {
          try {
            await context.sleep(60_000);
            return "rested";
          } finally {
            finals += 1;
          }
        }),
      ]);
      durable.start(test, "run", null);
      assert.equal((await durable.execute("run")).state, "waiting");
      assert.equal(finals, 0);
      harness.advance(60_000);
      assert.equal((await durable.execute("run")).result, "rested");
      assert.equal(finals, 1);
    },
  },
  {
    name: "finishes the calls beside a wait before it suspends",
    run: async (harness) => {
      const beside = spy(
        "beside",
        (input) => new Promise((resolve) => setTimeout(resolve, 30, input)),
      );
      const { durable } = harness.instance([
        workflow((context) =>
          Promise.all([
            context.wait("t", 1000).then((mail) => mail?.payload ?? null),
            context.call(beside, 2),
          ]),
        ),
      ]);
      durable.start(test, "run", null);
      assert.equal((await durable.execute("run")).state, "waiting");
      durable.send("run", "t", 1, "key");
      assert.deepEqual((await durable.execute("run")).result, [1, 2]);
      assert.equal(beside.started.length, 1);
    },
  },
  {
    name: "gives a message to a wait while a call beside it still runs",
    run: async (harness) => {
      let release: (value: JsonValue) => void = () => {};
      const beside = spy("beside", () => new Promise<JsonValue>((resolve) => (release = resolve)));
      const { durable } = harness.instance([
        workflow((context) =>
          Promise.all([
            context.wait("t", 1000).then((mail) => {
              release("released by the message");
              return mail?.payload ?? null;
            }),
            context.call(beside, null),
          ]),
        ),
      ]);
      durable.start(test, "run", null);
      const run = durable.execute("run");
      durable.send("run", "t", 1, "key");
      assert.deepEqual((await run).result, [1, "released by the message"]);
    },
  },
];
