import type { BudgetLimits } from "./budget.ts";
import type { BudgetLeft, BudgetRefusal } from "./ports.ts";
import { type BudgetReached, newlyReached, type Told } from "./thresholds.ts";
import type { Spend } from "./types.ts";

export type Quantity = keyof BudgetLimits;
export type Amounts = Readonly<Partial<Record<Quantity, number>>>;

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

/** What this process holds of one budget in one period. */
export interface Account {
  readonly id: string;
  readonly tenant: string;
  readonly store: SharedBudgets;
  readonly limits: BudgetLimits;
  /** Drawn from the store and neither used nor set aside; below 0 where a call used more than its bound. */
  readonly left: Record<Quantity, number>;
  /** Of what is drawn, what calls in flight here have set aside. */
  readonly inFlight: Record<Quantity, number>;
  /** What all processes had drawn when it was last looked at; undefined where that has changed. */
  drawn: Amounts | undefined;
  readonly told: Told;
}

/** An account of which nothing is drawn here. */
export function newAccount(
  id: string,
  tenant: string,
  store: SharedBudgets,
  limits: BudgetLimits,
): Account {
  const none = () => ({ calls: 0, tokens: 0, costMicroUsd: 0, milliseconds: 0 });
  return { id, tenant, store, limits, left: none(), inFlight: none(), drawn: undefined, told: {} };
}

/** Sets an upper bound aside for a call; or says what is in the way. */
export function setAside(account: Account, wanted: Required<Amounts>): BudgetRefusal | undefined {
  const refused = take(account, wanted);
  if (refused === undefined) move(account.inFlight, wanted, 1);
  return refused;
}

/** A call is over: what it had set aside is replaced by what it used. */
export function putBack(
  account: Account,
  wanted: Required<Amounts>,
  used: Required<Amounts> | undefined,
): void {
  move(account.inFlight, wanted, -1);
  add(account, wanted, 1);
  if (used === undefined) return;
  add(account, used, -1);
}

/**
 * The shares of its limits that a budget has newly come to, for all that this process can tell: what
 * others have drawn counts as used.
 */
export function reachedBy(account: Account, refused?: BudgetRefusal): readonly BudgetReached[] {
  const { id, store, limits, left, inFlight, told } = account;
  account.drawn ??= store.get(id)?.used ?? {};
  const { drawn } = account;
  return quantities.flatMap((limit) => {
    const allowed = limits[limit];
    if (allowed === undefined) return [];
    const used = Math.max(0, (drawn[limit] ?? 0) - left[limit] - inFlight[limit]);
    return newlyReached({ budget: id, limit, used, allowed }, told, refused?.limit === limit);
  });
}

function move(of: Record<Quantity, number>, amounts: Required<Amounts>, sign: 1 | -1): void {
  for (const quantity of quantities) of[quantity] += sign * amounts[quantity];
}

/** What budgets count. */
export const quantities = ["calls", "tokens", "costMicroUsd", "milliseconds"] as const;
/** A process draws at least this share of a limit, so that not every call writes to the store. */
const slicesPerLimit = 100;
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
    account.drawn = undefined;
    for (const quantity of quantities) left[quantity] += drawn[quantity] ?? 0;
  }
  add(account, wanted, -1);
  return undefined;
}

/** What could be set aside: what nobody has drawn, and what this process has drawn and not used. */
export function leftOf(limits: BudgetLimits, drawn: Amounts = {}, own: Amounts = {}): BudgetLeft {
  const left = quantities.flatMap((quantity) => {
    const limit = limits[quantity];
    if (limit === undefined) return [];
    return [[quantity, Math.max(0, limit - (drawn[quantity] ?? 0)) + (own[quantity] ?? 0)]];
  });
  return Object.fromEntries(left) as BudgetLeft;
}

/** Moves amounts into what is left, or out of it. */
function add({ limits, left }: Account, amounts: Required<Amounts>, sign: 1 | -1): void {
  for (const quantity of quantities) {
    if (limits[quantity] !== undefined) left[quantity] += sign * amounts[quantity];
  }
}

/** What is left over after a call with a generous bound is for the other processes. */
export function returnExcess(account: Account): void {
  const { id, store, limits, left } = account;
  const excess: Partial<Record<Quantity, number>> = {};
  for (const quantity of quantities) {
    const slice = sliceOf(limits[quantity] ?? 0);
    if (left[quantity] > 2 * slice) excess[quantity] = left[quantity] - slice;
  }
  if (Object.keys(excess).length === 0) return;
  store.giveBack(id, excess);
  account.drawn = undefined;
  for (const quantity of quantities) left[quantity] -= excess[quantity] ?? 0;
}

/** Closes the account with the store: the rest back, and what was used beyond its bound drawn. */
export function giveBackRest({ id, store, left }: Account): void {
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

/** A spend as amounts of a budget. */
export function amountsOf(spend: CallSpend, calls: 0 | 1): Required<Amounts> {
  return {
    calls,
    tokens: spend.tokens ?? 0,
    costMicroUsd: spend.costMicroUsd ?? 0,
    milliseconds: Math.ceil(spend.milliseconds ?? 0),
  };
}
