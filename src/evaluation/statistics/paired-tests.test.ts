import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { mcnemarExact, signFlipTest, wilcoxonSignedRank } from "./paired-tests.ts";

const differences = fc.array(
  fc.integer({ min: -5, max: 5 }).map((value) => value / 5),
  {
    maxLength: 12,
  },
);

test.each([
  ["the sign flip", (some: readonly number[]) => signFlipTest(some, seededRandom(1)).p],
  ["Wilcoxon's", wilcoxonSignedRank],
] as const)("%s test gives a chance, the same for both directions", (_name, p) => {
  fc.assert(
    fc.property(differences, (some) => {
      const value = p(some);
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(1);
      expect(p(some.map((one) => -one))).toBeCloseTo(value, 12);
    }),
  );
});

describe("the sign-flip test", () => {
  test("tries all signs of few differences", () => {
    // Five of the same sign: 2 of 32 draws are as far.
    expect(signFlipTest([1, 1, 2, 1, 3], seededRandom(1))).toEqual({ p: 2 / 32, method: "exact" });
    expect(signFlipTest([], seededRandom(1))).toEqual({ p: 1, method: "exact" });
    expect(signFlipTest([0, 0], seededRandom(1)).p).toBe(1);
  });

  test("samples the signs of many, near to what all of them say", () => {
    const some = [2, 4, -2, 6, 2, 2, -4, 8, 2, -2, 4, 6, 2, -6, 3, -1];
    const seen = Math.abs(some.reduce((a, b) => a + b));
    let far = 0;
    for (let signs = 0; signs < 2 ** some.length; signs += 1) {
      const total = some.reduce((sum, one, index) => sum + ((signs >> index) & 1 ? one : -one), 0);
      if (Math.abs(total) >= seen) far += 1;
    }
    const sampled = signFlipTest(some, seededRandom(1), 40_000);
    expect(sampled.method).toBe("sampled");
    // Five standard errors of a share of 40,000.
    expect(Math.abs(sampled.p - far / 2 ** some.length)).toBeLessThan(0.009);
  });

  test("never says 0 of a sample", () => {
    const all = Array.from({ length: 60 }, () => 1);
    expect(signFlipTest(all, seededRandom(1), 99).p).toBe(0.01);
  });
});

describe("McNemar's test", () => {
  test.each([
    [12, 3, 0.03515625],
    [14, 6, 0.11531829833984375],
    [5, 3, 0.7265625],
    [5, 5, 1],
    [0, 0, 1],
    [2, 0, 0.5],
    [3_000, 2_500, 1.6e-11],
  ])("of %d gained and %d lost says %d", (gained, lost, p) => {
    expect(Math.abs(mcnemarExact(gained, lost) - p)).toBeLessThan(1e-11);
    expect(mcnemarExact(lost, gained)).toBe(mcnemarExact(gained, lost));
  });
});
