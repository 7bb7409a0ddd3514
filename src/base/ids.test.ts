import fc from "fast-check";
import { expect, test } from "vitest";
import { manualClock } from "./clock.ts";
import { uuidv7Source } from "./ids.ts";
import { seededRandom } from "./random.ts";

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("ids have the form of UUID version 7 and hold the time", () => {
  const id = uuidv7Source(manualClock(0x0190_0000_0000), seededRandom(1))();
  expect(id).toMatch(shape);
  expect(id.replaceAll("-", "").slice(0, 12)).toBe("019000000000");
});

test("ids of one process are in order whatever the wall clock does", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 300 }),
      fc.integer(),
      (steps, seed) => {
        const clock = manualClock();
        const next = uuidv7Source(clock, seededRandom(seed));
        let last = "";
        for (const step of steps) {
          clock.advance(step);
          const id = next();
          if (id <= last || !shape.test(id)) return false;
          last = id;
        }
        return true;
      },
    ),
  );
});

test("more ids in a millisecond than the counter holds carry into the time", () => {
  const next = uuidv7Source(manualClock(), seededRandom(1));
  const ids = Array.from({ length: 10_000 }, next);
  expect(new Set(ids).size).toBe(10_000);
  expect([...ids].sort()).toEqual(ids);
});
