import fc from "fast-check";
import { expect, test } from "vitest";
import { createBulkhead, createRateLimit } from "./limits.ts";

test("a bulkhead admits as many as it may and again after one leaves", () => {
  const bulkhead = createBulkhead(2);
  expect([bulkhead.enter(), bulkhead.enter(), bulkhead.enter()]).toEqual([true, true, false]);
  bulkhead.leave();
  expect(bulkhead.enter()).toBe(true);
});

test("a rate limit admits a burst of one second's calls and says how long to wait after it", () => {
  const limit = createRateLimit(5);
  const waits = Array.from({ length: 6 }, () => limit.admit(0));
  expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  expect(waits[5]).toBeCloseTo(200);
  expect(limit.admit(200)).toBe(0);
});

test("over any time a rate limit admits no more than rate × time and one burst", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat(400), { maxLength: 300 }),
      (rate, gaps) => {
        const limit = createRateLimit(rate);
        let now = 0;
        let admitted = 0;
        for (const gap of gaps) {
          now += gap;
          if (limit.admit(now) === 0) admitted += 1;
        }
        return admitted <= (rate * now) / 1000 + rate + 1e-6;
      },
    ),
  );
});
