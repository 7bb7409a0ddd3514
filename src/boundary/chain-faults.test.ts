import { describe, expect, test } from "vitest";
import { fixedPolicy, testBoundary } from "../../test/support/boundary.ts";
import { failing, options, read, spec, writeOnce } from "../../test/support/connector.ts";
import { manualClock } from "../base/clock.ts";
import { BoundaryError } from "./errors.ts";

describe("whatever goes wrong on the way out", () => {
  const healthy = () => Promise.resolve("ok");
  const tight = { maxConcurrent: 1, maxAttempts: 1 } as const;

  test.each([
    [
      "measuring",
      {
        measure: () => {
          throw new Error("boom");
        },
      },
    ],
    [
      "checking",
      {
        check: () => {
          throw new Error("boom");
        },
      },
    ],
    [
      "mapping an error",
      {
        run: () => Promise.reject(new Error("x")),
        mapError: () => {
          throw new Error("boom");
        },
      },
    ],
  ])("%s that throws is a typed failure, audited, and keeps no place", async (_what, extra) => {
    const { boundary, audit } = testBoundary();
    const connector = boundary.connector(spec(healthy, read, { ...tight, ...extra }));
    for (let call = 1; call <= 2; call += 1) {
      const outcome = await connector.tryCall("x", options);
      expect(outcome).toMatchObject({ ok: false, error: { kind: "internal" } });
      expect(audit.closed).toHaveLength(call);
    }
  });

  test("a ledger that fails while a call gives back keeps no place in the bulkhead", async () => {
    const { boundary } = testBoundary({
      parts: {
        idempotency: {
          stateOf: () => "fresh",
          reserve: () => "fresh",
          finish: () => undefined,
          release: () => {
            throw new Error("store busy");
          },
        },
      },
    });
    const refused = failing(new BoundaryError("transport", "refused", { phase: "before_send" }));
    const connector = boundary.connector(spec(refused, writeOnce, tight));
    for (let call = 1; call <= 2; call += 1) {
      expect(await connector.tryCall("x", options)).toMatchObject({
        ok: false,
        error: { kind: "internal" },
      });
    }
  });

  test("an answer that breaks the contract is paid for and held against the other side", async () => {
    const { boundary, budgets, audit } = testBoundary();
    budgets.open("b", {});
    const connector = boundary.connector(
      spec(healthy, read, {
        measure: () => ({ tokens: 30 }),
        check: () => {
          throw new BoundaryError("invalid_response", "empty");
        },
      }),
    );
    const outcome = await connector.tryCall("x", { ...options, budgets: ["b"] });
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "invalid_response" },
      record: { spend: { tokens: 30 } },
    });
    expect(budgets.use("b")).toMatchObject({ tokens: 30 });
    expect(boundary.breakers()[0]).toMatchObject({ failures: 1 });
    expect(audit.closed[0]?.attempts[0]?.outcome).toBe("boundary.invalid_response");
  });
});

test("with no time left nothing is sent", async () => {
  const { boundary } = testBoundary({ clock: manualClock() });
  let reached = false;
  const connector = boundary.connector(
    spec(() => Promise.resolve(String((reached = true))), writeOnce),
  );
  const outcome = await connector.tryCall("x", { ...options, totalMs: 0 });
  expect(outcome).toMatchObject({
    ok: false,
    error: { kind: "deadline_exceeded", phase: "before_send" },
  });
  expect(reached).toBe(false);
});

test("a cancel while waiting to try again after a call that was never sent says so", async () => {
  const { boundary, idempotency } = testBoundary();
  const controller = new AbortController();
  const slow = new BoundaryError("transport", "refused", {
    phase: "before_send",
    retryAfterMs: 500,
  });
  const pending = boundary
    .connector(spec(failing(slow), writeOnce))
    .tryCall("x", { ...options, signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  expect(await pending).toMatchObject({
    ok: false,
    error: { kind: "cancelled", phase: "before_send" },
  });
  expect(idempotency.keys.size).toBe(0);
});

test("a call that may run once is never sent twice, whatever its effect", async () => {
  const { boundary } = testBoundary();
  const log: number[] = [];
  const lost = failing(new BoundaryError("transport", "reset"), log);
  await boundary.connector(spec(lost, { ...read, repeat: "once" })).tryCall("x", options);
  expect(log).toEqual([1]);
});

test("a repeated keyed call finishes its key", async () => {
  const { boundary, idempotency } = testBoundary();
  const connector = boundary.connector(
    spec(() => Promise.resolve("ok"), { ...writeOnce, repeat: "keyed" }),
  );
  const call = { ...options, logicalCallId: "l" };
  await connector.tryCall("x", call);
  for (const key of idempotency.keys.keys()) idempotency.keys.set(key, "started");
  await connector.tryCall("x", call);
  expect([...idempotency.keys.values()]).toEqual(["finished"]);
});

test("two servers on one host do not share a breaker", async () => {
  const { boundary } = testBoundary({ breaker: { minimumAttempts: 1 } });
  const dead = spec(
    failing(new BoundaryError("upstream_5xx", "down")),
    { ...read, port: 8080 },
    { maxAttempts: 1 },
  );
  await boundary.connector(dead).tryCall("x", options);
  const well = spec(() => Promise.resolve("ok"), { ...read, port: 11_434 });
  expect(await boundary.connector(well).tryCall("x", options)).toMatchObject({ ok: true });
});

test("a call can be decided by a policy of its own", async () => {
  const { boundary } = testBoundary();
  const connector = boundary.connector(spec(() => Promise.resolve("ok")));
  expect(await connector.tryCall("x", { ...options, policy: fixedPolicy("deny") })).toMatchObject({
    ok: false,
    error: { kind: "policy_denied" },
  });
});
