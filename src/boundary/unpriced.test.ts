import { expect, test } from "vitest";
import { testBoundary } from "../../test/support/boundary.ts";
import { options, read, spec } from "../../test/support/connector.ts";
import { manualClock } from "../base/clock.ts";
import { openStore } from "../store/store.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { createStandingLedger, type StandingBudgetParts } from "./standing-budgets.ts";

const ok = () => Promise.resolve("ok");
const unpriced = { estimate: () => ({ tokens: 5, unpriced: true as const }) };
const charged = { ...options, budgets: ["run"] };

function standing(parts: Partial<StandingBudgetParts>) {
  const clock = manualClock(0);
  const store = openStore({ dataDir: temporaryFolder("unpriced"), clock, ids: () => "id" });
  return createStandingLedger({
    budgets: [],
    storeOf: (tenant) => store.tenant(tenant).budgets,
    now: () => clock.now(),
    ...parts,
  });
}

test("a budget that limits money refuses what nobody can price, and says what to do", async () => {
  const { boundary, budgets } = testBoundary();
  budgets.open("run", { costMicroUsd: 100, refusesUnpriced: true });
  const outcome = await boundary.connector(spec(ok, read, unpriced)).tryCall("x", charged);
  expect(outcome).toMatchObject({
    ok: false,
    error: {
      code: "boundary.budget_exceeded",
      message: expect.stringContaining("has no known price, and budget run limits money"),
      hint: expect.stringMatching(/`prices`[\s\S]*`unpriced: allow`/),
    },
  });
  expect(budgets.use("run")).toMatchObject({ calls: 0 });
});

test("it lets it through where it limits no money, or the settings allow it, or it costs nothing", async () => {
  for (const [limits, extra] of [
    [{ tokens: 100, refusesUnpriced: true }, unpriced],
    [{ costMicroUsd: 100 }, unpriced],
    [{ costMicroUsd: 100, refusesUnpriced: true }, {}],
  ] as const) {
    const { boundary, budgets } = testBoundary();
    budgets.open("run", limits);
    const outcome = await boundary.connector(spec(ok, read, extra)).tryCall("x", charged);
    expect(outcome.ok).toBe(true);
  }
});

test("a budget over runs does the same, before anything is set aside", async () => {
  const day = { name: "day", per: "tenant", period: "day", limits: { costMicroUsd: 9 } } as const;
  for (const refusesUnpriced of [true, false]) {
    const ledger = standing({ budgets: [day], refusesUnpriced });
    const { boundary } = testBoundary({ standing: ledger });
    const connector = boundary.connector(spec(ok, read, unpriced));
    expect((await connector.tryCall("x", options)).ok).toBe(!refusesUnpriced);
    expect(connector.explain("x", options).stoppedBy).toBe(
      refusesUnpriced ? "budget_exceeded" : undefined,
    );
  }
});

test("no call may use more than a budget per call, whoever makes it", async () => {
  const each = { name: "each", limits: { costMicroUsd: 10, tokens: 100 } };
  const ledger = standing({ perCall: [each], refusesUnpriced: true });
  const { boundary } = testBoundary({ standing: ledger });
  const call = (bound: object) =>
    boundary.connector(spec(ok, read, { estimate: () => bound })).tryCall("x", options);
  expect((await call({ costMicroUsd: 10, tokens: 100 })).ok).toBe(true);
  expect((await call({ costMicroUsd: 10, tokens: 100 })).ok).toBe(true);
  for (const [bound, said] of [
    [
      { costMicroUsd: 11 },
      /does not fit into budget each\/call: costMicroUsd 0 used of 10, and it may take 11\./,
    ],
    [{ tokens: 101 }, /each\/call: tokens 0 used of 100, and it may take 101\./],
    [{ unpriced: true }, /no known price, and budget each\/call limits money/],
  ] as const) {
    expect(await call(bound)).toMatchObject({
      ok: false,
      error: { code: "boundary.budget_exceeded", message: expect.stringMatching(said) },
    });
  }
});
