import { Agent33Error, type ErrorData, isAgent33Error } from "../base/errors.ts";

/** Every way in which a governed call can fail. */
export const boundaryCodes = [
  "policy_denied",
  "dry_run",
  "approval_required",
  "approval_denied",
  "approval_expired",
  "budget_exceeded",
  "rate_limited",
  "bulkhead_full",
  "circuit_open",
  "timeout",
  "deadline_exceeded",
  "upstream_429",
  "upstream_4xx",
  "upstream_5xx",
  "transport",
  "tool_error",
  "invalid_response",
  "outcome_unknown",
  "egress_blocked",
  "cancelled",
  "internal",
] as const;
export type BoundaryCode = (typeof boundaryCodes)[number];

/** Where the call stood when it failed: whether the other side can have seen it. */
export type Phase = "before_send" | "sent" | "unknown";

interface CodeTraits {
  readonly retryable: boolean;
  readonly countsAgainstBreaker: boolean;
  readonly phase: Phase;
}

/** The error table of the design: what each code means for retries and breakers by default. */
const traits: Readonly<Record<BoundaryCode, CodeTraits>> = {
  policy_denied: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  dry_run: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  approval_required: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  approval_denied: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  approval_expired: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  budget_exceeded: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  rate_limited: { retryable: true, countsAgainstBreaker: false, phase: "before_send" },
  bulkhead_full: { retryable: true, countsAgainstBreaker: false, phase: "before_send" },
  circuit_open: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  timeout: { retryable: true, countsAgainstBreaker: true, phase: "unknown" },
  deadline_exceeded: { retryable: false, countsAgainstBreaker: true, phase: "unknown" },
  upstream_429: { retryable: true, countsAgainstBreaker: false, phase: "sent" },
  upstream_4xx: { retryable: false, countsAgainstBreaker: false, phase: "sent" },
  upstream_5xx: { retryable: true, countsAgainstBreaker: true, phase: "sent" },
  transport: { retryable: true, countsAgainstBreaker: true, phase: "unknown" },
  tool_error: { retryable: false, countsAgainstBreaker: false, phase: "sent" },
  invalid_response: { retryable: false, countsAgainstBreaker: true, phase: "sent" },
  outcome_unknown: { retryable: false, countsAgainstBreaker: true, phase: "unknown" },
  egress_blocked: { retryable: false, countsAgainstBreaker: false, phase: "before_send" },
  cancelled: { retryable: false, countsAgainstBreaker: false, phase: "unknown" },
  internal: { retryable: false, countsAgainstBreaker: false, phase: "unknown" },
};

export interface BoundaryErrorOptions {
  readonly hint?: string;
  readonly phase?: Phase;
  readonly retryable?: boolean;
  readonly countsAgainstBreaker?: boolean;
  /** How long the other side, or a limit of ours, asks to wait. Milliseconds. */
  readonly retryAfterMs?: number;
  /** The HTTP status, where there was one. */
  readonly status?: number;
  /** The policy rule that decided. */
  readonly ruleId?: string;
  readonly approvalId?: string;
  /** Which limit of a budget refused. */
  readonly budgetLimit?: string;
  /** The budget that it is a limit of. */
  readonly budget?: string;
  /** Whether words of the other side stand in the message. */
  readonly quotesOutside?: boolean;
  readonly cause?: unknown;
}

/** A governed call's failure. Its code is `boundary.` and one of {@link boundaryCodes}. */
export class BoundaryError extends Agent33Error {
  readonly kind: BoundaryCode;
  readonly phase: Phase;
  readonly countsAgainstBreaker: boolean;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  readonly ruleId: string | undefined;
  readonly approvalId: string | undefined;
  readonly budgetLimit: string | undefined;
  readonly budget: string | undefined;
  readonly quotesOutside: boolean;

  constructor(kind: BoundaryCode, message: string, options: BoundaryErrorOptions = {}) {
    const row = traits[kind];
    super(`boundary.${kind}`, message, {
      ...(options.hint === undefined ? {} : { hint: options.hint }),
      retryable: options.retryable ?? row.retryable,
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    });
    this.name = "BoundaryError";
    this.kind = kind;
    this.phase = options.phase ?? row.phase;
    this.countsAgainstBreaker = options.countsAgainstBreaker ?? row.countsAgainstBreaker;
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
    this.ruleId = options.ruleId;
    this.approvalId = options.approvalId;
    this.budgetLimit = options.budgetLimit;
    this.budget = options.budget;
    this.quotesOutside = options.quotesOutside ?? false;
  }

  override toJSON(): ErrorData {
    return {
      ...super.toJSON(),
      details: {
        phase: this.phase,
        ...(this.status === undefined ? {} : { status: this.status }),
        ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
        ...(this.ruleId === undefined ? {} : { ruleId: this.ruleId }),
        ...(this.approvalId === undefined ? {} : { approvalId: this.approvalId }),
        ...(this.budgetLimit === undefined ? {} : { budgetLimit: this.budgetLimit }),
        ...(this.budget === undefined ? {} : { budget: this.budget }),
      },
    };
  }
}

/**
 * Whether a call failed by what this process keeps of it (the store is locked or full), not by what
 * it called. Whoever called may try again later: the ledger of keys knows what was sent.
 */
export function isOwnTrouble(error: BoundaryError): boolean {
  const { kind, cause } = error;
  return kind === "internal" && isAgent33Error(cause) && cause.code.startsWith("store.");
}

export function isBoundaryError(value: unknown): value is BoundaryError {
  return value instanceof BoundaryError;
}
