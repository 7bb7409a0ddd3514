import * as fc from "fast-check";
import { expect } from "vitest";
import type { NewEvent, StoredEvent } from "../../events/event.ts";
import { newRun } from "../store.fixture.ts";
import { type Case, code } from "./suite.cases.ts";

const say = (text: string): NewEvent => ({ type: "message.user", text });
const texts = (events: readonly StoredEvent[]): unknown[] =>
  events.map((event) => (event.type === "message.user" ? event.text : event.type));

/** Any character, and the ones that databases stumble over more often than by chance. */
const character = fc.oneof(
  fc.integer({ min: 0, max: 0xd7ff }).map((point) => String.fromCodePoint(point)),
  fc.integer({ min: 0xe000, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
  fc.constantFrom("\u0000", "\u2028", "\ufeff", "'", '"', "\\", "\n", "\r", "$1", "?", "%"),
);

/** What happened in each run. */
export const runLogCases: readonly Case[] = [
  {
    name: "numbers the events of each run from 1 and reads them back from any place",
    run: async ({ backend, clock }) => {
      const { runLog, runs } = backend.tenant("a");
      await runs.create(newRun("run"));
      await runs.create(newRun("other"));
      const at = clock.now();
      expect(await runLog.append("run", [say("a"), say("b")])).toEqual([
        { type: "message.user", text: "a", runId: "run", seq: 1, at },
        { type: "message.user", text: "b", runId: "run", seq: 2, at },
      ]);
      expect(await runLog.append("other", [say("x")])).toMatchObject([{ seq: 1 }]);
      expect(await runLog.append("run", [])).toEqual([]);
      expect(await runLog.append("run", [say("c")])).toMatchObject([{ seq: 3 }]);
      expect(texts(await runLog.read("run"))).toEqual(["a", "b", "c"]);
      expect(texts(await runLog.read("run", { fromSeq: 2 }))).toEqual(["b", "c"]);
      expect(texts(await runLog.read("run", { fromSeq: 2, limit: 1 }))).toEqual(["b"]);
      expect(await runLog.read("nobody")).toEqual([]);
      expect(await runLog.append("run", [say("d")], { at: 7 })).toMatchObject([{ seq: 4, at: 7 }]);
      expect(await runLog.read("run", { fromSeq: 4 })).toMatchObject([{ seq: 4, at: 7 }]);
    },
  },
  {
    name: "gives back any text unchanged",
    run: async ({ backend }) => {
      const { runLog, runs } = backend.tenant("a");
      await runs.create(newRun("run"));
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: character }), async (text) => {
          const stored = await runLog.append("run", [say(text)]);
          expect(texts(stored)).toEqual([text]);
          const [{ seq: fromSeq } = { seq: 0 }] = stored;
          expect(await runLog.read("run", { fromSeq })).toEqual(stored);
        }),
        { numRuns: 50 },
      );
    },
  },
  {
    name: "refuses an unknown run and an event that could not be read back",
    run: async ({ backend }) => {
      const { runLog, runs } = backend.tenant("a");
      await runs.create(newRun("run"));
      await expect(runLog.append("nobody", [say("a")])).rejects.toEqual(code("store.unknown_run"));
      const bad: NewEvent = {
        type: "check.completed",
        attempt: 1,
        passed: true,
        output: "",
        durationMs: Number.NaN,
      };
      await expect(runLog.append("run", [say("a"), bad])).rejects.toMatchObject({
        code: "store.bad_event",
        message: expect.stringContaining("durationMs"),
      });
      expect(await runLog.read("run")).toEqual([]);
    },
  },
  {
    name: "stays gap-free under any mixture of appends that go through and that fail",
    run: async ({ backend }) => {
      const { runLog, runs } = backend.tenant("a");
      const append = fc.record({
        run: fc.constantFrom("left", "right"),
        size: fc.integer({ min: 0, max: 3 }),
        fails: fc.boolean(),
        together: fc.boolean(),
      });
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(append, { maxLength: 12 }), async (appends) => {
          round += 1;
          const id = (run: string): string => `${run}-${round}`;
          await Promise.all(["left", "right"].map((run) => runs.create(newRun(id(run)))));
          const expected: Record<string, number> = { left: 0, right: 0 };
          const open: Promise<unknown>[] = [];
          for (const { run, size, fails, together } of appends) {
            const events = Array.from({ length: size }, () => say("x"));
            if (!fails) expected[run] = (expected[run] ?? 0) + size;
            const bad = { type: "message.user" } as unknown as NewEvent;
            const done = fails
              ? expect(runLog.append(id(run), [...events, bad])).rejects.toEqual(
                  code("store.bad_event"),
                )
              : runLog.append(id(run), events);
            if (together) open.push(done);
            else await done;
          }
          await Promise.all(open);
          for (const [run, count] of Object.entries(expected)) {
            const seqs = (await runLog.read(id(run))).map(({ seq }) => seq);
            expect(seqs).toEqual(Array.from({ length: count }, (_, index) => index + 1));
          }
        }),
        { numRuns: 20 },
      );
    },
  },
];
