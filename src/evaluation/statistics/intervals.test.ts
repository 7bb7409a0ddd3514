import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import {
  bootstrapInterval,
  clopperPearson,
  type Interval,
  tInterval,
  wilson,
} from "./intervals.ts";
import type { Figure } from "./absence.ts";

function ends(figure: Figure<Interval>): Interval {
  if (!figure.ok) throw new Error(figure.error.message);
  return figure.value;
}

const counts = fc
  .integer({ min: 1, max: 200 })
  .chain((trials) =>
    fc.record({ trials: fc.constant(trials), passes: fc.integer({ min: 0, max: trials }) }),
  );

describe.each([
  ["Wilson", wilson],
  ["Clopper and Pearson", clopperPearson],
] as const)("the interval of %s", (_name, interval) => {
  test("holds the rate and stays within 0 and 1", () => {
    fc.assert(
      fc.property(counts, (count) => {
        const { low, high } = ends(interval(count));
        const rate = count.passes / count.trials;
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(rate);
        expect(high).toBeGreaterThanOrEqual(rate);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("of failures is that of passes seen from the other end", () => {
    fc.assert(
      fc.property(counts, ({ trials, passes }) => {
        const { low, high } = ends(interval({ trials, passes }));
        const mirrored = ends(interval({ trials, passes: trials - passes }));
        expect(mirrored.low).toBeCloseTo(1 - high, 11);
        expect(mirrored.high).toBeCloseTo(1 - low, 11);
      }),
    );
  });

  test("is wider where it is to be surer", () => {
    fc.assert(
      fc.property(counts, (count) => {
        const [usual, surer] = [ends(interval(count)), ends(interval(count, 0.99))];
        expect(surer.low).toBeLessThanOrEqual(usual.low);
        expect(surer.high).toBeGreaterThanOrEqual(usual.high);
      }),
    );
  });

  test("is absent without trials", () => {
    expect(interval({ trials: 0, passes: 0 })).toMatchObject({ error: { reason: "no_trials" } });
  });
});

test("the exact interval holds the true rate as often as it says, for every rate", () => {
  const trials = 12;
  for (const rate of [0.02, 0.1, 0.31, 0.5, 0.77, 0.95]) {
    let held = 0;
    let chance = (1 - rate) ** trials;
    for (let passes = 0; passes <= trials; passes += 1) {
      const { low, high } = ends(clopperPearson({ trials, passes }));
      if (low <= rate && rate <= high) held += chance;
      chance *= ((trials - passes) / (passes + 1)) * (rate / (1 - rate));
    }
    expect(held).toBeGreaterThanOrEqual(0.95);
  }
});

describe("the intervals of a mean", () => {
  const random = () => seededRandom(7);

  test.each([
    [[], "no_trials"],
    [[0.5], "one_task"],
    [[1, 1, 1], "no_variation"],
  ])("of %j are absent, with the reason", (values, reason) => {
    expect(tInterval(values)).toMatchObject({ ok: false, error: { reason } });
    expect(bootstrapInterval(values, random())).toMatchObject({ ok: false, error: { reason } });
  });

  test("hold the mean, and move with the values", () => {
    const values = fc
      .array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 30 })
      .filter((some) => some.some((value) => value !== some[0]));
    fc.assert(
      fc.property(values, (some) => {
        const middle = some.reduce((a, b) => a + b) / some.length;
        const { low, high } = ends(tInterval(some));
        expect(low).toBeLessThan(middle);
        expect(high).toBeGreaterThan(middle);
        const moved = ends(tInterval(some.map((value) => value + 3)));
        expect(moved.low).toBeCloseTo(low + 3, 10);
        const drawn = ends(bootstrapInterval(some, random(), { resamples: 200 }));
        expect(drawn.low).toBeGreaterThanOrEqual(Math.min(...some));
        expect(drawn.high).toBeLessThanOrEqual(Math.max(...some));
      }),
      { numRuns: 50 },
    );
  });

  test("are drawn the same with the same seed, and others with another", () => {
    const values = Array.from({ length: 20 }, (_, index) => (index * 7) % 11);
    const of = (seed: number) => bootstrapInterval(values, seededRandom(seed), { resamples: 500 });
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });
});
