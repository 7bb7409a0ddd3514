import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { overTasks, type PassCount, passAt, passHat } from "./pass-at.ts";

/** Trials, passes among them, and a k that they are enough for. */
const counted = fc.integer({ min: 1, max: 60 }).chain((trials) =>
  fc.record({
    trials: fc.constant(trials),
    passes: fc.integer({ min: 0, max: trials }),
    k: fc.integer({ min: 1, max: trials }),
  }),
);

function value(estimate: typeof passAt, count: PassCount, k: number): number {
  const figure = estimate(count, k);
  if (!figure.ok) throw new Error(figure.error.message);
  return figure.value;
}

/** Every way to draw k of the trials, looked at one by one. */
function drawn(
  { trials, passes }: PassCount,
  k: number,
  holds: (passed: number) => boolean,
): number {
  let all = 0;
  let good = 0;
  for (let set = 0; set < 2 ** trials; set += 1) {
    const chosen = Array.from({ length: trials }, (_, index) => index).filter(
      (index) => (set >> index) & 1,
    );
    if (chosen.length !== k) continue;
    all += 1;
    if (holds(chosen.filter((index) => index < passes).length)) good += 1;
  }
  return good / all;
}

describe("pass@k and pass^k", () => {
  test("are the share of all draws of k in which one passes, and all", () => {
    fc.assert(
      fc.property(
        counted.filter(({ trials }) => trials <= 8),
        ({ k, ...count }) => {
          expect(value(passAt, count, k)).toBeCloseTo(
            drawn(count, k, (passed) => passed > 0),
            12,
          );
          expect(value(passHat, count, k)).toBeCloseTo(
            drawn(count, k, (passed) => passed === k),
            12,
          );
        },
      ),
    );
  });

  test("lie between 0 and 1, the one above the rate and the other below", () => {
    fc.assert(
      fc.property(counted, ({ k, ...count }) => {
        const rate = count.passes / count.trials;
        expect(value(passAt, count, k)).toBeLessThanOrEqual(1);
        expect(value(passAt, count, k)).toBeGreaterThanOrEqual(rate - 1e-12);
        expect(value(passHat, count, k)).toBeLessThanOrEqual(rate + 1e-12);
        expect(value(passHat, count, k)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("rise and fall with k, and both rise with the passes", () => {
    fc.assert(
      fc.property(
        counted.filter(({ trials, passes, k }) => k < trials && passes < trials),
        ({ k, ...count }) => {
          const more = { trials: count.trials, passes: count.passes + 1 };
          expect(value(passAt, count, k + 1)).toBeGreaterThanOrEqual(
            value(passAt, count, k) - 1e-12,
          );
          expect(value(passHat, count, k + 1)).toBeLessThanOrEqual(
            value(passHat, count, k) + 1e-12,
          );
          expect(value(passAt, more, k)).toBeGreaterThanOrEqual(value(passAt, count, k) - 1e-12);
          expect(value(passHat, more, k)).toBeGreaterThanOrEqual(value(passHat, count, k) - 1e-12);
        },
      ),
    );
  });

  test("mirror each other: none of k passes as often as all of k fail", () => {
    fc.assert(
      fc.property(counted, ({ k, trials, passes }) => {
        const failing = { trials, passes: trials - passes };
        expect(value(passAt, { trials, passes }, k)).toBeCloseTo(
          1 - value(passHat, failing, k),
          12,
        );
      }),
    );
  });

  test("are absent with fewer trials than k, whatever these came to", () => {
    for (const passes of [0, 2]) {
      for (const estimate of [passAt, passHat]) {
        const figure = estimate({ trials: 2, passes }, 3);
        expect(figure).toMatchObject({ ok: false, error: { reason: "too_few_trials" } });
      }
    }
    expect(passAt({ trials: 0, passes: 0 }, 1)).toMatchObject({ ok: false });
  });

  test.each([
    [{ trials: 2, passes: 3 }, 1],
    [{ trials: 2, passes: -1 }, 1],
    [{ trials: 2.5, passes: 1 }, 1],
    [{ trials: 2, passes: 1 }, 0],
    [{ trials: 2, passes: 1 }, Number.NaN],
  ])("of %o at k = %d is a mistake of the caller", (count, k) => {
    expect(() => passAt(count, k)).toThrow(RangeError);
    expect(() => passHat(count, k)).toThrow(RangeError);
  });

  test("over tasks leave those out that have too few trials, and say how many", () => {
    const counts = [
      { trials: 4, passes: 2 },
      { trials: 1, passes: 1 },
    ];
    expect(overTasks(counts, 2, passHat)).toEqual({
      ok: true,
      value: { value: 1 / 6, tasks: 1, leftOut: 1 },
    });
    expect(overTasks(counts, 5, passHat)).toMatchObject({ ok: false });
  });
});
