import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trendOf } from "./trend.ts";

const value = fc.double({ noNaN: true, noDefaultInfinity: true });
const values = fc.array(value, { maxLength: 20 });

describe("a trend", () => {
  test("of a cycle time that doubles is declining: less is better", () => {
    expect(trendOf([10, 20], "lower")).toEqual({
      direction: "declining",
      firstMean: 10,
      secondMean: 20,
      change: 1,
    });
    expect(trendOf([10, 20], "higher").direction).toBe("improving");
    expect(trendOf([20, 10], "lower").direction).toBe("improving");
  });

  test("is insufficient with fewer than two values", () => {
    const none = { direction: "insufficient", firstMean: null, secondMean: null, change: null };
    expect(trendOf([], "lower")).toEqual(none);
    expect(trendOf([4], "higher")).toEqual(none);
  });

  test("puts the middle of an odd number in the newer half", () => {
    expect(trendOf([10, 20, 40], "higher")).toMatchObject({ firstMean: 10, secondMean: 30 });
  });

  test("is stable up to 5 % either way, however the means are rounded", () => {
    for (const base of [100, 20, 7, 3, 13, 0.1]) {
      for (const factor of [0.95, 1, 1.05]) {
        expect(trendOf([base, base * factor], "higher").direction).toBe("stable");
      }
      expect(trendOf([base, base * 1.051], "higher").direction).toBe("improving");
      expect(trendOf([base, base * 0.949], "higher").direction).toBe("declining");
    }
  });

  test("from 0 is any change, and has no share; from 0 to 0 is none", () => {
    expect(trendOf([0, 0.001], "higher")).toMatchObject({ direction: "improving", change: null });
    expect(trendOf([0, 0.001], "lower")).toMatchObject({ direction: "declining", change: null });
    expect(trendOf([0, 0], "lower")).toMatchObject({ direction: "stable", change: null });
  });

  test("of values below 0 goes by which way they move", () => {
    expect(trendOf([-10, -20], "higher")).toMatchObject({ direction: "declining", change: -1 });
    expect(trendOf([-10, 10], "higher")).toMatchObject({ direction: "improving", change: 2 });
  });

  const opposite = {
    improving: "declining",
    declining: "improving",
    stable: "stable",
    insufficient: "insufficient",
  };

  test("is the opposite where the opposite is better, and of mirrored values", () => {
    fc.assert(
      fc.property(values, (list) => {
        const { direction, ...means } = trendOf(list, "higher");
        expect(trendOf(list, "lower")).toEqual({ direction: opposite[direction], ...means });
        const mirrored = list.map((one) => -one);
        expect(trendOf(mirrored, "higher").direction).toBe(opposite[direction]);
      }),
    );
  });

  test("has only numbers that JSON can hold", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(value, fc.constantFrom(1e308, -1e308, 5e-324)), { maxLength: 9 }),
        (list) => {
          const trend = trendOf(list, "higher");
          for (const number of [trend.firstMean, trend.secondMean, trend.change]) {
            expect(number === null || Number.isFinite(number)).toBe(true);
          }
        },
      ),
    );
  });
});
