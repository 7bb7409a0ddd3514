import { askPerson } from "./ask.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { Breaker } from "./breaker.ts";
import { Call } from "./call.ts";
import { callRecord } from "./call-record.ts";
import { CallSession, withoutSession } from "./call-session.ts";
import { operationClassOf } from "./compiled.ts";
import { cancelled, toBoundaryError, withLostWrite } from "./classify.ts";
import { isStaleConnection } from "./egress/stale.ts";
import type { BoundaryError } from "./errors.ts";
import { type Holder, Holdings } from "./holdings.ts";
import { CallLeave } from "./leave.ts";
import type { TenantShare } from "./limits.ts";
import { outcomeOf } from "./outcome.ts";
import type { ClosedCall } from "./ports.ts";
import {
  bulkheadFull,
  circuitOpen,
  notTwice,
  rateLimited,
  refusalOf,
  timeIsUp,
  unrecorded,
} from "./refusals.ts";
import { mayRetry, retryDelayMs } from "./retry.ts";
import { addSpend } from "./spend.ts";
import type { AttemptRecord, CallOutcome, CallRecord, Spend } from "./types.ts";

const noSpend: Spend = {};

/** How a promise that is being made can be settled; see {@link settlersOf}. */
let settle: ((value: never) => void) | undefined;
let fail: ((error: unknown) => void) | undefined;
/** One for all: `Promise.withResolvers`, or a function for each promise, costs a tenth of a call. */
const settlersOf = (resolve: (value: never) => void, reject: (error: unknown) => void): void => {
  settle = resolve;
  fail = reject;
};

/**
 * One governed call on its way through the chain. The order of the steps in `#proceed` is the
 * order of ARCHITECTURE.md and is pinned by a test: deny before anything costs, hold nothing
 * while a person is asked, give back what a call that was never sent had taken.
 *
 * It is one object that hears how its attempts end, and not a chain of functions that wait for
 * each other, because what is made for each call is most of what a call costs. For the same reason
 * ids, digests and the record are made when somebody asks for them.
 */
export class GovernedCall<I, O, C>
  extends Call<I, O, C>
  implements AttemptOwner<I, O, C>, ClosedCall, Holder
{
  /** Tells the one who waits. */
  #settle: ((value: never) => void) | undefined = undefined;
  /** For one who waits for the value; who waits for the outcome gets errors as values. */
  #fails: ((error: unknown) => void) | undefined = undefined;
  #breaker: Breaker | undefined = undefined;
  #permit = 0;
  /** Whether the breaker has been told of the first part of an answer. */
  #begun = false;
  /** In whose share it has a place among the calls in flight. */
  #place: TenantShare | undefined = undefined;
  #holdings: Holdings | undefined = undefined;
  #estimate: Spend = noSpend;
  /** What the attempts so far have used; a lost one counts with its upper bound. */
  #used: Spend = noSpend;
  /** What the attempt that goes on has to be paid for so far. */
  #usedNow: Spend = noSpend;
  /** Whether the other side can have seen any attempt. */
  #reached = false;
  /** The attempt that is going on, or was the last. */
  #attempt: Attempt<I, O, C> | undefined = undefined;
  /** Where it did not begin with the call. */
  #attemptBeganMs: number | undefined = undefined;
  #failedAttempts: AttemptRecord[] | undefined = undefined;
  /** Whether an attempt met a stale connection: one such is none of those that the connector has. */
  #spared = false;
  /** Whether the last attempt brought an answer that is good. */
  #answered = false;
  /** By the monotonic clock; negative until it has ended. */
  #endedMs = -1;
  #error: BoundaryError | undefined = undefined;
  #record: CallRecord | undefined = undefined;
  #leave: CallLeave | undefined = undefined;
  #approvalId: string | undefined = undefined;

  /** Makes the call. Rejects with a {@link BoundaryError}. */
  valueOrThrow(): Promise<O> {
    const promise = new Promise<O>(settlersOf);
    this.#settle = settle;
    this.#fails = fail;
    this.#proceed();
    return promise;
  }

  /** Makes the call. Never rejects. */
  outcome(): Promise<CallOutcome<O>> {
    const promise = new Promise<CallOutcome<O>>(settlersOf);
    this.#settle = settle;
    this.#proceed();
    return promise;
  }

  #proceed(): void {
    try {
      this.facts = this.compiled.spec.facts(this.input);
      this.#decide();
      const beginsMs = this.#admit();
      this.options.signal?.addEventListener("abort", this, { once: true });
      this.compiled.retryBudget.earn();
      this.#try(1, beginsMs);
    } catch (thrown) {
      this.#fail(this.#classify(thrown));
    }
  }

  #decide(): void {
    const { spec, decisions } = this.compiled;
    const options = this.options;
    const decision = decisions.decide(this.policy, this.facts, spec.id, options.principal);
    this.decision = decision;
    if (decision.session !== undefined || decision.awaitedBy !== undefined) {
      const { callId, at } = this.identity();
      const call = { callId, at, estimate: () => this.#bound() };
      const session = new CallSession(decision, this.records.limitUses, options, call);
      this.#held().session = session;
      this.decision = session.weigh(decision);
    }
    this.#obey();
  }

  /** Ends a call that the decision does not let through. */
  #obey(): void {
    if (this.decision.effect === "allow" && this.decision.dryRun === undefined) return;
    const refusal = refusalOf(this.name, this.decision);
    if (refusal !== undefined) throw refusal;
    const { approvals, idempotency } = this.records;
    if (this.facts.repeat === "once") {
      // Nobody is asked about what will not be done whatever the answer is.
      const known = idempotency.stateOf(this.idempotencyKey);
      if (known !== "fresh") throw notTwice(this.name, known);
    }
    const { approvalTtlMs } = this.compiled.parts;
    this.#approvalId = askPerson(approvals, this, this.identity(), approvalTtlMs);
  }

  /** A limit that is reached denies the call or asks about it after all. */
  #holdLimits(session: CallSession): void {
    const said = session.hold(this.decision);
    if (said === this.decision) return;
    this.decision = said;
    this.#obey();
    session.holdRefused();
  }

  /** Upper bound of what the call can use. */
  #bound(): Spend {
    if (this.#estimate === noSpend) {
      this.#estimate = this.compiled.spec.estimate?.(this.input) ?? noSpend;
    }
    return this.#estimate;
  }

  /** Every local limit, cheapest and least wasteful first. Returns when the first attempt begins. */
  #admit(): number {
    const { spec, parts, shared } = this.compiled;
    const { signal, principal, budgets, runId } = this.options;
    signal?.throwIfAborted();
    const breaker = this.#guard();
    if (breaker.waitMs(this.startedMs) > 0) {
      throw circuitOpen(this.name, breaker, this.startedMs);
    }
    const share = shared.of(principal.tenant, this.startedMs);
    const rateWaitMs = shared.admit(share, this.startedMs);
    if (rateWaitMs > 0) throw rateLimited(spec.id, rateWaitMs);
    if (!shared.enter(share)) throw bulkheadFull(spec.id);
    this.#place = share;
    const session = this.#holdings?.session;
    if (session !== undefined) this.#holdLimits(session);
    if (budgets !== undefined && budgets.length > 0) this.#held().reserve(budgets, this.#bound());
    if (parts.standing !== undefined) {
      const milliseconds = this.deadlineAt - this.startedMs;
      this.#held().reserveStanding(parts.standing, { ...this.#bound(), milliseconds }, runId);
    }
    if (this.#approvalId !== undefined) {
      const { approvalDigest, at } = this.identity();
      this.#held().useApproval(this.#approvalId, approvalDigest, at);
    }
    if (!this.#opens) return this.startedMs;
    // For anything but a read, what is about to happen is committed before it can happen.
    // The key comes last: between it and the sending nothing else is written, so that after a
    // crash a started key means that the call was as good as sent.
    const { idempotencyKey, at } = this.identity();
    this.records.audit.open(this.#recordAs("open"));
    this.#held().claimKey(idempotencyKey, this.facts, runId, at);
    // Committing may have taken a while.
    return parts.clock.monotonic();
  }

  /** Whether its record is opened before it is sent: anything but a read that may be repeated. */
  get #opens(): boolean {
    return this.facts.effect !== "read" || this.facts.repeat === "once";
  }

  /** The breaker of what the call goes to. */
  #guard(): Breaker {
    const { spec, breakers } = this.compiled;
    const { host, port } = this.facts;
    const operationClass = operationClassOf(spec, this.facts, this.streams);
    this.#breaker ??= breakers.of(host, port, operationClass);
    return this.#breaker;
  }

  #try(number: number, nowMs: number): void {
    const breaker = this.#guard();
    if (nowMs >= this.deadlineAt) throw timeIsUp(this.name);
    this.#permit = breaker.acquire(nowMs);
    if (this.#permit === 0) throw circuitOpen(this.name, breaker, nowMs);
    if (nowMs !== this.startedMs) this.#attemptBeganMs = nowMs;
    this.#attempt = new Attempt<I, O, C>(this, number);
    this.#attempt.start(this.compiled.run, nowMs);
  }

  /** The caller's signal has aborted. */
  handleEvent(): void {
    const { signal } = this.options;
    if (signal !== undefined) this.#attempt?.end(cancelled(signal));
  }

  answered(attempt: Attempt<I, O, C>, value: O): void {
    const { spec, parts } = this.compiled;
    this.#reached = true;
    try {
      // An answer is paid for whether it is any good or not.
      if (spec.measure !== undefined) this.#use(spec.measure(value, this.input));
      spec.check?.(value);
    } catch (thrown) {
      this.failed(attempt, thrown);
      return;
    }
    const nowMs = parts.clock.monotonic();
    if (!this.#begun) this.#breaker?.succeed(this.#permit, nowMs - this.#beganMs, nowMs);
    this.#answered = true;
    this.#close(undefined, value, nowMs);
  }

  failed(attempt: Attempt<I, O, C>, thrown: unknown): void {
    const { parts, maxAttempts, retryBudget } = this.compiled;
    const failure = this.#classify(thrown);
    const nowMs = parts.clock.monotonic();
    const isStale = isStaleConnection(thrown);
    if (failure.countsAgainstBreaker && !isStale) this.#breaker?.fail(this.#permit, nowMs);
    else if (!this.#begun) this.#breaker?.release(this.#permit);
    if (failure.phase !== "before_send") this.#reached = true;
    // An attempt whose answer was lost or cannot be read may have been billed: keep its upper bound.
    const isLost = failure.phase === "unknown" || failure.kind === "invalid_response";
    if (isLost && this.#usedNow === noSpend) this.#use(addSpend(noSpend, this.#estimate));
    this.#failedAttempts ??= [];
    this.#failedAttempts.push({
      startedAtMs: this.#beganMs - this.startedMs,
      durationMs: nowMs - this.#beganMs,
      outcome: failure.code,
    });
    const number = attempt.attempt;
    this.#spared ||= isStale;
    const most = maxAttempts + Number(this.#spared);
    const again = number < most && mayRetry(this.facts, failure, attempt.delivered);
    const delayMs = again && !isStale ? retryDelayMs(number, failure, parts.random) : 0;
    const isLate = nowMs + delayMs >= this.deadlineAt;
    if (!again || isLate || !retryBudget.take()) return this.#fail(failure);
    try {
      if (!this.#affordsMore()) return this.#fail(failure);
    } catch (thrown) {
      return this.#fail(unrecorded(this.name, thrown));
    }
    parts.clock
      .sleep(delayMs, this.options.signal)
      .then(() => this.#try(number + 1, parts.clock.monotonic()))
      .catch((error: unknown) => this.#fail(this.#classify(error)));
  }

  /** Whether another attempt can be paid for beside the one that has ended. */
  #affordsMore(): boolean {
    const spent = this.#usedNow;
    this.#usedNow = noSpend;
    return spent === noSpend || this.#holdings === undefined || this.#holdings.extend(spent);
  }

  #use(spend: Spend): void {
    this.#usedNow = spend;
    this.#used = this.#used === noSpend ? spend : addSpend(this.#used, spend);
  }

  #fail(error: BoundaryError): void {
    const nowMs = this.compiled.parts.clock.monotonic();
    let failure = error;
    try {
      if (!this.#reached) this.#holdings?.giveBack();
    } catch (thrown) {
      failure = unrecorded(this.name, thrown);
    }
    this.#close(failure, undefined, nowMs);
  }

  /** The end of every call. Nothing that goes wrong here may keep a place or go unsaid. */
  #close(error: BoundaryError | undefined, value: O | undefined, nowMs: number): void {
    const { parts, shared } = this.compiled;
    this.#endedMs = nowMs;
    this.#error = error;
    if (this.#place !== undefined) shared.leave(this.#place);
    this.#place = undefined;
    this.options.signal?.removeEventListener("abort", this);
    try {
      if (this.#holdings !== undefined) {
        this.#holdings.settle(this.#used, nowMs - this.startedMs);
        if (error === undefined) this.#succeed(value as O);
        if (error?.phase !== "unknown") this.#holdings.finishKey(parts.clock);
      }
      const { audit } = this.records;
      if (audit.closeSoon !== undefined && !this.#opens) audit.closeSoon(this);
      else audit.close(this.record());
    } catch (thrown) {
      this.#error = unrecorded(this.name, thrown);
      this.#record = undefined;
    }
    const failure = this.#error;
    if (this.#fails === undefined) this.#settle?.(outcomeOf(failure, value as O, this) as never);
    else if (failure === undefined) this.#settle?.(value as never);
    else this.#fails(failure);
  }

  /** Rules that wait for such a call hold no longer, if it did what it was for. */
  #succeed(value: O): void {
    const session = this.#holdings?.session;
    if (session === undefined) return;
    if (this.compiled.spec.succeeded?.(value) !== false) session.succeed();
  }

  #classify(thrown: unknown): BoundaryError {
    const error = toBoundaryError(thrown, {
      name: this.name,
      mapError: this.compiled.spec.mapError,
      signal: this.options.signal,
      reached: this.#reached,
    });
    return this.#attempt !== undefined ? withLostWrite(error, this.name, this.facts) : error;
  }

  /** When the last attempt began. */
  get #beganMs(): number {
    return this.#attemptBeganMs ?? this.startedMs;
  }

  /** A part of the answer has come: the other side is at work, and nothing is tried again. */
  deliver(chunk: C, nowMs: number): void {
    if (!this.#begun) {
      this.#permit = this.#guard().begun(this.#permit, nowMs - this.#beganMs, nowMs);
      this.#begun = true;
    }
    this.options.onChunk?.(chunk);
  }

  room(): Promise<void> | undefined {
    return this.options.room?.();
  }

  leaveToGo(): CallLeave {
    return (this.#leave ??= new CallLeave(this));
  }

  record(): CallRecord {
    return (this.#record ??= this.#recordAs(this.#error?.code ?? "ok"));
  }

  #held(): Holdings {
    this.#holdings ??= new Holdings(this);
    return this.#holdings;
  }

  #recordAs(outcome: string): CallRecord {
    const { spec, parts } = this.compiled;
    const endedMs = this.#endedMs < 0 ? parts.clock.monotonic() : this.#endedMs;
    return callRecord({
      identity: this.identity(),
      connector: spec.id,
      facts: this.facts,
      options: this.options,
      decision: withoutSession(this.#leave?.withShadow(this.decision) ?? this.decision),
      approvalId: this.#approvalId,
      failedAttempts: this.#failedAttempts ?? [],
      answeredAfterMs: this.#answered ? this.#beganMs - this.startedMs : undefined,
      connectedTo: this.#leave?.connectedTo ?? [],
      durationMs: endedMs - this.startedMs,
      spend: this.#reached ? this.#used : undefined,
      outcome,
      error: this.#error,
    });
  }
}
