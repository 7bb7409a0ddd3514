import type { BudgetLimits } from "../boundary/budget.ts";
import type { Clock } from "../base/clock.ts";
import {
  type CallBudget,
  createStandingLedger,
  type StandingBudget,
  type StandingLedger,
  type StandingReached,
} from "../boundary/standing-budgets.ts";
import type { Settings } from "../config/schema.ts";
import type { Store } from "../store/store.ts";

type Budget = Settings["budgets"][string];

/** The settings' budgets as the boundary counts them. */
function standingBudgetsOf({ budgets }: Pick<Settings, "budgets">): readonly StandingBudget[] {
  return Object.entries(budgets).flatMap(([name, budget]) => {
    const { per, period } = budget;
    if (per === "call" || period === undefined) return [];
    return [{ name, per, period, limits: limitsOf(budget) }];
  });
}

/** Those of them that bound each call. */
function callBudgetsOf({ budgets }: Pick<Settings, "budgets">): readonly CallBudget[] {
  return Object.entries(budgets).flatMap(([name, budget]) =>
    budget.per === "call" ? [{ name, limits: limitsOf(budget) }] : [],
  );
}

/** The ledger of the settings' budgets; undefined where there are none. */
export function openStanding(
  settings: Pick<Settings, "budgets" | "unpriced">,
  clock: Clock,
  opened: Pick<Store, "tenant">,
  onReached: (reached: StandingReached) => void,
): StandingLedger | undefined {
  if (Object.keys(settings.budgets).length === 0) return undefined;
  return createStandingLedger({
    budgets: standingBudgetsOf(settings),
    perCall: callBudgetsOf(settings),
    refusesUnpriced: settings.unpriced === "refuse",
    storeOf: (tenant) => opened.tenant(tenant).budgets,
    now: () => clock.now(),
    onReached,
  });
}

/** What a budget of the settings allows; seconds there are milliseconds here. */
export function limitsOf({
  maxCostMicroUsd,
  maxTokens,
  maxCalls,
  maxSeconds,
}: Budget): BudgetLimits {
  return {
    ...(maxCostMicroUsd === undefined ? {} : { costMicroUsd: maxCostMicroUsd }),
    ...(maxTokens === undefined ? {} : { tokens: maxTokens }),
    ...(maxCalls === undefined ? {} : { calls: maxCalls }),
    ...(maxSeconds === undefined ? {} : { milliseconds: maxSeconds * 1_000 }),
  };
}
