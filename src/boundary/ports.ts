import type { JsonObject } from "../base/json.ts";
import type { AuditRow, Link, LinkFacts } from "./audit/link.ts";
import type { Place, SignedPlace } from "./audit/signing.ts";
import type { CallRecord, Spend } from "./types.ts";

/** A call that is over, before anything has been written of it. */
export interface ClosedCall {
  /**
   * What is kept of the call. Ids, digests and the record itself are made when this is first
   * asked.
   */
  record(): CallRecord;
}

/** Where call records go. What is given as a record is committed when the function returns. */
export interface AuditSink {
  /** For anything but a read, before it is sent. */
  open(record: CallRecord): void;
  /** Always, denials included. */
  close(record: CallRecord): void;
  /**
   * In place of `close` for reads, by a sink that writes in batches: it asks for the record when it
   * writes, within a second or so, and the call itself costs no digest.
   */
  closeSoon?(call: ClosedCall): void;
}

export interface BudgetRefusal {
  readonly budget: string;
  readonly limit: "costMicroUsd" | "tokens" | "calls" | "milliseconds";
  readonly allowed: number;
  readonly used: number;
  /** The call costs money that nobody can name, and the budget counts money. */
  readonly unpriced?: true;
}

/** What could still be reserved; what is absent is unlimited. */
export interface BudgetLeft {
  readonly costMicroUsd?: number;
  readonly tokens?: number;
  readonly calls?: number;
  readonly milliseconds?: number;
}

/** Opaque to the chain: what was set aside for one call. */
export interface BudgetReservation {
  readonly id: number;
}

/** Hard limits, reserved before a call and settled after it. */
export interface BudgetLedger {
  /** Sets the upper bound aside in every named budget, or in none and says which refused. */
  reserve(budgets: readonly string[], estimate: Spend): BudgetReservation | BudgetRefusal;
  /**
   * Sets more aside for the same call, in all its budgets or in none: another attempt, beside one
   * that has to be paid for.
   */
  extend(reservation: BudgetReservation, more: Spend): BudgetRefusal | undefined;
  /** Replaces the reservation by what was really used. */
  settle(reservation: BudgetReservation, actual: Spend): void;
  /** Gives the reservation back: the call was never sent. */
  release(reservation: BudgetReservation): void;
  /** For explanations, by a ledger that can tell; undefined for a budget that nobody opened. */
  left?(budget: string): BudgetLeft | undefined;
}

/** Whether a logical call has been started before, possibly by a process that died. */
export type IdempotencyState = "fresh" | "started" | "finished";

export interface IdempotencyLedger {
  /** What is known of the key. Changes nothing. */
  stateOf(key: string): IdempotencyState;
  /** Commits the key as started, unless it is known; returns what was known before. */
  reserve(key: string, runId: string | undefined, at: number): IdempotencyState;
  finish(key: string, at: number): void;
  /** Forgets the key: the call was never sent. */
  release(key: string): void;
}

export interface ApprovalRequest {
  /** Digest of principal, connector, operation, tool, target, arguments, policy and definition. */
  readonly digest: string;
  readonly runId?: string;
  readonly summary: string;
  /** The call as facts that a rule can be made of. */
  readonly facts?: JsonObject;
  readonly ruleId: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
}

export type ApprovalState = "pending" | "approved" | "denied" | "consumed" | "expired";

/** Questions to a person about one exact call. */
export interface ApprovalStore {
  /** The open question for this digest, made if there is none; repeated asks do not pile up. */
  request(request: ApprovalRequest): { readonly id: string; readonly state: ApprovalState };
  /** Uses an approved question up, once. Returns the state it found. */
  consume(id: string, digest: string, at: number): ApprovalState | "unknown";
  /** Gives a consumed approval back: the call was never sent. */
  restore(id: string): void;
  /** For explanations: all questions as they are now, oldest first. Nothing changes by it. */
  list(): readonly {
    readonly id: string;
    readonly digest: string;
    readonly state: ApprovalState;
  }[];
}

/** What a breaker is by itself, as it outlives a process. */
export interface BreakerStanding {
  readonly key: string;
  readonly state: "closed" | "open" | "half_open";
  /** Until when it lets nothing through. Milliseconds since the Unix epoch; null unless open. */
  readonly openUntil: number | null;
  /** How often it opened in a row, which sets how long it stays open. */
  readonly openings: number;
  /** How often it opened in all. */
  readonly timesOpened: number;
}

/** What a person has decided about a breaker, whatever its own state is. */
export interface BreakerForce {
  readonly state: "open" | "closed";
  /** When it ends by itself, milliseconds since the Unix epoch; null is when somebody takes it back. */
  readonly until: number | null;
  readonly by: string;
  readonly reason: string;
}

export interface StoredBreaker extends BreakerStanding {
  /** Null where nobody forces it, or not any more. */
  readonly forced: BreakerForce | null;
  /** When anything of it was written last. Milliseconds since the Unix epoch. */
  readonly updatedAt: number;
}

/** Breakers over restarts, and what people force, which every process that shares the store obeys. */
export interface BreakerStore {
  /** @param filter only those that were written then or later */
  list(filter?: { readonly changedSince?: number }): readonly StoredBreaker[];
  /** Keeps what a breaker is by itself; what a person forced stays. */
  save(standing: BreakerStanding): void;
  /** Replaces what was forced before. */
  force(key: string, force: BreakerForce): void;
  /** Says whether anything was forced. */
  unforce(key: string): boolean;
}

/** One call's use of one limit of the policy. */
export interface LimitUse {
  readonly ruleId: string;
  /** What the limit is counted for: a run, a person, an agent, the tenant. */
  readonly scope: string;
  readonly callId: string;
}

/** At most so many calls, or such a sum of their amounts, since a time. */
export interface LimitCheck {
  readonly quantity: "calls" | "amount";
  readonly most: number;
  /** Calls that began before do not count. Milliseconds since the Unix epoch. */
  readonly since: number;
}

/** What calls used of a limit, those in flight included, and how many of them these are. */
export interface LimitUsage {
  readonly calls: number;
  readonly amount: number;
  readonly held: number;
}

/** What calls use of the limits of the policy; calls in flight count. */
export interface LimitUses {
  /**
   * Takes a call's part if it fits, in one step. A call that has its part already keeps it, so that
   * one that is taken up again after a crash is counted once.
   */
  hold(
    use: LimitUse & { readonly at: number; readonly amount?: number },
    limit: LimitCheck,
  ): { readonly granted: boolean };
  /** The call was sent. @param amount what it was in the end, where that is known better */
  use(use: LimitUse, amount?: number): void;
  /** The call was never sent: its part is free again. */
  release(use: LimitUse): void;
  usage(ruleId: string, scope: string, since: number): LimitUsage;
}

/** What is kept of one tenant's calls. No other tenant's rows can be reached through it. */
export interface TenantRecords {
  readonly audit: AuditSink;
  readonly approvals: ApprovalStore;
  readonly idempotency: IdempotencyLedger;
  readonly limitUses: LimitUses;
}

/** How the chain's digests, hashes and signatures are made. */
export interface ChainMaker {
  recordDigest(row: AuditRow): string;
  /** @param previous the hash of the link before; undefined for the first */
  hash(previous: string | undefined, facts: LinkFacts): string;
  /** Undefined where there is nothing to sign with. */
  sign(place: Place): SignedPlace | undefined;
}

/** Where a chain ends. */
export interface ChainEnd {
  readonly position: number;
  readonly hash: string;
  /** The position of the newest checkpoint; 0 where there is none. */
  readonly checkpoint: number;
}

/** A link with the record that it is about. */
export interface ChainEntry {
  readonly link: Link;
  /** Whether a later link is about the same call, so that this one's record is gone by design. */
  readonly superseded: boolean;
  /** The call's record as it is now; undefined where there is none. */
  readonly row: AuditRow | undefined;
  /** Whether the record is marked as one that is still to be linked. */
  readonly unchained: boolean;
}

/** Which part of a list to read: at most so many, after a position (of records, a `seq`). */
export interface ChainPage {
  readonly after?: number;
  readonly limit?: number;
}

/** The chain over one tenant's audit, for several processes at once. */
export interface AuditChain {
  /** Links the next records in one transaction; how many there were, at most the limit. */
  append(
    maker: ChainMaker,
    request: {
      readonly limit: number;
      readonly checkpointEvery: number;
      readonly checkpointNow?: boolean;
    },
  ): Promise<{ readonly taken: number; readonly end: ChainEnd | undefined }>;
  /**
   * Calls `publish` with the end while no other process can do the same.
   * @param known a place that was published before, for which the hash that is there now is given
   */
  publish(
    known: () => number,
    publish: (end: ChainEnd | undefined, hashThere: string | undefined) => void,
  ): Promise<unknown>;
  entries(page: ChainPage): Promise<readonly ChainEntry[]>;
  /** Records that no link is about. */
  unlinked(
    page: ChainPage,
  ): Promise<readonly { readonly row: AuditRow; readonly unchained: boolean }[]>;
  checkpoints(page: ChainPage): Promise<readonly SignedPlace[]>;
}
