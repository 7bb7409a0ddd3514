import { systemClock, type Clock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { seededRandom, systemRandom } from "../../src/base/random.ts";
import {
  type Boundary,
  createBoundary,
  type BoundaryOptions,
} from "../../src/boundary/boundary.ts";
import { createBudgetLedger, type MemoryBudgetLedger } from "../../src/boundary/budget.ts";
import { createLimitUses } from "../../src/boundary/limit-uses.ts";
import type {
  ApprovalState,
  ApprovalStore,
  AuditSink,
  IdempotencyLedger,
  IdempotencyState,
  TenantRecords,
} from "../../src/boundary/ports.ts";
import type { EgressLeave } from "../../src/boundary/hands.ts";
import type {
  CallRecord,
  Decision,
  DecisionEffect,
  PolicyDecider,
} from "../../src/boundary/types.ts";

/** A policy that says one thing about everything. */
export function fixedPolicy(effect: DecisionEffect): PolicyDecider {
  const decision: Decision = {
    effect,
    ruleId: `test/${effect}`,
    matched: [`test/${effect}`],
    policyVersion: "v1",
  };
  return { version: "v1", decide: () => decision };
}

export interface AuditLog extends AuditSink {
  readonly opened: CallRecord[];
  readonly closed: CallRecord[];
}

export function memoryAudit(): AuditLog {
  const opened: CallRecord[] = [];
  const closed: CallRecord[] = [];
  return {
    opened,
    closed,
    open: (record) => opened.push(record),
    close: (record) => closed.push(record),
  };
}

export function memoryIdempotency(): IdempotencyLedger & {
  readonly keys: Map<string, IdempotencyState>;
} {
  const keys = new Map<string, IdempotencyState>();
  return {
    keys,
    stateOf: (key) => keys.get(key) ?? "fresh",
    reserve: (key) => {
      const known = keys.get(key) ?? "fresh";
      if (known === "fresh") keys.set(key, "started");
      return known;
    },
    finish: (key) => keys.set(key, "finished"),
    release: (key) => keys.delete(key),
  };
}

export interface MemoryApprovals extends ApprovalStore {
  decide(id: string, state: "approved" | "denied"): void;
  stateOf(id: string): ApprovalState | undefined;
}

export function memoryApprovals(): MemoryApprovals {
  const rows = new Map<string, { digest: string; state: ApprovalState }>();
  return {
    request: ({ digest }) => {
      for (const [id, row] of rows) {
        if (row.digest === digest && row.state !== "consumed") return { id, state: row.state };
      }
      const id = `approval-${rows.size + 1}`;
      rows.set(id, { digest, state: "pending" });
      return { id, state: "pending" };
    },
    consume: (id, digest) => {
      const row = rows.get(id);
      if (row === undefined || row.digest !== digest) return "unknown";
      const found = row.state;
      if (found === "approved") row.state = "consumed";
      return found;
    },
    restore: (id) => {
      const row = rows.get(id);
      if (row !== undefined) row.state = "approved";
    },
    list: () => [...rows].map(([id, row]) => ({ id, ...row })),
    decide: (id, state) => {
      const row = rows.get(id);
      if (row !== undefined) row.state = state;
    },
    stateOf: (id) => rows.get(id)?.state,
  };
}

export interface TestBoundary {
  readonly boundary: Boundary;
  readonly audit: AuditLog;
  readonly approvals: MemoryApprovals;
  readonly budgets: MemoryBudgetLedger;
  readonly idempotency: ReturnType<typeof memoryIdempotency>;
}

/** A boundary whose every port is in memory. */
export function testBoundary(
  given: Partial<BoundaryOptions> & {
    readonly clock?: Clock;
    /** Stand for the ones in memory. */
    readonly parts?: Partial<TenantRecords>;
  } = {},
): TestBoundary {
  const { parts: records = {}, ...options } = given;
  const clock = options.clock ?? systemClock;
  const audit = memoryAudit();
  const approvals = memoryApprovals();
  const budgets = createBudgetLedger(clock);
  const idempotency = memoryIdempotency();
  const limitUses = createLimitUses();
  const boundary = createBoundary({
    clock,
    random: seededRandom(7),
    ids: uuidv7Source(clock, systemRandom),
    policy: fixedPolicy("allow"),
    budgets,
    records: () => ({ approvals, idempotency, audit, limitUses, ...records }),
    hands: {
      fetch: () => Promise.reject(new Error("no network in this test")),
      spawn: () => Promise.reject(new Error("no processes in this test")),
    },
    ...options,
  });
  return { boundary, audit, approvals, budgets, idempotency };
}

export const testPrincipal = { tenant: "acme", user: "ada" } as const;

/** A leave that lets a request go anywhere, for tests that have no call around it. */
export const anywhere: EgressLeave = { check: () => {}, sending: () => {} };
