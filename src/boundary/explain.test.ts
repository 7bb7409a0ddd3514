import { describe, expect, test } from "vitest";
import { fixedPolicy, testBoundary, testPrincipal } from "../../test/support/boundary.ts";
import { failing, options, read, spec, writeOnce } from "../../test/support/connector.ts";
import { manualClock } from "../base/clock.ts";
import { BoundaryError } from "./errors.ts";

const healthy = () => Promise.resolve("ok");
const asked = { principal: testPrincipal, budgets: ["b"] } as const;

describe("an explanation", () => {
  test("tells what policy says and what is left, of a call that would be sent", () => {
    const { boundary, budgets } = testBoundary();
    budgets.open("b", { tokens: 100, calls: 3 }, { tokens: 25 });
    const connector = boundary.connector(
      spec(healthy, read, { estimate: () => ({ tokens: 75 }), maxConcurrent: 8 }),
    );
    expect(connector.explain("x", asked)).toMatchObject({
      stoppedBy: undefined,
      decision: { effect: "allow", ruleId: "test/allow" },
      breaker: { key: "http:test|up.example:-|read", waitMs: 0, seen: undefined },
      limits: { placesLeft: 7, rateWaitMs: 0, retriesLeft: 10 },
      estimate: { tokens: 75 },
      budgets: [{ budget: "b", left: { tokens: 75, calls: 3 } }],
    });
  });

  test("calls nothing, takes nothing, asks nobody and writes nothing", () => {
    const { boundary, audit, approvals, budgets, idempotency } = testBoundary({
      policy: fixedPolicy("ask"),
    });
    budgets.open("b", { calls: 1 });
    let reached = false;
    const connector = boundary.connector(
      spec(() => Promise.resolve(String((reached = true))), writeOnce, { ratePerSecond: 1 }),
    );
    for (let time = 0; time < 20; time += 1) {
      expect(connector.explain("x", asked).stoppedBy).toBe("approval_required");
    }
    expect({ reached, records: audit.opened.length + audit.closed.length }).toEqual({
      reached: false,
      records: 0,
    });
    expect(approvals.stateOf("approval-1")).toBeUndefined();
    expect(budgets.use("b")).toMatchObject({ calls: 0 });
    expect(idempotency.keys.size).toBe(0);
    expect(boundary.breakers()).toEqual([]);
  });

  test("names the breaker that is open, and for how long", async () => {
    const clock = manualClock();
    const { boundary } = testBoundary({ clock, breaker: { minimumAttempts: 1 } });
    const down = failing(new BoundaryError("upstream_5xx", "down"));
    const connector = boundary.connector(spec(down, read, { maxAttempts: 1 }));
    await connector.tryCall("x", options);
    const { stoppedBy, breaker } = connector.explain("x", options);
    expect(stoppedBy).toBe("circuit_open");
    expect(breaker.waitMs).toBeGreaterThanOrEqual(5_000);
    expect(breaker.seen).toMatchObject({ state: "open", timesOpened: 1 });
    expect(connector.explain("x", { ...options, streams: true }).stoppedBy).toBeUndefined();
  });

  test("says what stops a call in the order of the chain, and the same as the call would", async () => {
    const { boundary, budgets } = testBoundary({ clock: manualClock() });
    budgets.open("b", { calls: 1 });
    const connector = boundary.connector(spec(healthy, read, { ratePerSecond: 1 }));
    await connector.call("x", { ...options, budgets: ["b"] });
    expect(connector.explain("x", asked).stoppedBy).toBe("rate_limited");
    expect(await connector.tryCall("x", { ...options, budgets: ["b"] })).toMatchObject({
      error: { kind: "rate_limited" },
    });
    const unlimited = boundary.connector(spec(healthy));
    expect(unlimited.explain("x", asked).stoppedBy).toBe("budget_exceeded");
    expect(await unlimited.tryCall("x", { ...options, budgets: ["b"] })).toMatchObject({
      error: { kind: "budget_exceeded" },
    });
  });

  test("of a budget that nobody opened says that it stops the call", () => {
    const { boundary } = testBoundary();
    const { stoppedBy, budgets } = boundary.connector(spec(healthy)).explain("x", asked);
    expect({ stoppedBy, budgets }).toEqual({
      stoppedBy: "budget_exceeded",
      budgets: [{ budget: "b", left: undefined }],
    });
  });

  test("is under the policy that the call would be under", () => {
    const { boundary } = testBoundary();
    const policy = fixedPolicy("deny");
    const connector = boundary.connector(spec(healthy));
    expect(connector.explain("x", { ...options, policy }).stoppedBy).toBe("policy_denied");
  });
});
