import { describe, expect, test, vi } from "vitest";
import { testBoundary } from "../../test/support/boundary.ts";
import { failing, options, read, spec } from "../../test/support/connector.ts";
import { manualClock, type ManualClock, systemClock } from "../base/clock.ts";
import { seededRandom } from "../base/random.ts";
import { type Breaker, defaultBreakerSettings } from "./breaker.ts";
import { BreakerKeeper } from "./breaker-keeper.ts";
import { createBreakerRegistry } from "./breaker-registry.ts";
import { memoryBreakerStore } from "./breaker-store.ts";
import { BoundaryError } from "./errors.ts";
import type { BreakerStore } from "./ports.ts";

const settings = { ...defaultBreakerSettings, minimumAttempts: 2, cooldownMs: 10_000 };

/** One process that shares the store with others. */
function processOn(store: BreakerStore, clock: ManualClock) {
  const troubles: unknown[] = [];
  const registry = createBreakerRegistry(seededRandom(1), settings, {
    onChange: (breaker) => keeper.changed(breaker),
  });
  const keeper = new BreakerKeeper({
    clock,
    store,
    registry,
    onTrouble: (error) => troubles.push(error),
  });
  keeper.start();
  keeper.stop();
  return { breaker: registry.get("k"), keeper, troubles };
}

function open(breaker: Breaker, clock: ManualClock): void {
  for (let count = 0; count < 2; count += 1) {
    breaker.fail(breaker.acquire(clock.monotonic()), clock.monotonic());
  }
}

describe("over a restart", () => {
  test("an open breaker stays open for what is left of its time", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    open(processOn(store, clock).breaker, clock);
    clock.advance(4_000);
    const { breaker } = processOn(store, clock);
    const left = breaker.waitMs(clock.monotonic());
    expect(left).toBeGreaterThanOrEqual(6_000);
    expect(left).toBeLessThanOrEqual(7_000);
    expect(breaker.snapshot(clock.monotonic())).toMatchObject({ state: "open", timesOpened: 1 });
  });

  test("a breaker that was being probed begins with a bounded number of probes again", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    const before = processOn(store, clock).breaker;
    open(before, clock);
    clock.advance(20_000);
    before.acquire(clock.monotonic());
    expect(store.list()).toMatchObject([{ key: "k", state: "half_open" }]);
    const { breaker } = processOn(store, clock);
    const permits = Array.from({ length: 50 }, () => breaker.acquire(clock.monotonic()));
    expect(permits.filter((permit) => permit !== 0)).toHaveLength(settings.probes);
  });

  test("the cooldown goes on doubling", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    open(processOn(store, clock).breaker, clock);
    clock.advance(20_000);
    const { breaker } = processOn(store, clock);
    breaker.fail(breaker.acquire(clock.monotonic()), clock.monotonic());
    expect(breaker.waitMs(clock.monotonic())).toBeGreaterThanOrEqual(20_000);
  });

  test("a wall clock that was set back does not keep it open for longer than it ever is", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    open(processOn(store, clock).breaker, clock);
    const lastYear = manualClock(clock.now() - 365 * 86_400_000);
    const { breaker } = processOn(store, lastYear);
    expect(breaker.waitMs(0)).toBeLessThanOrEqual(settings.maxCooldownMs * 1.1);
  });

  test("a store that does not answer stops no call, and gets what it missed later", () => {
    const clock = manualClock();
    const kept = memoryBreakerStore(clock);
    let busy = true;
    const store: BreakerStore = {
      ...kept,
      save: (standing) => {
        if (busy) throw new Error("store busy");
        kept.save(standing);
      },
    };
    const { breaker, keeper, troubles } = processOn(store, clock);
    open(breaker, clock);
    keeper.poll();
    expect(breaker.acquire(clock.monotonic())).toBe(0);
    expect(troubles).toHaveLength(1);
    expect(kept.list()).toEqual([]);
    busy = false;
    keeper.poll();
    expect(kept.list()).toMatchObject([{ key: "k", state: "open" }]);
  });
});

describe("what a person forces", () => {
  const by = { by: "ada", reason: "maintenance" } as const;

  test("reaches a process that runs already, and ends by itself", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    const { breaker, keeper } = processOn(store, clock);
    store.force("k", { state: "open", until: clock.now() + 60_000, ...by });
    keeper.poll();
    expect(breaker.acquire(clock.monotonic())).toBe(0);
    expect(breaker.snapshot(clock.monotonic()).forced).toMatchObject(by);
    clock.advance(60_000);
    expect(breaker.acquire(clock.monotonic())).not.toBe(0);
    expect(breaker.snapshot(clock.monotonic()).forced).toBeNull();
  });

  test("closed lets every call through whatever the breaker has seen, and teaches it nothing", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    const { breaker, keeper } = processOn(store, clock);
    open(breaker, clock);
    keeper.force("k", { state: "closed", until: clock.now() + 1_000, ...by });
    const permits = Array.from({ length: 50 }, () => breaker.acquire(clock.monotonic()));
    expect(permits.every((permit) => permit !== 0)).toBe(true);
    for (const permit of permits) breaker.succeed(permit, 1, clock.monotonic());
    clock.advance(1_000);
    expect(breaker.acquire(clock.monotonic())).toBe(0);
  });

  test("closed hides failures from a breaker that was closed anyway", () => {
    const clock = manualClock();
    const { breaker, keeper } = processOn(memoryBreakerStore(clock), clock);
    keeper.force("k", { state: "closed", until: clock.now() + 1_000, ...by });
    for (let count = 0; count < 50; count += 1) {
      breaker.fail(breaker.acquire(clock.monotonic()), clock.monotonic());
    }
    clock.advance(1_000);
    expect(breaker.snapshot(clock.monotonic())).toMatchObject({ state: "closed", attempts: 0 });
  });

  test("without an end it holds until somebody takes it back, which closes the breaker", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    const one = processOn(store, clock);
    const other = processOn(store, clock);
    open(other.breaker, clock);
    one.keeper.force("k", { state: "open", until: null, ...by });
    clock.advance(10_000_000);
    other.keeper.poll();
    expect(other.breaker.acquire(clock.monotonic())).toBe(0);
    one.keeper.reset("k");
    other.keeper.poll();
    expect(other.breaker.snapshot(clock.monotonic())).toMatchObject({
      state: "closed",
      forced: null,
    });
  });

  test("reaches another process that is at work within two seconds", async () => {
    const store = memoryBreakerStore(systemClock);
    const [one, other] = [
      testBoundary({ breakerStore: store }),
      testBoundary({ breakerStore: store }),
    ];
    try {
      const connector = other.boundary.connector(spec(() => Promise.resolve("ok")));
      await connector.call("x", options);
      const key = other.boundary.breakers()[0]?.key ?? "";
      one.boundary.forceBreaker(key, { state: "open", until: null, ...by });
      await vi.waitFor(
        async () => expect(await connector.tryCall("x", options)).toMatchObject({ ok: false }),
        { timeout: 2_000, interval: 50 },
      );
    } finally {
      one.boundary.close();
      other.boundary.close();
    }
  });

  test("is said to the caller who is refused, with who and why", async () => {
    const { boundary } = testBoundary();
    const connector = boundary.connector(spec(() => Promise.resolve("ok")));
    await connector.call("x", options);
    const key = boundary.breakers()[0]?.key ?? "";
    boundary.forceBreaker(key, { state: "open", until: null, ...by });
    const refused = await connector.tryCall("x", options);
    expect(refused).toMatchObject({ ok: false, error: { kind: "circuit_open" } });
    expect(!refused.ok && refused.error.message).toContain("ada");
    expect(!refused.ok && refused.error.message).toContain("maintenance");
    boundary.resetBreaker(key);
    expect(await connector.call("x", options)).toBe("ok");
  });
});

describe("between processes", () => {
  test("that one has opened does not shut the other", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    const [one, other] = [processOn(store, clock), processOn(store, clock)];
    open(one.breaker, clock);
    other.keeper.poll();
    expect(other.breaker.acquire(clock.monotonic())).not.toBe(0);
  });

  test("that one has closed after trying, the other believes", () => {
    const clock = manualClock();
    const store = memoryBreakerStore(clock);
    const [one, other] = [processOn(store, clock), processOn(store, clock)];
    open(one.breaker, clock);
    open(other.breaker, clock);
    clock.advance(20_000);
    for (let probe = 0; probe < settings.probes; probe += 1) {
      one.breaker.succeed(one.breaker.acquire(clock.monotonic()), 1, clock.monotonic());
    }
    other.keeper.poll();
    expect(other.breaker.snapshot(clock.monotonic()).state).toBe("closed");
  });
});

describe("what shares a breaker", () => {
  const down = failing(new BoundaryError("upstream_5xx", "down"));
  const once = { maxAttempts: 1 } as const;

  test("reads, writes and streams of one host have one each, whatever the operation is called", async () => {
    const { boundary } = testBoundary({ breaker: { minimumAttempts: 1 } });
    await boundary.connector(spec(down, read, once)).tryCall("x", options);
    const refused = await boundary
      .connector(spec(down, { ...read, operation: "head" }, once))
      .tryCall("x", options);
    expect(refused).toMatchObject({ ok: false, error: { kind: "circuit_open" } });
    const healthy = () => Promise.resolve("ok");
    const write = { ...read, effect: "write", repeat: "keyed" } as const;
    expect(await boundary.connector(spec(healthy, write)).tryCall("x", options)).toMatchObject({
      ok: true,
    });
    const streaming = { ...options, onChunk: () => undefined };
    expect(await boundary.connector(spec(healthy)).tryCall("x", streaming)).toMatchObject({
      ok: true,
    });
    expect(boundary.breakers().map(({ key }) => key)).toEqual([
      "http:test|up.example:-|read",
      "http:test|up.example:-|write",
      "http:test|up.example:-|stream",
    ]);
  });

  test("a connector may tell its calls apart by words of its own", async () => {
    const { boundary } = testBoundary();
    const classed = { operationClass: () => "search" };
    await boundary.connector(spec(() => Promise.resolve("ok"), read, classed)).call("x", options);
    expect(boundary.breakers()[0]?.key).toBe("http:test|up.example:-|search");
  });

  test("a breaker is not made anew when its connector is compiled again", async () => {
    const { boundary } = testBoundary({ breaker: { minimumAttempts: 3 } });
    for (let call = 0; call < 3; call += 1) {
      await boundary.connector(spec(down, read, once)).tryCall("x", options);
    }
    expect(boundary.breakers()).toMatchObject([{ state: "open" }]);
  });
});
