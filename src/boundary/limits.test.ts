import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testBoundary } from "../../test/support/boundary.ts";
import { failing, options, read, spec } from "../../test/support/connector.ts";
import { manualClock } from "../base/clock.ts";
import type { Boundary } from "./boundary.ts";
import { BoundaryError } from "./errors.ts";
import { ConnectorLimits, RateLimit } from "./limits.ts";

const admit = (limit: RateLimit, nowMs: number): number => {
  const waitMs = limit.waitMs(nowMs);
  if (waitMs === 0) limit.take(nowMs);
  return waitMs;
};

describe("a bulkhead", () => {
  test("admits as many as it may and again after one leaves", () => {
    const limits = new ConnectorLimits({ maxConcurrent: 2 });
    const share = limits.of("acme", 0);
    expect([limits.enter(share), limits.enter(share), limits.enter(share)]).toEqual([
      true,
      true,
      false,
    ]);
    limits.leave(share);
    expect(limits.enter(share)).toBe(true);
  });

  test("keeps places for tenants that have not come yet", () => {
    const limits = new ConnectorLimits({ maxConcurrent: 64 });
    const greedy = limits.of("greedy", 0);
    let taken = 0;
    while (limits.enter(greedy)) taken += 1;
    expect(taken).toBe(56);
    expect(limits.enter(limits.of("late", 1))).toBe(true);
  });

  test("gives each of those who ask an equal part, whoever asks first and oftenest", () => {
    const limits = new ConnectorLimits({ maxConcurrent: 8 });
    const taken = { greedy: 0, modest: 0 };
    const ask = (tenant: keyof typeof taken, nowMs: number): void => {
      if (limits.enter(limits.of(tenant, nowMs))) taken[tenant] += 1;
    };
    for (let call = 0; call < 100; call += 1) ask("greedy", 0);
    ask("modest", 1);
    // Calls of the greedy one end one by one, and it asks again before the other does.
    for (let round = 0; round < 20; round += 1) {
      if (taken.greedy > 4) {
        limits.leave(limits.of("greedy", round));
        taken.greedy -= 1;
      }
      ask("greedy", round);
      ask("modest", round);
    }
    expect(taken).toEqual({ greedy: 4, modest: 4 });
  });

  test("gives a tenant all it may have again when the others have gone", () => {
    const limits = new ConnectorLimits({ maxConcurrent: 8, maxConcurrentPerTenant: 8 });
    limits.of("gone", 0);
    const share = limits.of("acme", 0);
    const enterAll = () => Array.from({ length: 8 }, () => limits.enter(share));
    expect(enterAll().filter(Boolean)).toHaveLength(4);
    limits.of("acme", 20_000);
    expect(enterAll().filter(Boolean)).toHaveLength(4);
  });

  test("a call without a place is refused before it costs anything, and gets one when one is free", async () => {
    const { boundary, budgets } = testBoundary();
    budgets.open("b", { calls: 10 });
    const waiting: (() => void)[] = [];
    const slow = () => new Promise<string>((resolve) => waiting.push(() => resolve("ok")));
    const connector = boundary.connector(spec(slow, read, { maxConcurrent: 1 }));
    const charged = { ...options, budgets: ["b"] };
    const first = connector.tryCall("x", charged);
    expect(await connector.tryCall("x", charged)).toMatchObject({
      ok: false,
      error: { kind: "bulkhead_full", retryable: true },
    });
    expect(budgets.use("b")).toMatchObject({ calls: 1 });
    waiting[0]?.();
    expect(await first).toMatchObject({ ok: true });
    const again = connector.tryCall("x", charged);
    waiting[1]?.();
    expect(await again).toMatchObject({ ok: true });
  });
});

describe("the specs of one connector", () => {
  const slow = () => new Promise<string>(() => undefined);
  const asked = (boundary: Boundary, extra: Parameters<typeof spec>[2]) =>
    boundary.connector(spec(slow, read, extra)).explain("x", options).limits;

  test("share its places and its rate, so that a second run does not double them", () => {
    const { boundary } = testBoundary();
    const settings = { maxConcurrent: 4, maxConcurrentPerTenant: 4, ratePerSecond: 2 };
    void boundary.connector(spec(slow, read, settings)).tryCall("x", options);
    expect(asked(boundary, settings)).toMatchObject({ placesLeft: 3, rateWaitMs: 0 });
    void boundary.connector(spec(slow, read, settings)).tryCall("x", options);
    expect(asked(boundary, settings)).toMatchObject({ placesLeft: 2 });
    expect(asked(boundary, settings).rateWaitMs).toBeGreaterThan(0);
  });

  test("share nothing with other connectors, or with specs that state other limits", () => {
    const { boundary } = testBoundary();
    const settings = { maxConcurrent: 4, maxConcurrentPerTenant: 4 };
    void boundary.connector(spec(slow, read, settings)).tryCall("x", options);
    expect(asked(boundary, { ...settings, id: "http:other" }).placesLeft).toBe(4);
    expect(asked(boundary, { ...settings, maxConcurrent: 5 }).placesLeft).toBe(4);
  });

  test("share what retries they have saved up", async () => {
    const { boundary } = testBoundary({ clock: manualClock() });
    const failingSpec = () => spec(failing(new BoundaryError("upstream_5xx", "down")));
    const before = asked(boundary, {}).retriesLeft;
    await boundary.connector(failingSpec()).tryCall("x", options);
    expect(asked(boundary, {}).retriesLeft).toBe(before - 2);
  });
});

describe("a rate limit", () => {
  test("admits a burst of one second's calls and says how long to wait after it", () => {
    const limit = new RateLimit(5);
    const waits = Array.from({ length: 6 }, () => admit(limit, 0));
    expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(waits[5]).toBeCloseTo(200);
    expect(admit(limit, 200)).toBe(0);
  });

  test("over any time admits no more than rate × time and one burst", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(400), { maxLength: 300 }),
        (rate, gaps) => {
          const limit = new RateLimit(rate);
          let now = 0;
          let admitted = 0;
          for (const gap of gaps) {
            now += gap;
            if (admit(limit, now) === 0) admitted += 1;
          }
          return admitted <= (rate * now) / 1000 + rate + 1e-6;
        },
      ),
    );
  });

  test("is shared by those who ask: a busy tenant does not starve a quiet one", () => {
    const limits = new ConnectorLimits({ maxConcurrent: 1_000, ratePerSecond: 10 });
    const admitted = { busy: 0, quiet: 0 };
    const ask = (tenant: keyof typeof admitted, nowMs: number): void => {
      if (limits.admit(limits.of(tenant, nowMs), nowMs) === 0) admitted[tenant] += 1;
    };
    for (let nowMs = 0; nowMs < 10_000; nowMs += 10) {
      for (let call = 0; call < 5; call += 1) ask("busy", nowMs);
      if (nowMs % 100 === 0) ask("quiet", nowMs);
    }
    // Ten seconds at ten a second and the first burst: half of it each, give or take.
    expect(admitted.quiet).toBeGreaterThanOrEqual(40);
    expect(admitted.busy).toBeLessThanOrEqual(65);
    expect(admitted.busy + admitted.quiet).toBeLessThanOrEqual(111);
  });

  test("a refused call is not counted for anybody", () => {
    const limits = new ConnectorLimits({ maxConcurrent: 10, ratePerSecond: 1 });
    const share = limits.of("acme", 0);
    expect(limits.admit(share, 0)).toBe(0);
    for (let call = 0; call < 50; call += 1) expect(limits.admit(share, 1)).toBeGreaterThan(0);
    expect(limits.admit(share, 1_000)).toBe(0);
  });
});
