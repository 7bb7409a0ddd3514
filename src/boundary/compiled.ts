import type { Clock } from "../base/clock.ts";
import type { IdSource } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { AttemptParts, CallHands } from "./attempt.ts";
import { type BreakerRegistry, ConnectorBreakers } from "./breaker-registry.ts";
import type { Deadlines } from "./deadlines.ts";
import { RememberedDecisions } from "./decisions.ts";
import type { ConnectorLimits, ConnectorLimitSettings } from "./limits.ts";
import type { BudgetLedger, TenantRecords } from "./ports.ts";
import type { RetryBudget } from "./retry.ts";
import type { SharedLimits } from "./shared-limits.ts";
import type { StandingLedger } from "./standing-budgets.ts";
import type { CallContext, CallFacts, ConnectorSpec, PolicyDecider } from "./types.ts";

/** What all connectors of a boundary share. */
export interface ChainParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly policy: () => PolicyDecider;
  readonly breakers: BreakerRegistry;
  /** What the specs of one connector share. */
  readonly limits: (id: string, settings: ConnectorLimitSettings) => SharedLimits;
  readonly deadlines: Deadlines;
  readonly budgets: BudgetLedger;
  /** Budgets over runs and processes, where there are any. */
  readonly standing?: StandingLedger | undefined;
  readonly approvalTtlMs: number;
  /** Asked at each call, so it should remember. */
  readonly records: (tenant: string) => TenantRecords;
  readonly hands: CallHands;
}

/** What one connector keeps between its calls. Made once, when the chain is compiled. */
export interface Compiled<I, O, C> {
  readonly spec: ConnectorSpec<I, O, C>;
  readonly parts: ChainParts;
  readonly run: (context: CallContext<I, C>) => Promise<O>;
  readonly attempts: AttemptParts;
  readonly totalMs: number;
  readonly maxAttempts: number;
  readonly breakers: ConnectorBreakers;
  /** Calls in flight and calls a second, shared by the tenants. */
  readonly shared: ConnectorLimits;
  readonly retryBudget: RetryBudget;
  readonly decisions: RememberedDecisions;
}

/** What is fixed for all calls of one connector, worked out once. */
export function compile<I, O, C>(
  spec: ConnectorSpec<I, O, C>,
  parts: ChainParts,
): Compiled<I, O, C> {
  const { clock, deadlines } = parts;
  const { limits, retryBudget } = parts.limits(spec.id, {
    maxConcurrent: spec.maxConcurrent ?? 64,
    maxConcurrentPerTenant: spec.maxConcurrentPerTenant,
    ratePerSecond: spec.ratePerSecond,
  });
  const attemptMs = spec.timeouts?.attemptMs ?? 30_000;
  return {
    spec,
    parts,
    run: (context) => spec.run(context),
    attempts: {
      hands: parts.hands,
      clock,
      deadlines,
      answer: deadlines.shared(attemptMs),
      first: deadlines.shared(spec.timeouts?.firstChunkMs ?? attemptMs),
      idle: deadlines.shared(spec.timeouts?.idleMs ?? attemptMs),
    },
    totalMs: spec.timeouts?.totalMs ?? 120_000,
    maxAttempts: spec.maxAttempts ?? 3,
    breakers: new ConnectorBreakers(parts.breakers, spec.id),
    shared: limits,
    retryBudget,
    decisions: new RememberedDecisions(),
  };
}

/** Which calls to one host share a breaker with this one. */
export function operationClassOf<I, O, C>(
  spec: ConnectorSpec<I, O, C>,
  facts: CallFacts,
  streams: boolean,
): string {
  if (spec.operationClass !== undefined) return spec.operationClass(facts);
  if (streams) return "stream";
  return facts.effect === "read" ? "read" : "write";
}
