import type { BudgetRefusal } from "./ports.ts";

/** Shares of a limit, in percent, that somebody is told of when they are reached. */
export const budgetThresholds = [50, 80, 95, 100] as const;
export type BudgetThreshold = (typeof budgetThresholds)[number];

/** That a budget has come to a share of one of its limits. */
export interface BudgetReached {
  /** As the ledger calls it. */
  readonly budget: string;
  readonly limit: BudgetRefusal["limit"];
  readonly percent: BudgetThreshold;
  readonly used: number;
  readonly allowed: number;
}

/** From here on a call that does not fit says that nothing more does. */
const nearlyAll = 95;

/** What was told already of one budget, by limit, in percent. */
export type Told = Partial<Record<BudgetRefusal["limit"], number>>;

/**
 * The shares of a limit that are reached and were not told yet; they are now.
 * @param refused whether a call did not fit: the last share is reached then, where little is left
 */
export function newlyReached(
  of: Omit<BudgetReached, "percent">,
  told: Told,
  refused = false,
): readonly BudgetReached[] {
  const { limit, used, allowed } = of;
  const share = (used / allowed) * 100;
  const reached = refused && share >= nearlyAll ? 100 : share;
  const before = told[limit] ?? 0;
  const news = budgetThresholds.filter((percent) => percent > before && percent <= reached);
  const last = news.at(-1);
  if (last !== undefined) told[limit] = last;
  return news.map((percent) => ({ ...of, percent }));
}
