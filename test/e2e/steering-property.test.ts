import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { spokenTo } from "../support/spoken-run.ts";

let made: TestEngine | undefined;
afterEach(() => made?.engine.close());

const append = { name: "append_line", arguments: { path: "notes.txt", line: "x" } };
const done = { text: "Done." };

test("whenever a person speaks: each call has one result, and each message is heard or refused", async () => {
  const engine = testEngine({ "sandbox.javascript": true });
  made = engine;
  const look = { name: "run_javascript", arguments: { code: "1" } };
  const moment = fc.record({
    event: fc.integer({ min: 0, max: 20 }),
    topic: fc.constantFrom("steering" as const, "follow_up" as const),
  });
  const turn = fc.array(fc.boolean(), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { maxLength: 2 }),
      fc.array(moment, { minLength: 1, maxLength: 4 }),
      async (turns, moments) => {
        let seen = 0;
        let refused = 0;
        const { events } = await spokenTo(
          engine,
          [
            ...turns.map((calls) => ({
              tool_calls: calls.map((reads) => (reads ? look : append)),
            })),
            ...moments.map(() => done),
            done,
          ],
          (event, say) => {
            if (!("seq" in event)) return;
            for (const [index, { event: at, topic }] of moments.entries()) {
              if (at !== seen) continue;
              try {
                say(`message ${index}`, topic);
              } catch (error) {
                expect(error).toMatchObject({ code: expect.stringMatching(/^engine\./) });
                refused += 1;
              }
            }
            seen += 1;
          },
        );
        const sent = moments.filter(({ event }) => event < seen).length - refused;
        const heard = eventsOf(events, "message.user").filter(({ key }) => key !== undefined);
        const unread = eventsOf(events, "message.undelivered");
        const keys = [...heard, ...unread].map(({ key }) => key);
        expect(new Set(keys).size).toBe(sent);
        expect(keys).toHaveLength(sent);
        for (const { turn: number, parts, seq } of eventsOf(events, "turn.completed")) {
          const asked = parts.filter(({ type }) => type === "tool_call").length;
          const results = eventsOf(events, "tool.completed").filter((one) => one.turn === number);
          expect(results.map(({ index }) => index).toSorted((one, other) => one - other)).toEqual(
            Array.from({ length: asked }, (_, index) => index),
          );
          const last = Math.max(seq, ...results.map((one) => one.seq));
          const between = events.filter((event) => event.seq > seq && event.seq < last);
          expect(between.filter(({ type }) => type === "message.user")).toEqual([]);
        }
      },
    ),
    { numRuns: 8 },
  );
}, 30_000);
