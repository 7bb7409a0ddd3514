import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { type ManualClock, manualClock } from "../base/clock.ts";
import { testBoundary } from "../../test/support/boundary.ts";
import { failing, options, read, spec, writeOnce } from "../../test/support/connector.ts";
import { BoundaryError } from "./errors.ts";
import { createStandingLedger, periodLabel, type StandingBudget } from "./standing-budgets.ts";
import { openStore, type Store } from "../store/store.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";

const ada = { tenant: "acme", user: "ada", agent: "worker@1" };
const bob = { tenant: "acme", user: "bob" };
const stores: Store[] = [];

afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

/** A ledger as a process has it, over a store that others share. */
function ledgers(budgets: readonly StandingBudget[], clock: ManualClock = manualClock(0)) {
  const dataDir = temporaryFolder("standing");
  const store = openStore({ dataDir, clock, ids: () => "id" });
  stores.push(store);
  const start = () =>
    createStandingLedger({
      budgets,
      storeOf: (tenant) => store.tenant(tenant).budgets,
      now: () => clock.now(),
    });
  const used = (tenant = "acme") =>
    Object.fromEntries(
      store
        .tenant(tenant)
        .budgets.list()
        .map(({ id, used }) => [id, used]),
    );
  return { start, used, clock };
}

const daily = (limits: StandingBudget["limits"]): StandingBudget => ({
  name: "daily",
  per: "tenant",
  period: "day",
  limits,
});

describe("a standing budget", () => {
  test("refuses what does not fit, and names itself and the limit", () => {
    const { start } = ledgers([daily({ costMicroUsd: 100 })]);
    const ledger = start();
    expect(ledger.reserve(ada, { costMicroUsd: 60 })).toHaveProperty("held");
    expect(ledger.reserve(bob, { costMicroUsd: 60 })).toEqual({
      budget: "daily/tenant:acme/1970-01-01",
      limit: "costMicroUsd",
      allowed: 100,
      used: 60,
    });
    expect(ledger.reserve(bob, { costMicroUsd: 40 })).toHaveProperty("held");
  });

  test("is one for all processes", () => {
    const { start } = ledgers([daily({ calls: 3 })]);
    const [one, other] = [start(), start()];
    for (const ledger of [one, other, one]) expect(ledger.reserve(ada, {})).toHaveProperty("held");
    expect(other.reserve(ada, {})).toMatchObject({ limit: "calls", allowed: 3, used: 3 });
  });

  test("is looked at without taking anything, and then does as it said", () => {
    const amount = fc.integer({ min: 0, max: 60 });
    const step = fc.record({
      ledger: fc.nat(1),
      tokens: amount,
      keeps: fc.boolean(),
      used: amount,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const { start, used } = ledgers([daily({ tokens: 200, calls: 6 })]);
        const processes = [start(), start()];
        for (const { ledger: which, tokens, keeps, used: actual } of steps) {
          const ledger = processes[which] ?? start();
          const before = used();
          const [look] = ledger.look(ada, { tokens });
          expect(used()).toEqual(before);
          const reserved = ledger.reserve(ada, { tokens });
          expect("held" in reserved).toBe(look?.fits);
          if (!("held" in reserved)) continue;
          if (keeps) ledger.settle(reserved, { tokens: actual });
          else ledger.release(reserved);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("is looked at without what this process had left of the period before", () => {
    const { start, clock } = ledgers([daily({ calls: 400 })]);
    const ledger = start();
    ledger.reserve(ada, {});
    expect(ledger.look(ada, {})).toMatchObject([{ left: { calls: 399 } }]);
    clock.advance(86_400_000);
    expect(ledger.look(ada, {})).toMatchObject([
      { budget: "daily/tenant:acme/1970-01-02", left: { calls: 400 } },
    ]);
  });

  test("gets back what a call did not use, and what a call that was never sent had", () => {
    const { start, used } = ledgers([daily({ tokens: 1_000, calls: 10 })]);
    const ledger = start();
    const sent = ledger.reserve(ada, { tokens: 900 });
    const unsent = ledger.reserve(ada, { tokens: 100 });
    if (!("held" in sent) || !("held" in unsent)) throw new Error("refused");
    ledger.release(unsent);
    ledger.settle(sent, { tokens: 120 });
    ledger.close();
    expect(used()["daily/tenant:acme/1970-01-01"]).toMatchObject({ tokens: 120, calls: 1 });
  });

  test("counts each person and each agent apart where it is theirs, and who has none not at all", () => {
    const perUser: StandingBudget = { ...daily({ calls: 1 }), name: "mine", per: "user" };
    const perAgent: StandingBudget = { ...daily({ calls: 1 }), name: "its", per: "agent" };
    const users = ledgers([perUser]).start();
    expect(users.reserve(ada, {})).toHaveProperty("held");
    expect(users.reserve(ada, {})).toMatchObject({ budget: "mine/user:ada/1970-01-01" });
    expect(users.reserve(bob, {})).toHaveProperty("held");
    const agents = ledgers([perAgent]).start();
    expect(agents.reserve(ada, {})).toHaveProperty("held");
    expect(agents.reserve(ada, {})).toMatchObject({ budget: "its/agent:worker@1/1970-01-01" });
    expect(agents.reserve(bob, {})).toEqual({ held: [] });
  });

  test("keeps tenants apart", () => {
    const { start, used } = ledgers([daily({ calls: 1 })]);
    const ledger = start();
    expect(ledger.reserve(ada, {})).toHaveProperty("held");
    expect(ledger.reserve({ ...ada, tenant: "other" }, {})).toHaveProperty("held");
    expect(Object.keys(used("other"))).toEqual(["daily/tenant:other/1970-01-01"]);
  });

  test("begins anew with its period", () => {
    const { start, clock, used } = ledgers([daily({ calls: 1 })]);
    const ledger = start();
    expect(ledger.reserve(ada, {})).toHaveProperty("held");
    expect(ledger.reserve(ada, {})).toHaveProperty("limit");
    clock.advance(86_400_000);
    expect(ledger.reserve(ada, {})).toHaveProperty("held");
    expect(Object.keys(used())).toEqual([
      "daily/tenant:acme/1970-01-01",
      "daily/tenant:acme/1970-01-02",
    ]);
  });

  test("of several, a refusal of one leaves the others as they were", () => {
    const { start, used } = ledgers([
      { ...daily({ calls: 100 }), name: "wide" },
      { ...daily({ tokens: 10 }), name: "narrow" },
    ]);
    const ledger = start();
    expect(ledger.reserve(ada, { tokens: 11 })).toMatchObject({ limit: "tokens" });
    ledger.close();
    expect(used()["wide/tenant:acme/1970-01-01"]).toMatchObject({ calls: 0 });
  });

  test("takes the limits that the settings have now, and keeps what was used", () => {
    const clock = manualClock(0);
    const wide = ledgers([daily({ calls: 5 })], clock);
    const first = wide.start();
    for (let call = 0; call < 3; call += 1) first.reserve(ada, {});
    const store = stores.at(-1);
    const narrowed = createStandingLedger({
      budgets: [daily({ calls: 3 })],
      storeOf: (tenant) => store?.tenant(tenant).budgets ?? expect.fail(),
      now: () => clock.now(),
    });
    expect(narrowed.reserve(ada, {})).toMatchObject({ allowed: 3, used: 3 });
  });

  test("remembers what a call used beyond its bound", () => {
    const { start, used } = ledgers([daily({ tokens: 100 })]);
    const ledger = start();
    const one = ledger.reserve(ada, { tokens: 10 });
    if (!("held" in one)) throw new Error("refused");
    ledger.settle(one, { tokens: 95 });
    expect(ledger.reserve(ada, { tokens: 6 })).toMatchObject({ limit: "tokens" });
    ledger.close();
    expect(used()["daily/tenant:acme/1970-01-01"]).toMatchObject({ tokens: 95 });
  });

  test("is never passed, whatever several processes do at once and whichever of them dies", () => {
    const step = fc.record({
      process: fc.nat(2),
      bound: fc.nat(40),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      how: fc.constantFrom("settle", "settle", "release", "keep", "die", "close"),
    });
    let run = 0;
    const { start, used } = ledgers([daily({ tokens: 300, calls: 60 })]);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        run += 1;
        const principal = { tenant: `t${run}`, user: "u" };
        const processes = [start(), start(), start()];
        let tokens = 0;
        let calls = 0;
        for (const { process, bound, share, how } of steps) {
          const ledger = processes[process] ?? start();
          const reserved = ledger.reserve(principal, { tokens: bound });
          if (!("held" in reserved)) continue;
          const actual = Math.floor(bound * share);
          if (how === "release") ledger.release(reserved);
          else {
            tokens += how === "settle" ? actual : bound;
            calls += 1;
            if (how === "settle") ledger.settle(reserved, { tokens: actual });
          }
          if (how === "die") processes[process] = start();
          // What a process has set aside when it ends stays used.
          if (how === "close") ledger.close();
        }
        expect(tokens).toBeLessThanOrEqual(300);
        expect(calls).toBeLessThanOrEqual(60);
        const [kept] = Object.values(used(principal.tenant));
        expect(kept?.tokens ?? 0).toBeGreaterThanOrEqual(tokens);
        expect(kept?.calls ?? 0).toBeGreaterThanOrEqual(calls);
        expect(kept?.tokens ?? 0).toBeLessThanOrEqual(300);
      }),
      { numRuns: 60 },
    );
  });
});

describe("calls under a standing budget", () => {
  const bench = (limits: StandingBudget["limits"]) => {
    const { start, used } = ledgers([daily(limits)]);
    const standing = start();
    const { boundary } = testBoundary({ standing });
    return { boundary, standing, used: () => Object.values(used())[0] };
  };
  const estimate = () => ({ costMicroUsd: 2_000 });

  test("that are made at once do not pass it together", async () => {
    const { boundary } = bench({ costMicroUsd: 5_000 });
    const transfer = boundary.connector(
      spec(() => Promise.resolve("sent"), writeOnce, { estimate, measure: estimate }),
    );
    const outcomes = await Promise.all(
      ["a", "b", "c"].map((input) => transfer.tryCall(input, options)),
    );
    expect(outcomes.map(({ record }) => record.outcome).sort()).toEqual([
      "boundary.budget_exceeded",
      "ok",
      "ok",
    ]);
  });

  test("that were never sent use nothing of it, and others what they used and how long they took", async () => {
    const { boundary, standing, used } = bench({
      costMicroUsd: 5_000,
      calls: 9,
      milliseconds: 1e6,
    });
    const refused = new BoundaryError("transport", "refused", { phase: "before_send" });
    const down = boundary.connector(spec(failing(refused), read, { estimate, maxAttempts: 1 }));
    await down.tryCall("x", options);
    const measure = () => ({ costMicroUsd: 700 });
    const up = boundary.connector(spec(() => Promise.resolve("ok"), read, { estimate, measure }));
    await up.call("x", options);
    standing.close();
    expect(used()).toMatchObject({ costMicroUsd: 700, calls: 1 });
    expect(used()?.milliseconds).toBeLessThan(60_000);
  });
});

test("periods are those of UTC, and weeks begin on Monday", () => {
  const at = Date.UTC(2026, 10, 22, 23, 59, 59, 999);
  expect(periodLabel("hour", at)).toBe("2026-11-22T23");
  expect(periodLabel("day", at)).toBe("2026-11-22");
  expect(periodLabel("week", at)).toBe("week of 2026-11-16");
  expect(periodLabel("week", at + 1)).toBe("week of 2026-11-23");
  expect(periodLabel("month", Date.UTC(2026, 11, 1))).toBe("2026-12");
  expect(periodLabel("forever", at)).toBe("forever");
});
