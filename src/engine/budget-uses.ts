import {
  type BudgetPeriod,
  type BudgetScope,
  budgetScopes,
  periodLabel,
} from "../boundary/standing-budgets.ts";
import type { Settings } from "../config/schema.ts";
import {
  type Budget,
  type BudgetAmounts,
  budgetQuantities,
} from "../store/repositories/budgets.ts";
import { limitsOf } from "./budgets.ts";
import type { EngineStore } from "./tenant-store.ts";

/** What is used of a budget by a tenant, a person or an agent in one period. */
export interface BudgetUse {
  readonly id: string;
  /** The budget's name in the settings. */
  readonly budget: string;
  readonly per: BudgetScope | null;
  /** Whose calls are counted; a digest where the name is very long. */
  readonly who: string;
  /** `2026-11-22`, `2026-11`, `week of 2026-11-16`, `forever`; in UTC. */
  readonly period: string;
  /** Whether the period goes on. */
  readonly isCurrent: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  readonly limits: BudgetAmounts;
  /** Used and set aside, over all processes. */
  readonly used: Readonly<Record<keyof Required<BudgetAmounts>, number>>;
  /** Shares of limits that were reached, and when somebody was told. */
  readonly reached: readonly ReachedShare[];
}

/** A share of a limit that was reached. */
export interface ReachedShare {
  readonly limit: keyof Required<BudgetAmounts>;
  readonly percent: number;
  readonly at: number;
}

/** A budget as the settings have it. */
export interface BudgetStanding {
  readonly name: string;
  readonly per: BudgetScope | "call";
  /** Null for one that bounds each call by itself. */
  readonly period: BudgetPeriod | null;
  readonly limits: BudgetAmounts;
  /** In the period that goes on, the fullest first. */
  readonly uses: readonly BudgetUse[];
}

type Asked = Pick<EngineStore, "budgets" | "idempotency">;
type Row = Omit<BudgetUse, "reached">;

/** The settings' budgets, each with what the tenant has used of it in the period that goes on. */
export function budgetStandings(
  { budgets }: Pick<Settings, "budgets">,
  store: Asked,
  now: number,
): readonly BudgetStanding[] {
  const current = rowsOf({ budgets }, store, now).filter(({ isCurrent }) => isCurrent);
  return Object.entries(budgets).map(([name, budget]) => ({
    name,
    per: budget.per,
    period: budget.period ?? null,
    limits: limitsOf(budget),
    uses: current
      .filter((use) => use.budget === name)
      .toSorted((one, other) => fullness(other) - fullness(one))
      .map((row) => withReached(row, store)),
  }));
}

/** Which uses to list. */
export interface BudgetUseFilter {
  readonly budget?: string;
  readonly who?: string;
  /** From 1. */
  readonly limit: number;
  /** The `nextCursor` of the page before: a whole number from 1. */
  readonly cursor?: string;
}

/**
 * Every period of every budget that a tenant has used, those of budgets that are gone too, the
 * newest first.
 */
export function budgetUses(
  settings: Pick<Settings, "budgets">,
  store: Asked,
  now: number,
  { budget, who, limit, cursor }: BudgetUseFilter,
): { readonly items: readonly BudgetUse[]; readonly nextCursor: string | null } {
  const found = rowsOf(settings, store, now).filter(
    (use) => (budget ?? use.budget) === use.budget && (who ?? use.who) === use.who,
  );
  // Later uses come at the end, so that a place from the front stays where it is.
  const end = Math.min(cursor === undefined ? found.length : Number(cursor) - 1, found.length);
  const start = Math.max(0, end - limit);
  const shown = found.slice(start, end).toReversed();
  return {
    items: shown.map((row) => withReached(row, store)),
    nextCursor: start === 0 ? null : String(start + 1),
  };
}

/** The oldest first. */
function rowsOf(
  { budgets }: Pick<Settings, "budgets">,
  store: Pick<EngineStore, "budgets">,
  now: number,
): readonly Row[] {
  return store.budgets
    .list()
    .toSorted((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1))
    .map((row) => rowOf(row, budgets, now));
}

function rowOf(
  { id, createdAt, limits, used }: Budget,
  budgets: Settings["budgets"],
  now: number,
): Row {
  // Neither a budget's name nor a period's has a slash in it.
  const [, budget = id, whose = "", period = ""] = /^([^/]*)\/(.*)\/([^/]*)$/s.exec(id) ?? [];
  const scope = budgetScopes.find((one) => whose.startsWith(`${one}:`));
  const setting = Object.hasOwn(budgets, budget) ? budgets[budget] : undefined;
  const label = setting?.period === undefined ? undefined : periodLabel(setting.period, now);
  return {
    id,
    budget,
    per: scope ?? null,
    who: scope === undefined ? whose : whose.slice(scope.length + 1),
    period,
    isCurrent: period === label,
    since: createdAt,
    limits,
    used,
  };
}

/** What was told of it is known by its key, which keeps it from being told again. */
function withReached(row: Row, { idempotency }: Pick<EngineStore, "idempotency">): BudgetUse {
  const beginning = `budget:${row.id}:`;
  const reached = idempotency.startedWith(beginning).flatMap(({ key, at }) => {
    const [limit, percent] = key.slice(beginning.length).split(":");
    const known = budgetQuantities.find((one) => one === limit);
    return known === undefined ? [] : [{ limit: known, percent: Number(percent), at }];
  });
  return { ...row, reached: reached.toSorted((one, other) => one.at - other.at) };
}

/** The share of the limit that is fullest. */
function fullness({ limits, used }: Row): number {
  return Math.max(
    ...budgetQuantities.map((name) => used[name] / (limits[name] ?? Number.POSITIVE_INFINITY)),
  );
}
