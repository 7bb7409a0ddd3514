import { expect, test } from "vitest";
import { fuzzApi } from "../support/api-fuzz/fuzz.ts";

test.each(["home", "one"] as const)(
  "every operation answers %s as its reference says, whatever it is asked for, and of nobody else's",
  async (asking) => {
    const { requests, operations, statuses, faults } = await fuzzApi(asking, 1, 33);
    expect(faults).toEqual([]);
    expect(operations).toBeGreaterThan(40);
    expect(requests).toBeGreaterThan(operations * 10);
    // Good requests are among them: else nothing but refusals would have been looked at.
    expect(statuses["200"]).toBeGreaterThan(50);
    expect(statuses["403"]).toBeGreaterThanOrEqual(operations);
  },
  240_000,
);
