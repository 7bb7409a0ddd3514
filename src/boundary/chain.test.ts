import { describe, expect, test } from "vitest";
import { fixedPolicy, testBoundary } from "../../test/support/boundary.ts";
import {
  failing,
  type Handler,
  options,
  read,
  spec,
  writeOnce,
} from "../../test/support/connector.ts";
import { manualClock } from "../base/clock.ts";
import { BoundaryError } from "./errors.ts";
import type { AuditSink } from "./ports.ts";

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

  test("one that its caller cancelled is not known to have ended, and is not held against the other side", async () => {
    const { boundary } = testBoundary({ breaker: { minimumAttempts: 1 } });
    const caller = new AbortController();
    const connector = boundary.connector(
      spec(({ signal }: { readonly signal: AbortSignal }) => {
        queueMicrotask(() => caller.abort());
        return new Promise<string>((_done, failed) =>
          signal.addEventListener("abort", () => failed(signal.reason as Error)),
        );
      }, writeOnce),
    );
    expect(await connector.tryCall("x", { ...options, signal: caller.signal })).toMatchObject({
      error: { kind: "outcome_unknown" },
    });
    expect(boundary.breakers()[0]).toMatchObject({ state: "closed", failures: 0 });
  });

  test("nobody is asked about one that was started before: it is not done whatever the answer is", async () => {
    const { boundary, approvals, idempotency } = testBoundary({ policy: fixedPolicy("ask") });
    const connector = boundary.connector(spec(() => Promise.resolve("ok"), writeOnce));
    const call = { ...options, logicalCallId: "turn-1-call-0" };
    expect(await connector.tryCall("x", call)).toMatchObject({
      error: { kind: "approval_required" },
    });
    approvals.decide("approval-1", "approved");
    expect(await connector.tryCall("x", call)).toMatchObject({ ok: true });
    expect([...idempotency.keys.values()]).toEqual(["finished"]);
    expect(await connector.tryCall("x", call)).toMatchObject({
      error: { kind: "outcome_unknown" },
    });
    expect(approvals.stateOf("approval-2")).toBeUndefined();
  });

  test("an audit that cannot be written stops a write before it is sent", async () => {
    const audit: AuditSink = {
      open: () => {
        throw new Error("disk full");
      },
      close: () => undefined,
    };
    const { boundary } = testBoundary({ parts: { audit } });
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
