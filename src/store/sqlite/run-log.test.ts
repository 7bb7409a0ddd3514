import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../../events/event.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";

let temporary: TemporaryStore;

beforeEach(() => {
  temporary = temporaryStore();
  temporary.store.runs.create(newRun("run"));
});

afterEach(() => temporary.remove());

const say = (text: string): NewEvent => ({ type: "message.user", text });
const texts = (events: readonly StoredEvent[]): unknown[] =>
  events.map((event) => (event.type === "message.user" ? event.text : event.type));

test("numbers the events of each run from 1 and reads them back from any place", () => {
  const { runLog, runs } = temporary.store;
  runs.create(newRun("other"));
  const first = runLog.append("run", [say("a"), say("b")]);
  expect(first).toEqual([
    { type: "message.user", text: "a", runId: "run", seq: 1, at: temporary.clock.now() },
    { type: "message.user", text: "b", runId: "run", seq: 2, at: temporary.clock.now() },
  ]);
  expect(runLog.append("other", [say("x")])).toMatchObject([{ seq: 1 }]);
  expect(runLog.append("run", [])).toEqual([]);
  expect(runLog.append("run", [say("c")])).toMatchObject([{ seq: 3 }]);
  expect(texts(runLog.read("run"))).toEqual(["a", "b", "c"]);
  expect(texts(runLog.read("run", { fromSeq: 2 }))).toEqual(["b", "c"]);
  expect(runLog.read("nobody")).toEqual([]);
});

test("gives back any text unchanged", () => {
  const { runLog } = temporary.store;
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const [stored] = runLog.append("run", [say(text)]);
      expect(runLog.read("run", { fromSeq: stored!.seq })).toEqual([stored]);
      expect(texts([stored!])).toEqual([text]);
    }),
    { numRuns: 50 },
  );
});

test("refuses an unknown run and an event that could not be read back", () => {
  const { runLog } = temporary.store;
  expect(() => runLog.append("nobody", [say("a")])).toThrowError(
    expect.objectContaining({ code: "store.unknown_run" }),
  );
  const bad: NewEvent = {
    type: "check.completed",
    attempt: 1,
    passed: true,
    output: "",
    durationMs: Number.NaN,
  };
  expect(() => runLog.append("run", [say("a"), bad])).toThrowError(
    expect.objectContaining({
      code: "store.bad_event",
      message: expect.stringContaining("durationMs"),
    }),
  );
  expect(runLog.read("run")).toEqual([]);
});

test("tells listeners after the commit, and leaves no trace of what was rolled back", () => {
  const { runLog, transactions } = temporary.store;
  const told: unknown[] = [];
  const stop = runLog.onAppend((events) => told.push(...texts(events)));
  transactions.transaction(() => {
    runLog.append("run", [say("a")]);
    runLog.append("run", [say("b"), say("c")]);
    expect(told).toEqual([]);
  });
  expect(told).toEqual(["a", "b", "c"]);
  expect(() =>
    transactions.transaction(() => {
      runLog.append("run", [say("never")]);
      throw new Error("no");
    }),
  ).toThrow("no");
  runLog.append("run", [say("d")]);
  expect(told).toEqual(["a", "b", "c", "d"]);
  expect(runLog.read("run").map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  stop();
  runLog.append("run", [say("e")]);
  expect(told).toHaveLength(4);
});

test("stays gap-free under any interleaving of two writers, transactions and rollbacks", () => {
  const action = fc.record({
    writer: fc.integer({ min: 0, max: 1 }),
    run: fc.constantFrom("run", "other"),
    batches: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
    rollback: fc.boolean(),
  });
  temporary.store.runs.create(newRun("other"));
  const writers = [temporary.store, temporary.reopen()];
  const expected = { run: 0, other: 0 } as Record<string, number>;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 10 }), (actions) => {
      for (const { writer, run, batches, rollback } of actions) {
        const { transactions, runLog } = writers[writer]!;
        const write = (): void =>
          transactions.transaction(() => {
            for (const size of batches)
              runLog.append(
                run,
                Array.from({ length: size }, () => say("x")),
              );
            if (rollback) throw new Error("rollback");
          });
        if (rollback) expect(write).toThrow("rollback");
        else {
          write();
          expected[run] = (expected[run] ?? 0) + batches.reduce((sum, size) => sum + size, 0);
        }
      }
      for (const [run, count] of Object.entries(expected)) {
        const seqs = writers[0]!.runLog.read(run).map(({ seq }) => seq);
        expect(seqs).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      }
    }),
    { numRuns: 30 },
  );
});

test("stays gap-free when two processes write at once", async () => {
  temporary.store.runs.create(newRun("shared"));
  const program = fileURLToPath(new URL("./writer.fixture.ts", import.meta.url));
  const count = 60;
  const exits = ["left", "right"].map(async (name) => {
    const child = spawn(process.execPath, [program, temporary.dataDir, name, String(count)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    return (await once(child, "exit"))[0] as unknown;
  });
  expect(await Promise.all(exits)).toEqual([0, 0]);
  const { runLog } = temporary.store;
  for (const name of ["left", "right"]) {
    expect(texts(runLog.read(name))).toEqual(
      Array.from({ length: count }, (_, index) => `${name} ${index}`),
    );
  }
  const shared = runLog.read("shared");
  expect(shared.map(({ seq }) => seq)).toEqual(
    Array.from({ length: 4 * count }, (_, index) => index + 1),
  );
  // An append is one piece: nobody writes between its events.
  for (let index = 0; index < shared.length; index += 2) {
    const [first, second] = texts(shared.slice(index, index + 2));
    expect(second).toBe(`${String(first)} again`);
  }
});
