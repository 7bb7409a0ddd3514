import type { Clock } from "../base/clock.ts";
import type { BudgetLedger, BudgetLeft, BudgetRefusal, BudgetReservation } from "./ports.ts";
import { addSpend } from "./spend.ts";
import { type BudgetReached, newlyReached, type Told } from "./thresholds.ts";
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

/** Limits as a budget in memory is opened with. */
export interface OpenLimits extends BudgetLimits {
  /** Whether a call that costs money nobody can name is refused, where money is limited. */
  readonly refusesUnpriced?: boolean;
}

interface Account {
  readonly limits: OpenLimits;
  readonly told: Told;
  readonly openedAt: number;
  costMicroUsd: number;
  tokens: number;
  calls: number;
  /** Of these, what calls in flight have set aside. */
  inFlight: number;
  heldCost: number;
  heldTokens: number;
}

interface Named {
  readonly id: string;
  readonly account: Account;
}

const quantities = ["costMicroUsd", "tokens", "calls", "milliseconds"] as const;
const nobody: readonly Named[] = [];

/** What is set aside for one call. */
class Held implements BudgetReservation {
  readonly id: number;
  /** Nobody's any more once it is settled or released. */
  accounts: readonly Named[];
  estimate: Spend;

  constructor(id: number, accounts: readonly Named[], estimate: Spend) {
    this.id = id;
    this.accounts = accounts;
    this.estimate = estimate;
  }
}

/** A ledger in memory; a resumed run opens its budget with what its log says was used. */
export interface MemoryBudgetLedger extends BudgetLedger {
  open(id: string, limits: OpenLimits, used?: Partial<BudgetUse>): void;
  /** Closes it and those that are named as parts of it, `id/…`. */
  close(id: string): void;
  /** Used and reserved so far. */
  use(id: string): BudgetUse | undefined;
}

/**
 * Reserves an upper bound before each call in all budgets or in none, and replaces it by the real
 * figure afterwards, so that calls in flight together cannot overspend together.
 * @param onReached told of each share of a limit once for as long as the budget is open
 */
export function createBudgetLedger(
  clock: Clock,
  onReached: (reached: BudgetReached) => void = () => undefined,
): MemoryBudgetLedger {
  const accounts = new Map<string, Account>();
  let nextReservation = 1;

  const refusal = (
    { id, account }: Named,
    estimate: Spend,
    moreCalls: 0 | 1,
  ): BudgetRefusal | undefined => {
    const { limits, calls, tokens, costMicroUsd } = account;
    const { tokens: moreTokens = 0, costMicroUsd: moreCost = 0 } = estimate;
    if (limits.refusesUnpriced === true && estimate.unpriced && limits.costMicroUsd !== undefined) {
      const allowed = limits.costMicroUsd;
      return { budget: id, limit: "costMicroUsd", allowed, used: costMicroUsd, unpriced: true };
    }
    if (limits.calls !== undefined && calls + moreCalls > limits.calls) {
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
    for (const { account } of accounts) {
      account.costMicroUsd += (spend.costMicroUsd ?? 0) - (estimate.costMicroUsd ?? 0);
      account.tokens += (spend.tokens ?? 0) - (estimate.tokens ?? 0);
      account.calls += calls - 1;
      account.inFlight -= 1;
      account.heldCost -= estimate.costMicroUsd ?? 0;
      account.heldTokens -= estimate.tokens ?? 0;
    }
    for (const named of accounts) tell(named);
  };

  /** Says what is used by now; what calls in flight have set aside is not. */
  const tell = ({ id, account }: Named, refused?: BudgetRefusal): void => {
    const { limits, told } = account;
    const used: BudgetUse = {
      costMicroUsd: account.costMicroUsd - account.heldCost,
      tokens: account.tokens - account.heldTokens,
      calls: account.calls - account.inFlight,
    };
    for (const limit of ["costMicroUsd", "tokens", "calls"] as const) {
      const allowed = limits[limit];
      if (allowed === undefined) continue;
      const full = refused?.limit === limit && refused.unpriced !== true;
      const reached = { budget: id, limit, used: used[limit], allowed };
      for (const news of newlyReached(reached, told, full)) onReached(news);
    }
  };

  const setAside = (account: Account, more: Spend): void => {
    account.costMicroUsd += more.costMicroUsd ?? 0;
    account.tokens += more.tokens ?? 0;
    account.heldCost += more.costMicroUsd ?? 0;
    account.heldTokens += more.tokens ?? 0;
  };

  return {
    open: (id, limits, used = {}) => {
      accounts.set(id, {
        limits,
        told: {},
        inFlight: 0,
        heldCost: 0,
        heldTokens: 0,
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
      const named: Named[] = [];
      for (const id of budgets) {
        const account = accounts.get(id);
        // A budget that nobody opened must not read as "no limit".
        if (account === undefined) return { budget: id, limit: "calls", allowed: 0, used: 0 };
        const refused = refusal({ id, account }, estimate, 1);
        if (refused !== undefined) {
          tell({ id, account }, refused);
          return refused;
        }
        named.push({ id, account });
      }
      for (const { account } of named) {
        setAside(account, estimate);
        account.calls += 1;
        account.inFlight += 1;
      }
      const id = nextReservation;
      nextReservation += 1;
      return new Held(id, named, estimate);
    },
    extend: (reservation, more) => {
      if (!(reservation instanceof Held)) return undefined;
      for (const named of reservation.accounts) {
        const refused = refusal(named, more, 0);
        if (refused !== undefined) return refused;
      }
      for (const { account } of reservation.accounts) setAside(account, more);
      reservation.estimate = addSpend(reservation.estimate, more);
      return undefined;
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
