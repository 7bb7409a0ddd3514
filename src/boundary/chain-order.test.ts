import { describe, expect, test } from "vitest";
import { fixedPolicy, testBoundary } from "../../test/support/boundary.ts";
import { failing, options, spec, writeOnce } from "../../test/support/connector.ts";
import { BoundaryError } from "./errors.ts";

describe("the order of the chain", () => {
  test("a denied call reaches nothing, costs nothing and is audited", async () => {
    const { boundary, audit, budgets, idempotency } = testBoundary({ policy: fixedPolicy("deny") });
    budgets.open("b", { calls: 1 });
    let reached = false;
    const outcome = await boundary
      .connector(spec(() => Promise.resolve(String((reached = true))), writeOnce))
      .tryCall("x", { ...options, budgets: ["b"] });
    expect(outcome.ok).toBe(false);
    expect(reached).toBe(false);
    expect(budgets.use("b")).toMatchObject({ calls: 0 });
    expect(idempotency.keys.size).toBe(0);
    expect(audit.closed).toMatchObject([
      { outcome: "boundary.policy_denied", decision: { ruleId: "test/deny" }, attempts: [] },
    ]);
  });

  test("each step happens in the documented order", async () => {
    const steps: string[] = [];
    const note = <T>(name: string, value: T): T => {
      steps.push(name);
      return value;
    };
    const { boundary } = testBoundary({
      policy: {
        version: "v1",
        decide: () =>
          note("policy", {
            effect: "ask",
            ruleId: "p/ask",
            matched: [],
            policyVersion: "v1",
            session: [
              {
                ruleId: "p/limit",
                effect: "deny",
                mode: "enforce",
                reason: "r",
                limit: { per: "run", quantity: "calls", most: 1, adds: 0 },
              },
            ],
          } as const),
      },
      parts: {
        approvals: {
          request: () => note("approval request", { id: "a", state: "approved" } as const),
          consume: () => note("approval consume", "approved" as const),
          restore: () => note("approval restore", undefined),
          list: () => [],
        },
        idempotency: {
          stateOf: () => note("idempotency look", "fresh" as const),
          reserve: () => note("idempotency reserve", "fresh" as const),
          finish: () => note("idempotency finish", undefined),
          release: () => note("idempotency release", undefined),
        },
        limitUses: {
          hold: () => note("limit hold", { granted: true }),
          use: () => note("limit use", undefined),
          release: () => note("limit release", undefined),
          usage: () => ({ calls: 0, amount: 0, held: 0 }),
        },
        audit: {
          open: () => note("audit open", undefined),
          close: () => note("audit close", undefined),
        },
      },
      budgets: {
        reserve: () => note("budget reserve", { id: 1 }),
        extend: () => undefined,
        settle: () => note("budget settle", undefined),
        release: () => note("budget release", undefined),
      },
      standing: {
        reserve: () => note("standing budget reserve", { held: [] }),
        extend: () => undefined,
        settle: () => note("standing budget settle", undefined),
        release: () => note("standing budget release", undefined),
        look: () => [],
        close: () => undefined,
      },
    });
    const connector = boundary.connector(
      spec(() => Promise.resolve(note("handler", "ok")), writeOnce, {
        check: () => note("check", undefined),
        measure: () => note("measure", {}),
      }),
    );
    await connector.call("x", { ...options, budgets: ["b"] });
    expect(steps).toEqual([
      "policy",
      // Tried before a person is asked, in case it is for nothing.
      "limit hold",
      "limit release",
      // Nobody is asked about a call that was begun before.
      "idempotency look",
      "approval request",
      "limit hold",
      "budget reserve",
      "standing budget reserve",
      "approval consume",
      "audit open",
      "idempotency reserve",
      "handler",
      "measure",
      "check",
      "limit use",
      "budget settle",
      "standing budget settle",
      "idempotency finish",
      "audit close",
    ]);
  });

  test("an open breaker burns neither an approval nor a budget", async () => {
    const { boundary, approvals, budgets } = testBoundary({
      policy: fixedPolicy("ask"),
      breaker: { minimumAttempts: 1 },
    });
    budgets.open("b", { calls: 10 });
    const down = boundary.connector(
      spec(failing(new BoundaryError("upstream_5xx", "down")), writeOnce),
    );
    const first = await down.tryCall("x", { ...options, budgets: ["b"] });
    expect(first).toMatchObject({ ok: false, error: { kind: "approval_required" } });
    approvals.decide("approval-1", "approved");
    await down.tryCall("x", { ...options, budgets: ["b"] });
    expect(approvals.stateOf("approval-1")).toBe("consumed");
    expect(boundary.breakers()[0]?.state).toBe("open");
    await down.tryCall("x", { ...options, budgets: ["b"] });
    approvals.decide("approval-2", "approved");
    const refused = await down.tryCall("x", { ...options, budgets: ["b"] });
    expect(refused).toMatchObject({ ok: false, error: { kind: "circuit_open" } });
    expect(approvals.stateOf("approval-2")).toBe("approved");
    expect(budgets.use("b")).toMatchObject({ calls: 1 });
  });

  test("a call that failed before it was sent gives back its approval, its budget and its key", async () => {
    const { boundary, approvals, budgets, idempotency } = testBoundary({
      policy: fixedPolicy("ask"),
    });
    budgets.open("b", { calls: 10 });
    const refusing = boundary.connector(
      spec(
        failing(new BoundaryError("transport", "refused", { phase: "before_send" })),
        writeOnce,
        { maxAttempts: 1 },
      ),
    );
    await refusing.tryCall("x", { ...options, budgets: ["b"] });
    approvals.decide("approval-1", "approved");
    await refusing.tryCall("x", { ...options, budgets: ["b"], logicalCallId: "l" });
    expect(approvals.stateOf("approval-1")).toBe("approved");
    expect(budgets.use("b")).toMatchObject({ calls: 0 });
    expect(idempotency.keys.size).toBe(0);
  });

  test("a write is opened in the audit before its handler runs", async () => {
    const { boundary, audit } = testBoundary();
    let openedBefore = 0;
    const connector = boundary.connector(
      spec(() => {
        openedBefore = audit.opened.length;
        return Promise.resolve("ok");
      }, writeOnce),
    );
    await connector.call("x", options);
    expect(openedBefore).toBe(1);
    expect(audit.opened[0]).toMatchObject({ outcome: "open", idempotencyKey: expect.any(String) });
  });
});
