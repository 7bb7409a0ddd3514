import type { Clock } from "../base/clock.ts";
import type { CallSession } from "./call-session.ts";
import type { Principal } from "../base/principal.ts";
import { BoundaryError } from "./errors.ts";
import type { BudgetLedger, BudgetRefusal, BudgetReservation, TenantRecords } from "./ports.ts";
import { notTwice } from "./refusals.ts";
import type { CallSpend, StandingLedger, StandingReservation } from "./standing-budgets.ts";
import type { CallFacts, Spend } from "./types.ts";

/** The call that holds something. */
export interface Holder {
  /** In words, for messages. */
  readonly name: string;
  readonly budgets: BudgetLedger;
  readonly principal: Principal;
  readonly records: TenantRecords;
}

/**
 * What one call has taken on its way and must account for: its part of limits, money set aside, an
 * approval, an idempotency key. A call that was never sent gives all of it back; one that was sent uses it up.
 */
export class Holdings {
  readonly #call: Holder;
  /** Its part of the policy's limits. */
  session: CallSession | undefined = undefined;
  #reservation: BudgetReservation | undefined = undefined;
  #standing:
    | { readonly ledger: StandingLedger; readonly reserved: StandingReservation }
    | undefined = undefined;
  #approvalId: string | undefined = undefined;
  #key: string | undefined = undefined;
  /** Whether the key was unknown before this call, so that giving it back means forgetting it. */
  #fresh = false;

  constructor(call: Holder) {
    this.#call = call;
  }

  /** @throws BoundaryError `budget_exceeded` */
  reserve(budgets: readonly string[], estimate: Spend): void {
    const reserved = this.#call.budgets.reserve(budgets, estimate);
    if ("id" in reserved) {
      this.#reservation = reserved;
      return;
    }
    throw this.#exceeded(reserved, estimate, "Raise the limit, or let the run end here.");
  }

  /** @throws BoundaryError `budget_exceeded` */
  reserveStanding(ledger: StandingLedger, bound: CallSpend, runId: string | undefined): void {
    const reserved = ledger.reserve(this.#call.principal, bound, runId);
    if ("held" in reserved) {
      this.#standing = { ledger, reserved };
      return;
    }
    const hint = "Raise the limit in the settings, or wait for the next period.";
    throw this.#exceeded(reserved, bound, hint);
  }

  /** Sets more aside, for another attempt beside one that has to be paid for. Whether it fits. */
  extend(more: Spend): boolean {
    const held = this.#reservation;
    const standing = this.#standing;
    if (held !== undefined && this.#call.budgets.extend(held, more) !== undefined) return false;
    return standing === undefined || standing.ledger.extend(standing.reserved, more) === undefined;
  }

  #exceeded(
    { budget, limit, used, allowed, unpriced }: BudgetRefusal,
    asked: Partial<Record<BudgetRefusal["limit"], number>>,
    hint: string,
  ): BoundaryError {
    const { name } = this.#call;
    if (unpriced === true) {
      return new BoundaryError(
        "budget_exceeded",
        `${name} has no known price, and budget ${budget} limits money.`,
        {
          budgetLimit: limit,
          budget,
          hint: "Give the model a price under `prices` in the settings, or set `unpriced: allow`.",
        },
      );
    }
    const most = asked[limit];
    const more = most === undefined ? "" : `, and it may take ${Math.ceil(most)}`;
    const message = `${name} does not fit into budget ${budget}: ${limit} ${Math.round(used)} used of ${allowed}${more}.`;
    return new BoundaryError("budget_exceeded", message, { budgetLimit: limit, budget, hint });
  }

  /** @throws BoundaryError `approval_expired` for anything but an unused yes to this very call */
  useApproval(id: string, digest: string, at: number): void {
    const state = this.#call.records.approvals.consume(id, digest, at);
    if (state !== "approved") {
      const message = `The approval for ${this.#call.name} is ${state}.`;
      throw new BoundaryError("approval_expired", message, {
        approvalId: id,
        hint: "Ask again: an approval is good for one call, for a limited time.",
      });
    }
    this.#approvalId = id;
  }

  /** @throws BoundaryError `outcome_unknown` for a call that may run once and was begun before */
  claimKey(key: string, facts: CallFacts, runId: string | undefined, at: number): void {
    const known = this.#call.records.idempotency.reserve(key, runId, at);
    if (known === "fresh" || facts.repeat !== "once") {
      this.#key = key;
      this.#fresh = known === "fresh";
      return;
    }
    throw notTwice(this.#call.name, known);
  }

  /** The call was never sent: nothing that was taken for it is used up. */
  giveBack(): void {
    const { approvals, idempotency } = this.#call.records;
    this.session?.release();
    if (this.#reservation !== undefined) this.#call.budgets.release(this.#reservation);
    this.#standing?.ledger.release(this.#standing.reserved);
    this.#standing = undefined;
    if (this.#approvalId !== undefined) approvals.restore(this.#approvalId);
    if (this.#key !== undefined && this.#fresh) idempotency.release(this.#key);
    this.#reservation = undefined;
    this.#approvalId = undefined;
    this.#key = undefined;
  }

  /** The call is over, and this is what it used. */
  settle(spend: Spend, milliseconds: number): void {
    this.session?.use(spend);
    if (this.#reservation !== undefined) this.#call.budgets.settle(this.#reservation, spend);
    this.#reservation = undefined;
    this.#standing?.ledger.settle(this.#standing.reserved, { ...spend, milliseconds });
    this.#standing = undefined;
  }

  /** How the call ended is known; until then its key stays "started". */
  finishKey(clock: Clock): void {
    if (this.#key !== undefined) this.#call.records.idempotency.finish(this.#key, clock.now());
    this.#key = undefined;
  }
}
