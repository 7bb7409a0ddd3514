import { describe, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { fixedPolicy, testBoundary, testPrincipal } from "../../test/support/boundary.ts";
import { BoundaryError } from "./errors.ts";
import type { CallContext, CallFacts, ConnectorSpec } from "./types.ts";

const read: CallFacts = {
  operation: "get",
  effect: "read",
  repeat: "safe",
  host: "up.example",
  args: { a: 1 },
};
const writeOnce: CallFacts = { operation: "post", effect: "write", repeat: "once", args: { a: 1 } };
const options = { principal: testPrincipal, runId: "run-1" } as const;

type Handler = (context: CallContext<string, string>) => Promise<string>;

function spec(
  run: Handler,
  facts: CallFacts = read,
  extra: Partial<ConnectorSpec<string, string, string>> = {},
) {
  return {
    id: "http:test",
    facts: () => facts,
    run,
    timeouts: { attemptMs: 200, totalMs: 2_000 },
    ...extra,
  } satisfies ConnectorSpec<string, string, string>;
}

const failing =
  (error: unknown, log: number[] = []): Handler =>
  (context) => {
    log.push(context.attempt);
    return Promise.reject(error);
  };

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
          } as const),
      },
      approvals: {
        request: () => note("approval request", { id: "a", state: "approved" } as const),
        consume: () => note("approval consume", "approved" as const),
        restore: () => note("approval restore", undefined),
      },
      budgets: {
        reserve: () => note("budget reserve", { id: 1 }),
        settle: () => note("budget settle", undefined),
        release: () => note("budget release", undefined),
      },
      idempotency: {
        reserve: () => note("idempotency reserve", "fresh" as const),
        finish: () => note("idempotency finish", undefined),
        release: () => note("idempotency release", undefined),
      },
      audit: {
        open: () => note("audit open", undefined),
        close: () => note("audit close", undefined),
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
      "approval request",
      "budget reserve",
      "approval consume",
      "idempotency reserve",
      "audit open",
      "handler",
      "check",
      "measure",
      "budget settle",
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

describe("retries", () => {
  const flaky =
    (failures: readonly BoundaryError[], log: number[]): Handler =>
    (context) => {
      log.push(context.attempt);
      const failure = failures[context.attempt - 1];
      return failure === undefined ? Promise.resolve("ok") : Promise.reject(failure);
    };

  test("a read is tried again after a server error", async () => {
    const { boundary, audit } = testBoundary({ clock: manualClock() });
    const log: number[] = [];
    const connector = boundary.connector(
      spec(flaky([new BoundaryError("upstream_5xx", "down")], log)),
    );
    expect(await connector.call("x", options)).toBe("ok");
    expect(log).toEqual([1, 2]);
    expect(audit.closed[0]?.attempts.map((attempt) => attempt.outcome)).toEqual([
      "boundary.upstream_5xx",
      "ok",
    ]);
  });

  test("a write that may run only once is not tried again, and its outcome is said to be unknown", async () => {
    const { boundary } = testBoundary();
    const log: number[] = [];
    const connector = boundary.connector(
      spec(flaky([new BoundaryError("transport", "reset")], log), writeOnce),
    );
    const outcome = await connector.tryCall("x", options);
    expect(log).toEqual([1]);
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "outcome_unknown", phase: "unknown" },
    });
  });

  test("a keyed write is tried again with the same key", async () => {
    const { boundary } = testBoundary({ clock: manualClock() });
    const keys = new Set<string>();
    const connector = boundary.connector(
      spec(
        (context) => {
          keys.add(context.idempotencyKey);
          return context.attempt === 1
            ? Promise.reject(new BoundaryError("transport", "reset"))
            : Promise.resolve("ok");
        },
        { ...writeOnce, repeat: "keyed" },
      ),
    );
    expect(await connector.call("x", options)).toBe("ok");
    expect(keys.size).toBe(1);
  });

  test("a client error is neither retried nor held against the breaker", async () => {
    const { boundary } = testBoundary({ breaker: { minimumAttempts: 1 } });
    const log: number[] = [];
    const connector = boundary.connector(
      spec(failing(new BoundaryError("upstream_4xx", "bad request"), log)),
    );
    for (let call = 0; call < 6; call += 1) await connector.tryCall("x", options);
    expect(log).toEqual([1, 1, 1, 1, 1, 1]);
    expect(boundary.breakers()[0]).toMatchObject({ state: "closed", failures: 0 });
  });

  test("waits at least as long as the other side asked", async () => {
    const clock = manualClock();
    const { boundary } = testBoundary({ clock });
    const log: number[] = [];
    const slowDown = new BoundaryError("upstream_429", "slow down", { retryAfterMs: 1_234 });
    await boundary
      .connector(spec(flaky([slowDown], log), read, { timeouts: { totalMs: 10_000 } }))
      .call("x", options);
    expect(clock.monotonic()).toBe(1_234);
  });

  test("gives up at once when the wait asked for is longer than the time that is left", async () => {
    const clock = manualClock();
    const { boundary } = testBoundary({ clock });
    const log: number[] = [];
    const slowDown = new BoundaryError("upstream_429", "slow down", { retryAfterMs: 60_000 });
    const outcome = await boundary.connector(spec(flaky([slowDown], log))).tryCall("x", options);
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "upstream_429", retryAfterMs: 60_000 },
    });
    expect(clock.monotonic()).toBe(0);
  });

  test("nothing is retried after the first chunk of an answer", async () => {
    const { boundary } = testBoundary();
    const chunks: string[] = [];
    const log: number[] = [];
    const connector = boundary.connector(
      spec((context) => {
        log.push(context.attempt);
        context.emit("half an ans");
        return Promise.reject(new BoundaryError("transport", "reset"));
      }),
    );
    const outcome = await connector.tryCall("x", {
      ...options,
      onChunk: (chunk) => chunks.push(chunk),
    });
    expect(outcome.ok).toBe(false);
    expect(chunks).toEqual(["half an ans"]);
    expect(log).toEqual([1]);
  });

  test("a connector that keeps failing runs out of retries", async () => {
    const { boundary } = testBoundary({
      clock: manualClock(),
      breaker: { minimumAttempts: 1_000 },
    });
    const log: number[] = [];
    const connector = boundary.connector(
      spec(failing(new BoundaryError("upstream_5xx", "down"), log)),
    );
    for (let call = 0; call < 50; call += 1) await connector.tryCall("x", options);
    // 10 saved and a tenth a call: far from the 100 retries that three attempts a call would make.
    expect(log.length).toBeLessThanOrEqual(50 + 16);
    expect(log.length).toBeGreaterThan(50);
  });
});

describe("time limits", () => {
  const hang: Handler = () => new Promise(() => undefined);

  test("an attempt that hangs ends at its deadline even if it ignores its signal, and the breaker sees it", async () => {
    const { boundary } = testBoundary({ breaker: { minimumAttempts: 2 } });
    const connector = boundary.connector(
      spec(hang, read, { maxAttempts: 1, timeouts: { attemptMs: 20 } }),
    );
    for (let call = 0; call < 2; call += 1) {
      expect(await connector.tryCall("x", options)).toMatchObject({
        ok: false,
        error: { kind: "timeout" },
      });
    }
    expect(boundary.breakers()[0]?.state).toBe("open");
  });

  test("the handler's signal aborts at the deadline", async () => {
    const { boundary } = testBoundary();
    let reason: unknown;
    const connector = boundary.connector(
      spec(
        (context) =>
          new Promise((_resolve, reject) => {
            context.signal.addEventListener("abort", () => {
              reason = context.signal.reason;
              reject(new Error("stopped"));
            });
          }),
        read,
        { maxAttempts: 1, timeouts: { attemptMs: 20 } },
      ),
    );
    expect(await connector.tryCall("x", options)).toMatchObject({
      ok: false,
      error: { kind: "timeout" },
    });
    expect(reason).toMatchObject({ kind: "timeout" });
  });

  test("a stream may take longer than one attempt while its parts keep coming, but not longer than the total", async () => {
    const { boundary } = testBoundary();
    const ticking: Handler = (context) =>
      new Promise((resolve) => {
        let ticks = 0;
        const timer = setInterval(() => {
          ticks += 1;
          context.emit(String(ticks));
          if (ticks === 8 || context.signal.aborted) {
            clearInterval(timer);
            resolve("done");
          }
        }, 20);
      });
    const patient = boundary.connector(
      spec(ticking, read, { timeouts: { attemptMs: 60, totalMs: 1_000 } }),
    );
    expect(await patient.call("x", options)).toBe("done");
    const hasty = boundary.connector(
      spec(ticking, read, { id: "http:hasty", timeouts: { attemptMs: 60, totalMs: 90 } } as never),
    );
    expect(await hasty.tryCall("x", options)).toMatchObject({
      ok: false,
      error: { kind: "deadline_exceeded" },
    });
  });

  test("a caller's cancel ends the call at once and is not held against the other side", async () => {
    const { boundary } = testBoundary({ breaker: { minimumAttempts: 1 } });
    const controller = new AbortController();
    const pending = boundary
      .connector(spec(hang))
      .tryCall("x", { ...options, signal: controller.signal });
    controller.abort();
    expect(await pending).toMatchObject({ ok: false, error: { kind: "cancelled" } });
    expect(boundary.breakers()[0]).toMatchObject({ state: "closed", failures: 0 });
  });
});

describe("budgets", () => {
  test("calls in flight together cannot overspend together", async () => {
    const { boundary, budgets } = testBoundary();
    budgets.open("b", { tokens: 100 });
    const connector = boundary.connector(
      spec(() => Promise.resolve("ok"), read, {
        estimate: () => ({ tokens: 40 }),
        measure: () => ({ tokens: 10 }),
      }),
    );
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => connector.tryCall("x", { ...options, budgets: ["b"] })),
    );
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, true, false]);
    expect(budgets.use("b")).toMatchObject({ tokens: 20, calls: 2 });
  });

  test("a budget that nobody opened refuses", async () => {
    const { boundary } = testBoundary();
    const connector = boundary.connector(spec(() => Promise.resolve("ok")));
    expect(await connector.tryCall("x", { ...options, budgets: ["nowhere"] })).toMatchObject({
      ok: false,
      error: { kind: "budget_exceeded" },
    });
  });

  test("an attempt whose answer was lost keeps its upper bound", async () => {
    const { boundary, budgets } = testBoundary();
    budgets.open("b", { tokens: 100 });
    const connector = boundary.connector(
      spec(failing(new BoundaryError("transport", "reset")), read, {
        maxAttempts: 1,
        estimate: () => ({ tokens: 40 }),
      }),
    );
    await connector.tryCall("x", { ...options, budgets: ["b"] });
    expect(budgets.use("b")).toMatchObject({ tokens: 40, calls: 1 });
  });
});

describe("calls that may run only once", () => {
  test("a call that was started before is refused as outcome unknown", async () => {
    const { boundary } = testBoundary();
    const connector = boundary.connector(spec(() => Promise.resolve("ok"), writeOnce));
    const call = { ...options, logicalCallId: "turn-1-call-0" };
    expect(await connector.tryCall("x", call)).toMatchObject({ ok: true });
    expect(await connector.tryCall("x", call)).toMatchObject({
      ok: false,
      error: { kind: "outcome_unknown" },
    });
  });

  test("an audit that cannot be written stops a write before it is sent", async () => {
    const { boundary } = testBoundary({
      audit: {
        open: () => {
          throw new Error("disk full");
        },
        close: () => undefined,
      },
    });
    let reached = false;
    const connector = boundary.connector(
      spec(() => Promise.resolve(String((reached = true))), writeOnce),
    );
    expect(await connector.tryCall("x", options)).toMatchObject({
      ok: false,
      error: { kind: "internal" },
    });
    expect(reached).toBe(false);
  });
});

test("a foreign error is mapped by its connector and anything else is internal", async () => {
  const { boundary } = testBoundary();
  const mapped = boundary.connector(
    spec(failing(new Error("E_LIMIT")), read, {
      mapError: () => new BoundaryError("upstream_4xx", "limit", { status: 402 }),
    }),
  );
  expect(await mapped.tryCall("x", options)).toMatchObject({
    ok: false,
    error: { kind: "upstream_4xx", status: 402 },
  });
  const unmapped = boundary.connector(spec(failing(new Error("what?"))));
  expect(await unmapped.tryCall("x", options)).toMatchObject({
    ok: false,
    error: { kind: "internal" },
  });
});
