import { sha256 } from "../base/digest.ts";
import type { Principal } from "../base/principal.ts";
import type { BudgetLimits } from "./budget.ts";
import type { BudgetLeft, BudgetRefusal } from "./ports.ts";
import {
  type Account,
  type Amounts,
  amountsOf,
  type CallSpend,
  giveBackRest,
  leftOf,
  newAccount,
  putBack,
  quantities,
  reachedBy,
  returnExcess,
  setAside,
  type SharedBudgets,
} from "./standing-account.ts";
import type { BudgetReached } from "./thresholds.ts";

export type { CallSpend, SharedBudgets } from "./standing-account.ts";

/** Whose calls a budget counts together. */
export const budgetScopes = ["tenant", "user", "agent"] as const;
export type BudgetScope = (typeof budgetScopes)[number];

/** After what a budget begins anew, in UTC; weeks begin on Monday. */
export const budgetPeriods = ["hour", "day", "week", "month", "forever"] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

/** A hard limit that outlives runs and processes. Milliseconds are those that calls take. */
export interface StandingBudget {
  readonly name: string;
  readonly per: BudgetScope;
  readonly period: BudgetPeriod;
  readonly limits: BudgetLimits;
}

/** What no single call may use more than. */
export interface CallBudget {
  readonly name: string;
  readonly limits: Pick<BudgetLimits, "costMicroUsd" | "tokens">;
}

interface Share {
  readonly account: Account;
  readonly wanted: Required<Amounts>;
  /** Whose call it is set aside for. */
  readonly runId: string | undefined;
}

/** What is set aside for one call in every standing budget that counts it. */
export interface StandingReservation {
  held: readonly Share[];
}

/** A share of a limit that was reached, and the call with which it was. */
export interface StandingReached extends BudgetReached {
  readonly tenant: string;
  readonly runId: string | undefined;
}

/** The standing budgets of one process. */
export interface StandingLedger {
  /**
   * Sets the upper bound aside in every budget that counts the call, or in none and says which
   * refused. Throws what the store throws: a call that cannot be counted is not made.
   */
  reserve(
    principal: Principal,
    bound: CallSpend,
    runId?: string,
  ): StandingReservation | BudgetRefusal;
  /** Sets more aside for the same call, in all its budgets or in none. */
  extend(reservation: StandingReservation, more: CallSpend): BudgetRefusal | undefined;
  /** Replaces a reservation by what was really used. Once. */
  settle(reservation: StandingReservation, used: CallSpend): void;
  /** Gives a reservation back: the call was never sent. Once. */
  release(reservation: StandingReservation): void;
  /** What every budget that counts such a call has left for this process; nothing is drawn. */
  look(principal: Principal, bound: CallSpend): readonly StandingLook[];
  /** Gives back what this process had drawn and does not need. */
  close(): void;
}

/** One standing budget as it is for a call that is asked about. */
export interface StandingLook {
  /** Its name, whose it is and of which period. */
  readonly budget: string;
  readonly left: BudgetLeft;
  /** Whether the call's upper bound could be set aside. */
  readonly fits: boolean;
  /** It bounds each call by itself. */
  readonly perCall?: true;
}

const longestId = 200;

export interface StandingBudgetParts {
  readonly budgets: readonly StandingBudget[];
  readonly perCall?: readonly CallBudget[];
  /** Whether a call that costs money nobody can name is refused where money is limited. */
  readonly refusesUnpriced?: boolean;
  /** Told of each share of a limit that this process sees reached, once in a period. */
  readonly onReached?: (reached: StandingReached) => void;
  /** The shared budgets of a tenant. Asked whenever a period begins. */
  readonly storeOf: (tenant: string) => SharedBudgets;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/**
 * Hard limits over all processes. Each process draws a slice of a limit from the store and spends
 * from it, so that most calls cost no write. What a process that died had drawn stays drawn until
 * the period ends: a crash can make a limit narrower and never wider.
 */
export function createStandingLedger(parts: StandingBudgetParts): StandingLedger {
  const { budgets, perCall = [], refusesUnpriced = false, storeOf, now, onReached } = parts;
  /** By rule, tenant and who; of the period that was asked about last. */
  const accounts = new Map<string, Account>();

  /** Where the account of a budget is kept here, and what the store calls it. */
  const placeOf = ({ name, per, period }: StandingBudget, principal: Principal, at: number) => {
    const who = `${per}:${principal[per] ?? ""}`;
    const id = idOf(name, who, periodLabel(period, at));
    return { place: `${principal.tenant}\n${name}\n${who}`, id };
  };

  const accountOf = (budget: StandingBudget, principal: Principal, at: number): Account => {
    const { limits } = budget;
    const { place, id } = placeOf(budget, principal, at);
    const known = accounts.get(place);
    if (known?.id === id) return known;
    if (known !== undefined) giveBackRest(known);
    const store = storeOf(principal.tenant);
    store.define(id, limits, { replace: true });
    const made = newAccount(id, principal.tenant, store, limits);
    accounts.set(place, made);
    return made;
  };

  const tell = (account: Account, runId: string | undefined, refused?: BudgetRefusal): void => {
    if (onReached === undefined) return;
    const { tenant } = account;
    for (const reached of reachedBy(account, refused)) onReached({ ...reached, tenant, runId });
  };

  /** Sets amounts aside in all accounts and notes them, or in none. */
  const takeAll = (
    accounts: readonly Account[],
    wanted: Required<Amounts>,
    reservation: StandingReservation,
    runId: string | undefined,
  ): BudgetRefusal | undefined => {
    const taken: Share[] = [];
    for (const account of accounts) {
      const refused = setAside(account, wanted);
      if (refused === undefined) {
        taken.push({ account, wanted, runId });
        continue;
      }
      for (const share of taken) putBack(share.account, share.wanted, undefined);
      tell(account, runId, refused);
      return refused;
    }
    reservation.held = [...reservation.held, ...taken];
    return undefined;
  };

  return {
    reserve: (principal, bound, runId) => {
      const single = perCall.find((budget) => !fitsCall(budget, bound, refusesUnpriced));
      if (single !== undefined) return callRefusal(single, bound);
      const at = now();
      const counting = budgets.filter(({ per }) => principal[per] !== undefined);
      const accounts = counting.map((budget) => accountOf(budget, principal, at));
      if (refusesUnpriced && bound.unpriced === true) {
        const refused = accounts.find(({ limits }) => limits.costMicroUsd !== undefined);
        if (refused !== undefined) return unpricedRefusal(refused);
      }
      const wanted = amountsOf(bound, 1);
      const reservation: StandingReservation = { held: [] };
      const refused = takeAll(accounts, wanted, reservation, runId);
      if (refused !== undefined) return refused;
      return reservation;
    },
    extend: (reservation, more) =>
      takeAll(
        [...new Set(reservation.held.map(({ account }) => account))],
        amountsOf(more, 0),
        reservation,
        reservation.held[0]?.runId,
      ),
    settle: (reservation, used) => {
      const actual = amountsOf(used, 1);
      const paid = new Map<Account, string | undefined>();
      for (const { account, wanted, runId } of reservation.held) {
        putBack(account, wanted, paid.has(account) ? undefined : actual);
        paid.set(account, runId);
      }
      for (const [account, runId] of paid) {
        returnExcess(account);
        tell(account, runId);
      }
    },
    release: ({ held }) => {
      for (const { account, wanted } of held) {
        putBack(account, wanted, undefined);
        returnExcess(account);
      }
    },
    look: (principal, bound) => {
      const at = now();
      const wanted = amountsOf(bound, 1);
      const single = perCall.map((budget) => ({
        budget: callBudgetId(budget),
        left: budget.limits,
        fits: fitsCall(budget, bound, refusesUnpriced),
        perCall: true as const,
      }));
      const standing = budgets
        .filter(({ per }) => principal[per] !== undefined)
        .map((budget) => {
          const { place, id } = placeOf(budget, principal, at);
          const own = accounts.get(place);
          const drawn = storeOf(principal.tenant).get(id)?.used;
          const left = leftOf(budget.limits, drawn, own?.id === id ? own.left : undefined);
          const isUnpriced =
            refusesUnpriced && bound.unpriced === true && left.costMicroUsd !== undefined;
          const fits = quantities.every(
            (quantity) => !(wanted[quantity] > (left[quantity] ?? Infinity)),
          );
          return { budget: id, left, fits: fits && !isUnpriced };
        });
      return [...single, ...standing];
    },
    close: () => {
      for (const account of accounts.values()) giveBackRest(account);
      accounts.clear();
    },
  };
}

function callBudgetId({ name }: CallBudget): string {
  return `${name}/call`;
}

function fitsCall({ limits }: CallBudget, bound: CallSpend, refusesUnpriced: boolean): boolean {
  if (limits.costMicroUsd !== undefined && refusesUnpriced && bound.unpriced === true) return false;
  const { costMicroUsd = 0, tokens = 0 } = bound;
  return (
    costMicroUsd <= (limits.costMicroUsd ?? costMicroUsd) && tokens <= (limits.tokens ?? tokens)
  );
}

function callRefusal(budget: CallBudget, bound: CallSpend): BudgetRefusal {
  const { limits } = budget;
  const isTokens = (bound.tokens ?? 0) > (limits.tokens ?? Number.POSITIVE_INFINITY);
  const limit = isTokens ? "tokens" : "costMicroUsd";
  const allowed = limits[limit] ?? 0;
  const refusal = { budget: callBudgetId(budget), limit, allowed, used: 0 } as const;
  return bound.unpriced === true && !isTokens ? { ...refusal, unpriced: true } : refusal;
}

function unpricedRefusal({ id, limits, left }: Account): BudgetRefusal {
  const allowed = limits.costMicroUsd ?? 0;
  const used = Math.max(0, allowed - left.costMicroUsd);
  return { budget: id, limit: "costMicroUsd", allowed, used, unpriced: true };
}

function idOf(name: string, who: string, period: string): string {
  const id = `${name}/${who}/${period}`;
  return id.length <= longestId ? id : `${name}/${sha256(who)}/${period}`;
}

/** The period that a moment lies in, as it stands in a budget's id: `2026-11-22`, `2026-11`. */
export function periodLabel(period: BudgetPeriod, at: number): string {
  if (period === "forever") return "forever";
  const day = new Date(at);
  if (period === "week") {
    const sinceMonday = (day.getUTCDay() + 6) % 7;
    day.setUTCDate(day.getUTCDate() - sinceMonday);
    return `week of ${day.toISOString().slice(0, 10)}`;
  }
  const lengths = { hour: 13, day: 10, month: 7 };
  return day.toISOString().slice(0, lengths[period]);
}
