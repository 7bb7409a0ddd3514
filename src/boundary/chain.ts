import type { Clock } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import type { IdSource } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { Attempt, type CallHands } from "./attempt.ts";
import type { BreakerRegistry } from "./breaker.ts";
import { CallSession, withoutSession } from "./call-session.ts";
import { callRecord } from "./call-record.ts";
import { cancelled, circuitOpen, timeIsUp, toBoundaryError, withLostWrite } from "./classify.ts";
import { BoundaryError } from "./errors.ts";
import { approvalDigestOf, idempotencyKeyOf, questionOf } from "./identity.ts";
import { Holdings } from "./holdings.ts";
import { CallLeave } from "./leave.ts";
import { type Bulkhead, createBulkhead, createRateLimit, type RateLimit } from "./limits.ts";
import type { BudgetLedger, TenantRecords } from "./ports.ts";
import { refusalOf, unapproved, unrecorded } from "./refusal.ts";
import { createRetryBudget, mayRetry, type RetryBudget, retryDelayMs } from "./retry.ts";
import { addSpend } from "./spend.ts";
import type {
  AttemptRecord,
  CallFacts,
  CallOptions,
  CallOutcome,
  CallRecord,
  Connector,
  ConnectorSpec,
  ConnectorTimeouts,
  Decision,
  PolicyDecider,
  Spend,
} from "./types.ts";

export interface ChainParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly policy: () => PolicyDecider;
  readonly breakers: BreakerRegistry;
  readonly budgets: BudgetLedger;
  readonly approvalTtlMs: number;
  /** Asked at each call, so it should remember. */
  readonly records: (tenant: string) => TenantRecords;
  readonly hands: CallHands;
}

/** What one connector keeps between its calls. Made once, when the chain is compiled. */
interface Compiled<I, O, C> {
  readonly spec: ConnectorSpec<I, O, C>;
  readonly parts: ChainParts;
  readonly timeouts: Required<ConnectorTimeouts>;
  readonly maxAttempts: number;
  readonly bulkhead: Bulkhead;
  readonly rateLimit: RateLimit | undefined;
  readonly retryBudget: RetryBudget;
}

const undecided: Decision = { effect: "deny", ruleId: "none", matched: [], policyVersion: "none" };
const noFacts: CallFacts = { operation: "unknown", effect: "unknown", repeat: "once" };

/**
 * One governed call on its way through the chain. The order of the steps in `proceed` is the
 * order of ARCHITECTURE.md and is pinned by a test: deny before anything costs, hold nothing
 * while a person is asked, give back what a call that was never sent had taken.
 */
class GovernedCall<I, O, C> {
  readonly #compiled: Compiled<I, O, C>;
  readonly #input: I;
  readonly #options: CallOptions<C>;
  readonly #at: number;
  readonly #startedMs: number;
  readonly #callId: string;
  readonly #records: TenantRecords;
  readonly #holdings: Holdings;
  /** One for the whole call, so that a swap cannot fall between two of its decisions. */
  readonly #policy: PolicyDecider;
  readonly #attempts: AttemptRecord[] = [];
  /** Made when the handler first wants to go out. */
  #leave: CallLeave | undefined;
  #facts: CallFacts = noFacts;
  #decision: Decision = undecided;
  #argsDigest: string | undefined;
  #key: string | undefined;
  #approvalId: string | undefined;
  #estimate: Spend | undefined;
  /** What the attempts so far have used; a lost one counts with its upper bound. */
  #used: Spend = {};
  #sent = false;
  /** Whether the other side can have seen any attempt. */
  #reached = false;

  constructor(compiled: Compiled<I, O, C>, input: I, options: CallOptions<C>) {
    const { clock, ids } = compiled.parts;
    this.#compiled = compiled;
    this.#records = compiled.parts.records(options.principal.tenant);
    this.#holdings = new Holdings(compiled.parts.budgets, this.#records, compiled.bulkhead);
    this.#input = input;
    this.#options = options;
    this.#policy = options.policy ?? compiled.parts.policy();
    this.#at = clock.now();
    this.#startedMs = clock.monotonic();
    this.#callId = ids();
  }

  async proceed(): Promise<CallOutcome<O>> {
    try {
      this.#facts = this.#compiled.spec.facts(this.#input);
      const { args } = this.#facts;
      if (args !== undefined) this.#argsDigest = digestOf(args);
      this.#decide();
      const value = await this.#send(this.#admit());
      return this.#close(undefined, value);
    } catch (thrown) {
      return this.#fail(this.#classify(thrown));
    }
  }

  #decide(): void {
    const { spec } = this.#compiled;
    const decision = this.#policy.decide(this.#facts, spec.id, this.#options.principal);
    this.#decision = decision;
    if (decision.session !== undefined || decision.awaitedBy !== undefined) {
      const { limitUses } = this.#records;
      const call = { callId: this.#callId, at: this.#at, estimate: () => this.#bound() };
      this.#holdings.session = new CallSession(decision, limitUses, this.#options, call);
      this.#decision = this.#holdings.session.weigh(decision);
    }
    this.#obey();
  }

  /** Ends a call that the decision does not let through. */
  #obey(): void {
    const { spec, parts } = this.#compiled;
    const { effect, ruleId, approvalTtlMs = parts.approvalTtlMs } = this.#decision;
    const refusal = refusalOf(this.#decision, this.#name());
    if (refusal !== undefined) throw refusal;
    if (effect === "allow") return;
    const { runId } = this.#options;
    const name = this.#name();
    const question = questionOf(name, this.#facts.args, ruleId);
    const asked = this.#records.approvals.request({
      digest: approvalDigestOf(spec.id, this.#facts, this.#options, this.#policy.version),
      ...(runId === undefined ? {} : { runId }),
      summary: question,
      ruleId,
      requestedAt: this.#at,
      expiresAt: this.#at + approvalTtlMs,
    });
    this.#approvalId = asked.id;
    if (asked.state === "approved") return;
    throw unapproved(this.#decision, asked.id, asked.state, name, question);
  }

  /** Every local limit, cheapest and least wasteful first. Returns the breaker that guards the target. */
  #admit() {
    const { spec, parts, rateLimit } = this.#compiled;
    this.#options.signal?.throwIfAborted();
    const { host = "-", port = "-", operation } = this.#facts;
    const breaker = parts.breakers.get(`${spec.id}|${host}:${port}|${operation}`);
    const waitMs = breaker.waitMs(this.#startedMs);
    if (waitMs > 0) throw circuitOpen(this.#name(), waitMs);
    const rateWaitMs = rateLimit?.admit(this.#startedMs) ?? 0;
    if (rateWaitMs > 0) {
      throw new BoundaryError("rate_limited", `${spec.id} is at its rate limit.`, {
        retryAfterMs: rateWaitMs,
      });
    }
    this.#holdings.enter(spec.id);
    this.#holdLimits();
    const { budgets, runId } = this.#options;
    if (budgets !== undefined && budgets.length > 0) {
      this.#holdings.reserve(budgets, this.#bound(), this.#name());
    }
    if (this.#approvalId !== undefined) {
      const { policyVersion } = this.#decision;
      const digest = approvalDigestOf(spec.id, this.#facts, this.#options, policyVersion);
      this.#holdings.useApproval(this.#approvalId, digest, this.#at, this.#name());
    }
    // For anything but a read, what is about to happen is committed before it can happen.
    // The key comes last: between it and the sending nothing else is written, so that after a
    // crash a started key means that the call was as good as sent.
    if (this.#facts.effect !== "read" || this.#facts.repeat === "once") {
      const key = this.#idempotencyKey();
      this.#records.audit.open(this.#record(undefined, "open"));
      this.#holdings.claimKey(key, this.#facts, runId, this.#at, this.#name());
    }
    return breaker;
  }

  /** A limit that is reached denies the call or asks about it after all. */
  #holdLimits(): void {
    const { session } = this.#holdings;
    if (session === undefined) return;
    const said = session.hold(this.#decision);
    if (said === this.#decision) return;
    this.#decision = said;
    this.#obey();
    session.holdRefused();
  }

  /** Upper bound of what the call can use. */
  #bound(): Spend {
    this.#estimate ??= this.#compiled.spec.estimate?.(this.#input) ?? {};
    return this.#estimate;
  }

  async #send(breaker: ReturnType<BreakerRegistry["get"]>): Promise<O> {
    const { spec, parts, timeouts, maxAttempts, retryBudget } = this.#compiled;
    const { clock } = parts;
    const { signal, onChunk } = this.#options;
    const totalMs = Math.min(timeouts.totalMs, this.#options.totalMs ?? timeouts.totalMs);
    const deadlineAt = this.#startedMs + totalMs;
    const firstMs = Math.min(timeouts.firstChunkMs, timeouts.attemptMs);
    retryBudget.earn();
    for (let number = 1; ; number += 1) {
      const beganMs = clock.monotonic();
      if (beganMs >= deadlineAt) throw timeIsUp(this.#name());
      const permit = breaker.acquire(beganMs);
      if (permit === 0) throw circuitOpen(this.#name(), breaker.waitMs(beganMs));
      const attempt = new Attempt<I, O, C>(
        this.#input,
        number,
        parts.hands,
        () => this.#leaveToGo(),
        () => this.#idempotencyKey(),
        onChunk,
        clock,
        deadlineAt,
      );
      const onCancel = signal === undefined ? undefined : () => attempt.end(cancelled(signal));
      if (onCancel !== undefined) signal?.addEventListener("abort", onCancel, { once: true });
      let failure: BoundaryError;
      try {
        this.#sent = true;
        const value = await attempt.run((context) => spec.run(context), firstMs, timeouts.idleMs);
        this.#reached = true;
        // An answer is paid for whether it is any good or not.
        this.#used = addSpend(this.#used, spec.measure?.(value, this.#input) ?? {});
        spec.check?.(value);
        const durationMs = clock.monotonic() - beganMs;
        breaker.succeed(permit, durationMs, clock.monotonic());
        this.#attempts.push({ startedAtMs: beganMs - this.#startedMs, durationMs, outcome: "ok" });
        return value;
      } catch (thrown) {
        failure = this.#classify(thrown);
        const nowMs = clock.monotonic();
        if (failure.countsAgainstBreaker) breaker.fail(permit, nowMs);
        else breaker.release(permit);
        if (failure.phase !== "before_send") this.#reached = true;
        // An attempt whose answer was lost may have been billed: keep its upper bound.
        if (failure.phase === "unknown") this.#used = addSpend(this.#used, this.#estimate ?? {});
        this.#attempts.push({
          startedAtMs: beganMs - this.#startedMs,
          durationMs: nowMs - beganMs,
          outcome: failure.code,
        });
      } finally {
        if (onCancel !== undefined) signal?.removeEventListener("abort", onCancel);
      }
      if (number >= maxAttempts || !mayRetry(this.#facts, failure, attempt.delivered))
        throw failure;
      const delayMs = retryDelayMs(number, failure, parts.random);
      if (clock.monotonic() + delayMs >= deadlineAt || !retryBudget.take()) throw failure;
      await clock.sleep(delayMs, signal);
    }
  }

  #fail(error: BoundaryError): CallOutcome<O> {
    if (this.#reached) return this.#close(error, undefined);
    try {
      this.#holdings.giveBack();
    } catch (thrown) {
      return this.#close(unrecorded(thrown, this.#name()), undefined);
    }
    return this.#close(error, undefined);
  }

  /** The end of every call. Nothing that goes wrong here may keep a place or go unsaid. */
  #close(error: BoundaryError | undefined, value: O | undefined): CallOutcome<O> {
    const { parts } = this.#compiled;
    let failure = error;
    let record = this.#record(failure);
    try {
      this.#holdings.settle(this.#used);
      if (failure === undefined && this.#compiled.spec.succeeded?.(value as O) !== false)
        this.#holdings.session?.succeed();
      if (failure?.phase !== "unknown") this.#holdings.finishKey(parts.clock.now());
      this.#records.audit.close(record);
    } catch (thrown) {
      failure = unrecorded(thrown, this.#name());
      record = this.#record(failure);
    }
    if (failure !== undefined) return { ok: false, error: failure, record };
    return { ok: true, value: value as O, record };
  }

  #classify(thrown: unknown): BoundaryError {
    const error = toBoundaryError(thrown, {
      name: this.#name(),
      mapError: this.#compiled.spec.mapError,
      signal: this.#options.signal,
      reached: this.#reached,
    });
    return this.#sent ? withLostWrite(error, this.#name(), this.#facts) : error;
  }

  #leaveToGo(): CallLeave {
    this.#leave ??= new CallLeave({
      policy: this.#policy,
      decision: this.#decision,
      facts: this.#facts,
      connector: this.#compiled.spec.id,
      principal: this.#options.principal,
      name: this.#name(),
    });
    return this.#leave;
  }

  #idempotencyKey(): string {
    this.#key ??= idempotencyKeyOf(
      this.#compiled.spec.id,
      this.#facts,
      this.#options,
      this.#logicalCallId(),
    );
    return this.#key;
  }

  #logicalCallId(): string {
    return this.#options.logicalCallId ?? this.#callId;
  }

  #name(): string {
    const { operation, tool } = this.#facts;
    return tool === undefined
      ? `${this.#compiled.spec.id} ${operation}`
      : `${this.#compiled.spec.id} ${operation} ${tool}`;
  }

  #record(error: BoundaryError | undefined, outcome = error?.code ?? "ok"): CallRecord {
    return callRecord({
      callId: this.#callId,
      logicalCallId: this.#logicalCallId(),
      at: this.#at,
      connector: this.#compiled.spec.id,
      facts: this.#facts,
      argsDigest: this.#argsDigest,
      options: this.#options,
      decision: withoutSession(this.#leave?.withShadow(this.#decision) ?? this.#decision),
      approvalId: this.#approvalId,
      idempotencyKey: this.#key,
      attempts: this.#attempts,
      connectedTo: this.#leave?.connectedTo ?? [],
      durationMs: this.#compiled.parts.clock.monotonic() - this.#startedMs,
      spend: this.#reached ? this.#used : undefined,
      outcome,
      error,
    });
  }
}

/** Puts a connector behind the chain. Done once for each connector, never for each call. */
export function compileConnector<I, O, C>(
  spec: ConnectorSpec<I, O, C>,
  parts: ChainParts,
): Connector<I, O, C> {
  const attemptMs = spec.timeouts?.attemptMs ?? 30_000;
  const compiled: Compiled<I, O, C> = {
    spec,
    parts,
    timeouts: {
      attemptMs,
      totalMs: spec.timeouts?.totalMs ?? 120_000,
      firstChunkMs: spec.timeouts?.firstChunkMs ?? attemptMs,
      idleMs: spec.timeouts?.idleMs ?? attemptMs,
    },
    maxAttempts: spec.maxAttempts ?? 3,
    bulkhead: createBulkhead(spec.maxConcurrent ?? 64),
    rateLimit: spec.ratePerSecond === undefined ? undefined : createRateLimit(spec.ratePerSecond),
    retryBudget: createRetryBudget(),
  };
  const tryCall = (input: I, options: CallOptions<C>): Promise<CallOutcome<O>> =>
    new GovernedCall(compiled, input, options).proceed();
  return {
    id: spec.id,
    tryCall,
    call: async (input, options) => {
      const outcome = await tryCall(input, options);
      if (outcome.ok) return outcome.value;
      throw outcome.error;
    },
    explain: (input, principal) => parts.policy().decide(spec.facts(input), spec.id, principal),
  };
}
