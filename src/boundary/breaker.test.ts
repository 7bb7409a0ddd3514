import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { Breaker, defaultBreakerSettings } from "./breaker.ts";
import { createBreakerRegistry } from "./breaker-registry.ts";

const settings = {
  ...defaultBreakerSettings,
  window: 10,
  minimumAttempts: 4,
  cooldownMs: 1_000,
  probes: 2,
};
const breaker = () => new Breaker("k", settings, seededRandom(1));

function fail(subject: Breaker, times: number, nowMs: number): void {
  for (let count = 0; count < times; count += 1) subject.fail(subject.acquire(nowMs), nowMs);
}

describe("circuit breaker", () => {
  test("opens when half of the window failed, not before the minimum", () => {
    const subject = breaker();
    fail(subject, 3, 0);
    expect(subject.snapshot(0).state).toBe("closed");
    fail(subject, 1, 0);
    expect(subject.snapshot(0)).toMatchObject({ state: "open", timesOpened: 1 });
    expect(subject.acquire(10)).toBe(0);
  });

  test("half-open lets exactly the configured number of probes through", () => {
    const subject = breaker();
    fail(subject, 4, 0);
    const permits = Array.from({ length: 100 }, () => subject.acquire(2_000));
    expect(permits.filter((permit) => permit !== 0)).toHaveLength(2);
  });

  test("closes when all probes succeed and doubles the cooldown when one fails", () => {
    const subject = breaker();
    fail(subject, 4, 0);
    subject.fail(subject.acquire(2_000), 2_000);
    const left = subject.snapshot(2_000).cooldownLeftMs;
    expect(left).toBeGreaterThanOrEqual(2_000);
    expect(left).toBeLessThan(2_201);
    subject.succeed(subject.acquire(5_000), 1, 5_000);
    expect(subject.snapshot(5_000).state).toBe("half_open");
    subject.succeed(subject.acquire(5_000), 1, 5_000);
    expect(subject.snapshot(5_000).state).toBe("closed");
  });

  test("an answer to an attempt from before it opened is no probe", () => {
    const subject = breaker();
    const old = subject.acquire(0);
    fail(subject, 4, 0);
    subject.acquire(2_000);
    subject.succeed(old, 1, 2_000);
    subject.succeed(old, 1, 2_000);
    expect(subject.snapshot(2_000).state).toBe("half_open");
  });

  test("the first part of an answer from before it opened is no probe", () => {
    const subject = breaker();
    const old = subject.acquire(0);
    fail(subject, 4, 0);
    subject.acquire(2_000);
    expect(subject.begun(old, 1, 2_000)).toBe(old);
    subject.succeed(subject.acquire(2_000), 1, 2_000);
    expect(subject.snapshot(2_000).state).toBe("half_open");
  });

  test("slow answers open it although they succeed", () => {
    const subject = breaker();
    for (let count = 0; count < 4; count += 1)
      subject.succeed(subject.acquire(0), settings.slowMs + 1, 0);
    expect(subject.snapshot(0).state).toBe("open");
  });

  test("a released probe makes room for another", () => {
    const subject = breaker();
    fail(subject, 4, 0);
    const first = subject.acquire(2_000);
    subject.acquire(2_000);
    subject.release(first);
    expect(subject.acquire(2_000)).not.toBe(0);
  });

  test("two callers with one key share one breaker", () => {
    const registry = createBreakerRegistry(seededRandom(1), settings);
    fail(registry.get("k"), 4, 0);
    expect(registry.get("k").acquire(1)).toBe(0);
    expect(registry.snapshots(1)).toHaveLength(1);
  });

  test("never has more probes in flight than allowed, and never counts more than its window", () => {
    const step = fc.record({
      what: fc.constantFrom("acquire", "succeed", "fail", "release"),
      ms: fc.nat(1_500),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const subject = breaker();
        const open: number[] = [];
        let now = 0;
        for (const { what, ms } of steps) {
          now += ms;
          if (what === "acquire") {
            const permit = subject.acquire(now);
            if (permit !== 0) open.push(permit);
          } else {
            const permit = open.shift();
            if (permit === undefined) continue;
            if (what === "succeed") subject.succeed(permit, 1, now);
            if (what === "fail") subject.fail(permit, now);
            if (what === "release") subject.release(permit);
          }
          const { attempts, failures, slow } = subject.snapshot(now);
          if (attempts > settings.window || failures + slow > attempts || failures < 0)
            return false;
        }
        return true;
      }),
    );
  });
});
