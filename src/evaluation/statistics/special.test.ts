import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  betaQuantile,
  logGamma,
  normalQuantile,
  normalUpperTail,
  regularizedBeta,
  tQuantile,
} from "./special.ts";

/** Relative, but for what is as good as 0. */
const near = (value: number, expected: number): void =>
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(expected)));

describe("what SciPy 1.17.1 says", () => {
  test.each([
    [0.5, 0.5723649429247],
    [1, 0],
    [1.5, -0.12078223763524526],
    [10, 12.801827480081469],
    [171.3, 708.1149470389971],
    [1000, 5905.220423209181],
  ])("of the logarithm of gamma of %d", (x, expected) => near(logGamma(x), expected));

  test.each([
    [0.3, 2, 5, 0.5798250000000003],
    [0.5, 0.5, 0.5, 0.5000000000000001],
    [0.01, 3, 200, 0.32876182896161066],
    [0.97, 100, 4, 0.62678485171398],
    [0.5, 39.5, 0.5, 1.608321325311359e-13],
    [0.75, 165, 236, 1],
    [1e-6, 0.5, 40, 0.007114137817972974],
  ])("of the beta distribution below %d with %d and %d", (x, a, b, expected) =>
    near(regularizedBeta(x, a, b), expected),
  );

  test.each([
    [0.025, 1, 5, 0.0050507633794680575],
    [0.975, 5, 1, 0.9949492366205319],
    [0.025, 165, 236, 0.36381148359178317],
    [0.975, 166, 235, 0.4624929253107517],
    [0.5, 0.5, 39.5, 0.005778473106429],
    [0.001, 2, 3, 0.013022947370814273],
  ])("of its quantile at %d with %d and %d", (share, a, b, expected) =>
    near(betaQuantile(share, a, b), expected),
  );

  test.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 2, 4.302652729749462],
    [0.975, 79, 1.9904502102301285],
    [0.995, 4, 4.604094871349992],
    [0.9, 10, 1.372183641110336],
    [0.975, 1000, 1.9623390808264083],
    [0.6, 3, 0.2766706623326898],
    [0.025, 2, -4.302652729749462],
  ])("of Student's quantile at %d with %d degrees", (share, degrees, expected) =>
    near(tQuantile(share, degrees), expected),
  );

  test.each([
    [0, 0.5],
    [0.1, 0.460172162722971],
    [0.5, 0.3085375387259869],
    [1, 0.15865525393145707],
    [1.7320508, 0.041632259005526806],
    [1.75, 0.040059156863817086],
    [1.959963984540054, 0.025],
    [3, 0.0013498980316300933],
    [6, 9.865876450376946e-10],
    [10, 7.61985302416047e-24],
    [-1, 0.8413447460685429],
  ])("of the normal distribution above %d", (z, expected) => near(normalUpperTail(z), expected));

  test.each([
    [0.5, 0],
    [0.025, -1.9599639845400545],
    [0.975, 1.959963984540054],
    [0.9, 1.2815515655446004],
    [0.001, -3.090232306167813],
    [1e-9, -5.9978070150076865],
  ])("of the normal quantile at %d", (share, expected) => near(normalQuantile(share), expected));
});

test("shares are shares, rise with x, and mirror", () => {
  const parameter = fc.double({ min: 0.5, max: 300, noNaN: true });
  // Such that 1 less it is exact.
  const share = fc.integer({ min: 0, max: 2 ** 30 }).map((value) => value / 2 ** 30);
  fc.assert(
    fc.property(share, share, parameter, parameter, (one, other, a, b) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      expect(regularizedBeta(low, a, b)).toBeGreaterThanOrEqual(0);
      expect(regularizedBeta(high, a, b)).toBeLessThanOrEqual(1);
      expect(regularizedBeta(low, a, b)).toBeLessThanOrEqual(regularizedBeta(high, a, b) + 1e-12);
      near(regularizedBeta(low, a, b) + regularizedBeta(1 - low, b, a), 1);
    }),
  );
});

test("a quantile is where the share lies", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 500 }),
      (share, a, b) => {
        expect(regularizedBeta(betaQuantile(share, a, b), a, b)).toBeCloseTo(share, 9);
        expect(normalUpperTail(-normalQuantile(share))).toBeCloseTo(share, 12);
      },
    ),
    { numRuns: 50 },
  );
});
