import { sha256 } from "../base/digest.ts";
import type { Principal } from "../base/principal.ts";
import type { BudgetLimits } from "./budget.ts";
import type { BudgetLeft, BudgetRefusal } from "./ports.ts";
import type { Spend } from "./types.ts";

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

type Quantity = keyof BudgetLimits;
type Amounts = Readonly<Partial<Record<Quantity, number>>>;

/** One tenant's budgets, shared by all processes; each function has committed when it returns. */
export interface SharedBudgets {
  define(id: string, limits: BudgetLimits, options: { readonly replace: boolean }): unknown;
  /** Sets amounts aside, all or none. */
  draw(
    id: string,
    amounts: Amounts,
  ):
    | { readonly granted: true }
    | {
        readonly granted: false;
        readonly limit: Quantity;
        readonly allowed: number;
        readonly used: number;
      };
  giveBack(id: string, amounts: Amounts): void;
  /** What is drawn of a budget; undefined where nobody has drawn from it. */
  get(id: string): { readonly used: Required<Amounts> } | undefined;
}

/** What one call may use and, settled, what it used. */
export interface CallSpend extends Spend {
  readonly milliseconds?: number;
}

/** What is set aside for one call in every standing budget that counts it. */
export interface StandingReservation {
  readonly held: readonly { readonly account: Account; readonly wanted: Required<Amounts> }[];
}

/** The standing budgets of one process. */
export interface StandingLedger {
  /**
   * Sets the upper bound aside in every budget that counts the call, or in none and says which
   * refused. Throws what the store throws: a call that cannot be counted is not made.
   */
  reserve(principal: Principal, bound: CallSpend): StandingReservation | BudgetRefusal;
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
}

/** What this process holds of one budget in one period. */
interface Account {
  readonly id: string;
  readonly store: SharedBudgets;
  readonly limits: BudgetLimits;
  /** Drawn from the store and neither used nor set aside; below 0 where a call used more than its bound. */
  readonly left: Record<Quantity, number>;
}

const quantities = ["calls", "tokens", "costMicroUsd", "milliseconds"] as const;
/** A process draws at least this share of a limit, so that not every call writes to the store. */
const slicesPerLimit = 100;
const longestId = 200;

export interface StandingBudgetParts {
  readonly budgets: readonly StandingBudget[];
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
  const { budgets, storeOf, now } = parts;
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
    const left = { calls: 0, tokens: 0, costMicroUsd: 0, milliseconds: 0 };
    const made = { id, store, limits, left };
    accounts.set(place, made);
    return made;
  };

  return {
    reserve: (principal, bound) => {
      const wanted = amountsOf(bound, 1);
      const at = now();
      const held: { account: Account; wanted: Required<Amounts> }[] = [];
      for (const budget of budgets) {
        if (principal[budget.per] === undefined) continue;
        const account = accountOf(budget, principal, at);
        const refused = take(account, wanted);
        if (refused === undefined) {
          held.push({ account, wanted });
          continue;
        }
        for (const taken of held) add(taken.account, taken.wanted, 1);
        return refused;
      }
      return { held };
    },
    settle: ({ held }, used) => {
      const actual = amountsOf(used, 1);
      for (const { account, wanted } of held) {
        add(account, wanted, 1);
        add(account, actual, -1);
        returnExcess(account);
      }
    },
    release: ({ held }) => {
      for (const { account, wanted } of held) {
        add(account, wanted, 1);
        returnExcess(account);
      }
    },
    look: (principal, bound) => {
      const at = now();
      const wanted = amountsOf(bound, 1);
      return budgets
        .filter(({ per }) => principal[per] !== undefined)
        .map((budget) => {
          const { place, id } = placeOf(budget, principal, at);
          const own = accounts.get(place);
          const drawn = storeOf(principal.tenant).get(id)?.used;
          const left = leftOf(budget.limits, drawn, own?.id === id ? own.left : undefined);
          const fits = quantities.every(
            (quantity) => !(wanted[quantity] > (left[quantity] ?? Infinity)),
          );
          return { budget: id, left, fits };
        });
    },
    close: () => {
      for (const account of accounts.values()) giveBackRest(account);
      accounts.clear();
    },
  };
}

function take(account: Account, wanted: Required<Amounts>): BudgetRefusal | undefined {
  const { id, store, limits, left } = account;
  const missing: Partial<Record<Quantity, number>> = {};
  const slice: Partial<Record<Quantity, number>> = {};
  let short = false;
  for (const quantity of quantities) {
    const limit = limits[quantity];
    const lacking = wanted[quantity] - left[quantity];
    if (limit === undefined || lacking <= 0) continue;
    short = true;
    missing[quantity] = lacking;
    slice[quantity] = Math.max(lacking, sliceOf(limit));
  }
  if (short) {
    let drawn: Amounts = slice;
    let draw = store.draw(id, slice);
    if (!draw.granted) {
      drawn = missing;
      draw = store.draw(id, missing);
    }
    if (!draw.granted) {
      const { limit, allowed, used } = draw;
      return { budget: id, limit, allowed, used };
    }
    for (const quantity of quantities) left[quantity] += drawn[quantity] ?? 0;
  }
  add(account, wanted, -1);
  return undefined;
}

/** What could be set aside: what nobody has drawn, and what this process has drawn and not used. */
function leftOf(limits: BudgetLimits, drawn: Amounts = {}, own: Amounts = {}): BudgetLeft {
  const left = quantities.flatMap((quantity) => {
    const limit = limits[quantity];
    if (limit === undefined) return [];
    return [[quantity, Math.max(0, limit - (drawn[quantity] ?? 0)) + (own[quantity] ?? 0)]];
  });
  return Object.fromEntries(left) as BudgetLeft;
}

function add({ limits, left }: Account, amounts: Required<Amounts>, sign: 1 | -1): void {
  for (const quantity of quantities) {
    if (limits[quantity] !== undefined) left[quantity] += sign * amounts[quantity];
  }
}

/** What is left over after a call with a generous bound is for the other processes. */
function returnExcess({ id, store, limits, left }: Account): void {
  const excess: Partial<Record<Quantity, number>> = {};
  for (const quantity of quantities) {
    const slice = sliceOf(limits[quantity] ?? 0);
    if (left[quantity] > 2 * slice) excess[quantity] = left[quantity] - slice;
  }
  if (Object.keys(excess).length === 0) return;
  store.giveBack(id, excess);
  for (const quantity of quantities) left[quantity] -= excess[quantity] ?? 0;
}

/** Closes the account with the store: the rest back, and what was used beyond its bound drawn. */
function giveBackRest({ id, store, left }: Account): void {
  const rest = quantities.filter((quantity) => left[quantity] > 0);
  if (rest.length > 0) {
    store.giveBack(id, Object.fromEntries(rest.map((quantity) => [quantity, left[quantity]])));
  }
  for (const quantity of quantities) {
    if (left[quantity] < 0) drawAtMost(store, id, quantity, -left[quantity]);
    left[quantity] = 0;
  }
}

function drawAtMost(store: SharedBudgets, id: string, quantity: Quantity, amount: number): void {
  const draw = store.draw(id, { [quantity]: amount });
  if (draw.granted || draw.allowed <= draw.used) return;
  store.draw(id, { [quantity]: draw.allowed - draw.used });
}

function sliceOf(limit: number): number {
  return Math.max(1, Math.floor(limit / slicesPerLimit));
}

function amountsOf(spend: CallSpend, calls: 0 | 1): Required<Amounts> {
  return {
    calls,
    tokens: spend.tokens ?? 0,
    costMicroUsd: spend.costMicroUsd ?? 0,
    milliseconds: Math.ceil(spend.milliseconds ?? 0),
  };
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
