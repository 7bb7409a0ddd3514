import type { CallSession } from "./call-session.ts";
import { BoundaryError } from "./errors.ts";
import type { Bulkhead } from "./limits.ts";
import type { BudgetLedger, BudgetReservation, TenantRecords } from "./ports.ts";
import type { CallFacts, Spend } from "./types.ts";

/**
 * What one call has taken on its way: a place in the bulkhead, its part of limits, money set aside,
 * an approval, an idempotency key. A call that was never sent gives all of it back; one that was sent uses it up.
 */
export class Holdings {
  readonly #budgets: BudgetLedger;
  readonly #records: TenantRecords;
  readonly #bulkhead: Bulkhead;
  /** Its part of the policy's limits. */
  session: CallSession | undefined;
  #inside = false;
  #reservation: BudgetReservation | undefined;
  #approvalId: string | undefined;
  #key: string | undefined;
  /** Whether the key was unknown before this call, so that giving it back means forgetting it. */
  #fresh = false;

  constructor(budgets: BudgetLedger, records: TenantRecords, bulkhead: Bulkhead) {
    this.#budgets = budgets;
    this.#records = records;
    this.#bulkhead = bulkhead;
  }

  /** @throws BoundaryError `bulkhead_full` */
  enter(connector: string): void {
    if (!this.#bulkhead.enter()) {
      const message = `${connector} has as many calls in flight as it may.`;
      throw new BoundaryError("bulkhead_full", message, { retryAfterMs: 1_000 });
    }
    this.#inside = true;
  }

  /** @throws BoundaryError `budget_exceeded` */
  reserve(budgets: readonly string[], estimate: Spend, name: string): void {
    const reserved = this.#budgets.reserve(budgets, estimate);
    if ("id" in reserved) {
      this.#reservation = reserved;
      return;
    }
    const { budget, limit, used, allowed } = reserved;
    throw new BoundaryError(
      "budget_exceeded",
      `${name} does not fit into budget ${budget}: ${limit} ${Math.round(used)} used of ${allowed}.`,
      { budgetLimit: limit, hint: "Raise the limit, or let the run end here." },
    );
  }

  /** @throws BoundaryError `approval_expired` for anything but an unused yes to this very call */
  useApproval(id: string, digest: string, at: number, name: string): void {
    const state = this.#records.approvals.consume(id, digest, at);
    if (state !== "approved") {
      throw new BoundaryError("approval_expired", `The approval for ${name} is ${state}.`, {
        approvalId: id,
        hint: "Ask again: an approval is good for one call, for a limited time.",
      });
    }
    this.#approvalId = id;
  }

  /** @throws BoundaryError `outcome_unknown` for a call that may run once and was begun before */
  claimKey(
    key: string,
    facts: CallFacts,
    runId: string | undefined,
    at: number,
    name: string,
  ): void {
    const known = this.#records.idempotency.reserve(key, runId, at);
    if (known === "fresh" || facts.repeat !== "once") {
      this.#key = key;
      this.#fresh = known === "fresh";
      return;
    }
    throw new BoundaryError(
      "outcome_unknown",
      `${name} was ${known} before and may not run twice.`,
      {
        hint: "Find out what it did before you call it with other arguments.",
      },
    );
  }

  /** The call was never sent: nothing that was taken for it is used up. */
  giveBack(): void {
    const { approvals, idempotency } = this.#records;
    this.session?.release();
    if (this.#reservation !== undefined) this.#budgets.release(this.#reservation);
    if (this.#approvalId !== undefined) approvals.restore(this.#approvalId);
    if (this.#key !== undefined && this.#fresh) idempotency.release(this.#key);
    this.#reservation = undefined;
    this.#approvalId = undefined;
    this.#key = undefined;
  }

  /** The call is over. A place in the bulkhead ends with it, whether it was sent or not. */
  settle(spend: Spend): void {
    if (this.#inside) this.#bulkhead.leave();
    this.#inside = false;
    this.session?.use(spend);
    if (this.#reservation !== undefined) this.#budgets.settle(this.#reservation, spend);
    this.#reservation = undefined;
  }

  /** How the call ended is known; until then its key stays "started". */
  finishKey(at: number): void {
    if (this.#key !== undefined) this.#records.idempotency.finish(this.#key, at);
    this.#key = undefined;
  }
}
