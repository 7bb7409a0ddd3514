import fc from "fast-check";
import { expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { createBudgetLedger } from "./budget.ts";

test("refuses what does not fit and names the limit", () => {
  const ledger = createBudgetLedger(manualClock());
  ledger.open("run", { costMicroUsd: 100, tokens: 1_000, calls: 2 });
  expect(ledger.reserve(["run"], { costMicroUsd: 101 })).toMatchObject({
    limit: "costMicroUsd",
    allowed: 100,
    used: 0,
  });
  expect(ledger.reserve(["run"], { tokens: 1_001 })).toMatchObject({ limit: "tokens" });
  ledger.reserve(["run"], {});
  ledger.reserve(["run"], {});
  expect(ledger.reserve(["run"], {})).toMatchObject({ limit: "calls", allowed: 2, used: 2 });
});

test("a refusal by one budget leaves all others untouched", () => {
  const ledger = createBudgetLedger(manualClock());
  ledger.open("run", { tokens: 1_000 });
  ledger.open("tenant", { tokens: 10 });
  expect(ledger.reserve(["run", "tenant"], { tokens: 50 })).toMatchObject({ budget: "tenant" });
  expect(ledger.use("run")).toMatchObject({ tokens: 0, calls: 0 });
});

test("a budget of time is over when its time is over", () => {
  const clock = manualClock();
  const ledger = createBudgetLedger(clock);
  ledger.open("run", { milliseconds: 1_000 });
  expect(ledger.reserve(["run"], {})).toHaveProperty("id");
  clock.advance(1_000);
  expect(ledger.reserve(["run"], {})).toMatchObject({ limit: "milliseconds" });
});

test("a resumed run goes on from what it had used", () => {
  const ledger = createBudgetLedger(manualClock());
  ledger.open("run", { tokens: 100 }, { tokens: 90 });
  expect(ledger.reserve(["run"], { tokens: 11 })).toMatchObject({ limit: "tokens", used: 90 });
  expect(ledger.reserve(["run"], { tokens: 10 })).toHaveProperty("id");
});

test("however calls are reserved, settled and released, no limit is passed while estimates are bounds", () => {
  const step = fc.record({
    estimate: fc.nat(50),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    how: fc.constantFrom("settle", "release", "keep"),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.array(step, { maxLength: 100 }),
      (limit, steps) => {
        const ledger = createBudgetLedger(manualClock());
        ledger.open("run", { tokens: limit });
        let spent = 0;
        for (const { estimate, share, how } of steps) {
          const reserved = ledger.reserve(["run"], { tokens: estimate });
          if (!("id" in reserved)) continue;
          const actual = Math.floor(estimate * share);
          if (how === "settle") {
            ledger.settle(reserved, { tokens: actual });
            // Twice must be once.
            ledger.settle(reserved, { tokens: actual });
            spent += actual;
          }
          if (how === "release") ledger.release(reserved);
          if (how === "keep") spent += estimate;
          const used = ledger.use("run")?.tokens ?? -1;
          if (used !== spent || used > limit) return false;
        }
        return true;
      },
    ),
  );
});
