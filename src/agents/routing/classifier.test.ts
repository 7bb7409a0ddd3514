import * as fc from "fast-check";
import { expect, test } from "vitest";
import { classify } from "./classifier.ts";

const thresholds = { enabled: true, lowBelow: 100, highFrom: 1_000 };

test("a tier goes by the length, and the reason says so", () => {
  expect(classify("a".repeat(99), thresholds)).toMatchObject({
    effort: "low",
    reasons: ["99 characters: less than 100"],
  });
  expect(classify("a".repeat(100), thresholds)).toMatchObject({
    effort: "medium",
    reasons: ["100 characters: from 100 to below 1000"],
  });
  expect(classify("a".repeat(1_000), thresholds)).toMatchObject({
    effort: "high",
    reasons: ["1000 characters: 1000 or more"],
  });
});

test("empty work is low", () => {
  for (const work of ["", " \n", {}]) expect(classify(work, thresholds).effort).toBe("low");
});

test("inputs that are no JSON are medium and said to be, not an error", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  for (const work of [1n, { amount: 10n }, circle, undefined, () => 1]) {
    expect(classify(work, thresholds)).toEqual({
      effort: "medium",
      confidence: 0.5,
      reasons: ["the inputs are no JSON, so how long they are is not known"],
    });
  }
});

test("confidence is a coin's at a threshold and never above what was measured of length", () => {
  expect(classify("a".repeat(99), thresholds).confidence).toBe(0.5);
  fc.assert(
    fc.property(fc.nat(200_000), (length) => {
      const { confidence } = classify("a".repeat(length), thresholds);
      expect(confidence).toBeGreaterThanOrEqual(0.5);
      expect(confidence).toBeLessThanOrEqual(0.587);
    }),
    { numRuns: 50 },
  );
});

test("the same work gets the same answer, and longer work never a lower tier", () => {
  const rank = { low: 0, medium: 1, high: 2 };
  fc.assert(
    fc.property(fc.nat(5_000), fc.nat(5_000), (one, more) => {
      const short = classify("a".repeat(one), thresholds);
      expect(classify("a".repeat(one), thresholds)).toEqual(short);
      const long = classify("a".repeat(one + more), thresholds);
      expect(rank[long.effort]).toBeGreaterThanOrEqual(rank[short.effort]);
    }),
    { numRuns: 50 },
  );
});
