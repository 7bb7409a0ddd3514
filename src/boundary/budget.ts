import type { Clock } from "../base/clock.ts";
import type { BudgetLedger, BudgetRefusal, BudgetReservation } from "./ports.ts";
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

interface Held {
  readonly accounts: readonly Account[];
  readonly costMicroUsd: number;
  readonly tokens: number;
}

/** A ledger in memory; a resumed run opens its budget with what its log says was used. */
export interface MemoryBudgetLedger extends BudgetLedger {
  open(id: string, limits: BudgetLimits, used?: Partial<BudgetUse>): void;
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
  const held = new Map<number, Held>();
  let nextReservation = 1;

  const refusal = (id: string, account: Account, estimate: Spend): BudgetRefusal | undefined => {
    const { limits } = account;
    const checks = [
      ["calls", limits.calls, account.calls, 1],
      ["tokens", limits.tokens, account.tokens, estimate.tokens ?? 0],
      ["costMicroUsd", limits.costMicroUsd, account.costMicroUsd, estimate.costMicroUsd ?? 0],
    ] as const;
    for (const [limit, allowed, used, wanted] of checks) {
      if (allowed !== undefined && used + wanted > allowed)
        return { budget: id, limit, allowed, used };
    }
    const elapsed = clock.monotonic() - account.openedAt;
    if (limits.milliseconds !== undefined && elapsed >= limits.milliseconds) {
      return { budget: id, limit: "milliseconds", allowed: limits.milliseconds, used: elapsed };
    }
    return undefined;
  };

  const replace = (reservation: BudgetReservation, spend: Spend, calls: 0 | 1): void => {
    const entry = held.get(reservation.id);
    if (entry === undefined) return;
    held.delete(reservation.id);
    for (const account of entry.accounts) {
      account.costMicroUsd += (spend.costMicroUsd ?? 0) - entry.costMicroUsd;
      account.tokens += (spend.tokens ?? 0) - entry.tokens;
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
      accounts.delete(id);
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
      const entry: Held = {
        accounts: named,
        costMicroUsd: estimate.costMicroUsd ?? 0,
        tokens: estimate.tokens ?? 0,
      };
      for (const account of named) {
        account.costMicroUsd += entry.costMicroUsd;
        account.tokens += entry.tokens;
        account.calls += 1;
      }
      const id = nextReservation;
      nextReservation += 1;
      held.set(id, entry);
      return { id };
    },
    settle: (reservation, actual) => replace(reservation, actual, 1),
    release: (reservation) => replace(reservation, {}, 0),
  };
}
