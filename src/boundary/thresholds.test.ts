import { expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { openStore } from "../store/store.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { createBudgetLedger } from "./budget.ts";
import { createStandingLedger, type StandingReached } from "./standing-budgets.ts";
import { type BudgetReached, newlyReached, type Told } from "./thresholds.ts";

const percents = (news: readonly Pick<BudgetReached, "percent">[]) =>
  news.map(({ percent }) => percent);

test("each share of a limit is told once, and those that were jumped over with it", () => {
  const told: Told = {};
  const at = (used: number, refused?: boolean) =>
    percents(newlyReached({ budget: "b", limit: "tokens", used, allowed: 100 }, told, refused));
  expect(at(49)).toEqual([]);
  expect(at(50)).toEqual([50]);
  expect(at(79)).toEqual([]);
  expect(at(96)).toEqual([80, 95]);
  expect(at(90)).toEqual([]);
  expect(at(96, true)).toEqual([100]);
  expect(at(100)).toEqual([]);
});

test("a refused call says that a budget is full only where little of it is left", () => {
  const of = { budget: "b", limit: "tokens", used: 60, allowed: 100 } as const;
  expect(percents(newlyReached(of, {}, true))).toEqual([50]);
});

test("a run's budget tells by what is used, not by what calls in flight have set aside", () => {
  const told: BudgetReached[] = [];
  const ledger = createBudgetLedger(manualClock(), (reached) => told.push(reached));
  ledger.open("run:1", { costMicroUsd: 100, tokens: 1_000 });
  const one = ledger.reserve(["run:1"], { costMicroUsd: 60 });
  const other = ledger.reserve(["run:1"], { costMicroUsd: 40 });
  if (!("id" in one) || !("id" in other)) throw new Error("both fit");
  ledger.settle(one, { costMicroUsd: 49 });
  expect(told).toEqual([]);
  ledger.settle(other, { costMicroUsd: 2 });
  expect(told).toEqual([
    { budget: "run:1", limit: "costMicroUsd", percent: 50, used: 51, allowed: 100 },
  ]);
});

test("a standing budget tells of what is used over all processes, each share once in each", () => {
  const clock = manualClock(0);
  const store = openStore({ dataDir: temporaryFolder("reached"), clock, ids: () => "id" });
  const start = () => {
    const told: StandingReached[] = [];
    const ledger = createStandingLedger({
      budgets: [{ name: "day", per: "tenant", period: "day", limits: { tokens: 1_000 } }],
      storeOf: (tenant) => store.tenant(tenant).budgets,
      now: () => clock.now(),
      onReached: (reached) => told.push(reached),
    });
    const use = (bound: number, tokens: number, runId = "r"): void => {
      const reserved = ledger.reserve({ tenant: "acme", user: "ada" }, { tokens: bound }, runId);
      if ("held" in reserved) ledger.settle(reserved, { tokens });
    };
    return { told, ledger, use };
  };
  const first = start();
  const second = start();
  first.use(900, 300);
  expect(first.told).toEqual([]);
  second.use(600, 300, "other");
  expect(second.told).toEqual([
    {
      budget: "day/tenant:acme/1970-01-01",
      limit: "tokens",
      percent: 50,
      // What the first process has drawn and not used counts too: a hundredth at most, twice.
      used: expect.closeTo(600, -1.5),
      allowed: 1_000,
      tenant: "acme",
      runId: "other",
    },
  ]);
  first.use(300, 250);
  expect(percents(first.told)).toEqual([50, 80]);
  first.use(200, 1);
  expect(percents(first.told)).toEqual([50, 80]);
  first.use(110, 105);
  first.use(500, 1);
  expect(percents(first.told)).toEqual([50, 80, 95, 100]);
  clock.advance(86_400_000);
  first.use(600, 500);
  expect(first.told.at(-1)).toMatchObject({ budget: "day/tenant:acme/1970-01-02", percent: 50 });
  for (const { ledger } of [first, second]) ledger.close();
  store.close();
});
