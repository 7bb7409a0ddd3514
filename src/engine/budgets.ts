import type { StandingBudget } from "../boundary/standing-budgets.ts";
import type { Settings } from "../config/schema.ts";

/** The settings' budgets as the boundary counts them. */
export function standingBudgetsOf({
  budgets,
}: Pick<Settings, "budgets">): readonly StandingBudget[] {
  return Object.entries(budgets).map(([name, budget]) => {
    const { per, period, maxCostMicroUsd, maxTokens, maxCalls, maxSeconds } = budget;
    return {
      name,
      per,
      period,
      limits: {
        ...(maxCostMicroUsd === undefined ? {} : { costMicroUsd: maxCostMicroUsd }),
        ...(maxTokens === undefined ? {} : { tokens: maxTokens }),
        ...(maxCalls === undefined ? {} : { calls: maxCalls }),
        ...(maxSeconds === undefined ? {} : { milliseconds: maxSeconds * 1_000 }),
      },
    };
  });
}
