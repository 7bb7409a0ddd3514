import type { Clock } from "../base/clock.ts";
import type { BudgetLedger, BudgetLeft, BudgetRefusal, BudgetReservation } from "./ports.ts";
import type { Spend } from "./types.ts";

/** Hard limits of one budget; what is absent is unlimited. */
export interface BudgetLimits {
  readonly costMicroUsd?: number;
  readonly tokens?: number;
  readonly calls?: number;
  /** Wall time since the budget was opened. */
  readonly milliseconds?: number;
}

export interface BudgetUse {
  readonly costMicroUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

interface Account {
  readonly limits: BudgetLimits;
  readonly openedAt: number;
  costMicroUsd: number;
  tokens: number;
  calls: number;
}

const quantities = ["costMicroUsd", "tokens", "calls", "milliseconds"] as const;
const nobody: readonly Account[] = [];

/** What is set aside for one call. */
class Held implements BudgetReservation {
  readonly id: number;
  /** Nobody's any more once it is settled or released. */
  accounts: readonly Account[];
  readonly estimate: Spend;

  constructor(id: number, accounts: readonly Account[], estimate: Spend) {
    this.id = id;
    this.accounts = accounts;
    this.estimate = estimate;
  }
}

/** A ledger in memory; a resumed run opens its budget with what its log says was used. */
export interface MemoryBudgetLedger extends BudgetLedger {
  open(id: string, limits: BudgetLimits, used?: Partial<BudgetUse>): void;
  /** Closes it and those that are named as parts of it, `id/…`. */
  close(id: string): void;
  /** Used and reserved so far. */
  use(id: string): BudgetUse | undefined;
}

/**
 * Reserves an upper bound before each call in all budgets or in none, and replaces it by the real
 * figure afterwards, so that calls in flight together cannot overspend together.
 */
export function createBudgetLedger(clock: Clock): MemoryBudgetLedger {
  const accounts = new Map<string, Account>();
  let nextReservation = 1;

  const refusal = (id: string, account: Account, estimate: Spend): BudgetRefusal | undefined => {
    const { limits, calls, tokens, costMicroUsd } = account;
    const { tokens: moreTokens = 0, costMicroUsd: moreCost = 0 } = estimate;
    if (limits.calls !== undefined && calls + 1 > limits.calls) {
      return { budget: id, limit: "calls", allowed: limits.calls, used: calls };
    }
    if (limits.tokens !== undefined && tokens + moreTokens > limits.tokens) {
      return { budget: id, limit: "tokens", allowed: limits.tokens, used: tokens };
    }
    if (limits.costMicroUsd !== undefined && costMicroUsd + moreCost > limits.costMicroUsd) {
      return {
        budget: id,
        limit: "costMicroUsd",
        allowed: limits.costMicroUsd,
        used: costMicroUsd,
      };
    }
    if (limits.milliseconds === undefined) return undefined;
    const elapsed = clock.monotonic() - account.openedAt;
    if (elapsed < limits.milliseconds) return undefined;
    return { budget: id, limit: "milliseconds", allowed: limits.milliseconds, used: elapsed };
  };

  const replace = (reservation: BudgetReservation, spend: Spend, calls: 0 | 1): void => {
    if (!(reservation instanceof Held)) return;
    const { accounts, estimate } = reservation;
    reservation.accounts = nobody;
    for (const account of accounts) {
      account.costMicroUsd += (spend.costMicroUsd ?? 0) - (estimate.costMicroUsd ?? 0);
      account.tokens += (spend.tokens ?? 0) - (estimate.tokens ?? 0);
      account.calls += calls - 1;
    }
  };

  return {
    open: (id, limits, used = {}) => {
      accounts.set(id, {
        limits,
        openedAt: clock.monotonic(),
        costMicroUsd: used.costMicroUsd ?? 0,
        tokens: used.tokens ?? 0,
        calls: used.calls ?? 0,
      });
    },
    close: (id) => {
      for (const other of accounts.keys()) {
        if (other === id || other.startsWith(`${id}/`)) accounts.delete(other);
      }
    },
    use: (id) => accounts.get(id),
    reserve: (budgets, estimate) => {
      const named: Account[] = [];
      for (const id of budgets) {
        const account = accounts.get(id);
        // A budget that nobody opened must not read as "no limit".
        if (account === undefined) return { budget: id, limit: "calls", allowed: 0, used: 0 };
        const refused = refusal(id, account, estimate);
        if (refused !== undefined) return refused;
        named.push(account);
      }
      for (const account of named) {
        account.costMicroUsd += estimate.costMicroUsd ?? 0;
        account.tokens += estimate.tokens ?? 0;
        account.calls += 1;
      }
      const id = nextReservation;
      nextReservation += 1;
      return new Held(id, named, estimate);
    },
    left: (id) => {
      const account = accounts.get(id);
      if (account === undefined) return undefined;
      const { limits, costMicroUsd, tokens, calls, openedAt } = account;
      const spent = { costMicroUsd, tokens, calls, milliseconds: clock.monotonic() - openedAt };
      const left = quantities.flatMap((quantity) => {
        const limit = limits[quantity];
        return limit === undefined ? [] : [[quantity, Math.max(0, limit - spent[quantity])]];
      });
      return Object.fromEntries(left) as BudgetLeft;
    },
    settle: (reservation, actual) => replace(reservation, actual, 1),
    release: (reservation) => replace(reservation, {}, 0),
  };
}
