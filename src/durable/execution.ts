import type { Clock } from "../base/clock.ts";
import type { JsonValue } from "../base/json.ts";
import { createContext, type RunContext } from "./context.ts";
import type { Opening, Settled, Workflow } from "./contract.ts";
import { createDeliveryQueue, type DeliveryQueue, type Past } from "./delivery.ts";
import { nondeterministic, stopped } from "./errors.ts";
import { failureData } from "./failure.ts";
import { type Ending, Hold } from "./hold.ts";
import type { SqlSession, TransactionRunner } from "./ports.ts";
import {
  finishRun,
  isCancelRequested,
  type Lease,
  longestPauseMs,
  placeCancellation,
  releaseRun,
  renewLease,
  type RunRow,
  suspendRun,
} from "./run-rows.ts";
import type { StepRow } from "./step-rows.ts";
import { createWaits, type WaitEnd } from "./waits.ts";

/** What every execution of one engine shares. */
export interface ExecutionSettings {
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** How long a cancelled workflow may take to come to its own end. Milliseconds. */
  readonly cancelGraceMs: number;
  /** How long bodies may take to notice that their signal aborted. Milliseconds. */
  readonly closeGraceMs: number;
  readonly log: (message: string, error: unknown) => void;
}

/** A run that this process has claimed, with its journal. */
export interface Claim {
  readonly lease: Lease;
  readonly run: RunRow;
  readonly steps: readonly StepRow[];
  /** Who held it last and never let go of it. */
  readonly previousOwner: string | null;
}

/** How often the lease, the cancel flag and messages are looked at, at most. Milliseconds. */
const tickMs = 250;
const firstBackoffMs = 1000;

/** One run being driven by this process, from claim to letting go. */
export class Execution {
  /** Resolves when the run is let go of; rejects when the engine could not go on. */
  readonly done: Promise<void>;
  readonly #settings: ExecutionSettings;
  readonly #workflow: Workflow<JsonValue, JsonValue>;
  readonly #claim: Claim;
  readonly #hold: Hold;
  readonly #queue: DeliveryQueue;
  readonly #context: RunContext;
  readonly #waits = createWaits();
  readonly #bodies = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  /** For what is being opened, which is no part of the workflow and its replays. */
  readonly #stopOpening = new AbortController();
  readonly #ended = Promise.withResolvers<Ending>();
  #ticker: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #renewAt: number;
  #cancelSeen: boolean;
  #cancelled = false;
  #begun = false;

  constructor(settings: ExecutionSettings, workflow: Workflow<JsonValue, JsonValue>, claim: Claim) {
    const { run, lease, steps } = claim;
    this.#settings = settings;
    this.#workflow = workflow;
    this.#claim = claim;
    const past = pastOf(steps, run.cancelOrder);
    this.#hold = new Hold({
      lease,
      transactions: settings.transactions,
      lastOrder: past.at(-1)?.order ?? 0,
      onEnd: (ending) => this.#onEnd(ending),
      log: settings.log,
    });
    this.#queue = createDeliveryQueue({
      past: past.map(({ event }) => event),
      onCancel: () => this.#deliverCancel(),
      onIdle: () => this.#onIdle(),
    });
    this.#context = createContext({
      hold: this.#hold,
      clock: settings.clock,
      signal: this.#abort.signal,
      journal: new Map(steps.map((step) => [step.position, step])),
      queue: this.#queue,
      waits: this.#waits,
      bodies: this.#bodies,
    });
    this.#cancelSeen = run.cancelOrder !== null;
    this.#renewAt = this.#nextRenewal();
    this.done = this.#live();
  }

  /** Looks at the lease, the cancel flag and the mailbox now instead of at the next tick. */
  nudge(): void {
    this.#tick();
  }

  /** Lets go, so that the run can go on elsewhere. Resolves when nothing of it is in flight. */
  async close(): Promise<void> {
    this.#hold.end({ kind: "closing" });
    await this.done;
  }

  async #live(): Promise<void> {
    this.#ticker = setInterval(() => this.#tick(), Math.min(tickMs, this.#settings.leaseMs / 3));
    // The lease is for those who wait, not a reason to live.
    this.#ticker.unref();
    const close = await this.#open();
    if (this.#hold.live) {
      this.#begun = true;
      void this.#drive();
      // It learns of a cancellation in its first wait, as in each replay, however early that came.
      if (this.#stopOpening.signal.aborted) this.#queue.push(() => this.#deliverCancel());
      if (this.#claim.run.cancelRequested && !this.#cancelSeen) this.#tick();
    }
    const ending = await this.#ended.promise;
    const quiet = await this.#quiet();
    await this.#closeOpened(close);
    await this.#letGo(ending, quiet);
    if (ending.kind === "fault") throw ending.error;
  }

  /** Opens what the run works with; where that does not come about, the run is let go of. */
  async #open(): Promise<(() => Promise<void>) | undefined> {
    const { runId } = this.#claim.run;
    if (this.#workflow.open === undefined) return undefined;
    let opening: Opening;
    try {
      opening = await this.#workflow.open({
        runId,
        previousOwner: this.#claim.previousOwner,
        signal: this.#stopOpening.signal,
        write: (work) => this.#hold.writeOrThrow(work),
        writeLater: (work) => this.#hold.writeLater(work),
      });
    } catch (error) {
      if (!this.#hold.live) return undefined;
      if (this.#cancelSeen) {
        this.#cancelled = true;
        await this.#finish({});
      } else this.#hold.end({ kind: "fault", error });
      return undefined;
    }
    if (opening.kind === "open") return () => opening.close();
    await this.#hold.writePatiently(
      (sql) => {
        const now = this.#settings.clock.now();
        if (opening.kind === "over") {
          opening.commit();
          finishRun(sql, runId, "completed", { result: opening.result, error: null }, now);
          this.#settled("completed");
        } else if (opening.commit()) {
          suspendRun(sql, runId, Math.ceil(now + opening.timeoutMs), now);
          this.#settled("waiting");
        } else releaseRun(sql, runId, now, null, now);
      },
      () => this.#hold.end({ kind: "settled" }),
    );
    return undefined;
  }

  async #closeOpened(close: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await close?.();
    } catch (error) {
      const { runId } = this.#claim.run;
      this.#settings.log(`what run ${runId} worked with could not be closed`, error);
    }
  }

  #settled(state: Settled["state"], error: JsonValue = null): void {
    this.#workflow.settled?.({ runId: this.#claim.run.runId, state, error });
  }

  async #drive(): Promise<void> {
    let end: { readonly result: JsonValue } | { readonly error: JsonValue };
    try {
      end = { result: await this.#workflow.run(this.#context.workflow, this.#claim.run.input) };
    } catch (error) {
      end = { error: failureData(error) };
    }
    if (!this.#hold.live) return;
    const taken = this.#context.stepsTaken();
    if ((this.#claim.steps.at(-1)?.position ?? -1) >= taken) {
      const error = nondeterministic(
        this.#claim.run.runId,
        taken,
        "it ended before the recorded step",
      );
      this.#hold.end({ kind: "fault", error });
      return;
    }
    await this.#finish(end);
  }

  async #finish(end: { readonly result?: JsonValue; readonly error?: JsonValue }): Promise<void> {
    const regular = end.error === undefined ? "completed" : "failed";
    const state = this.#cancelled ? "cancelled" : regular;
    const { result = null, error = null } = end;
    await this.#hold.writePatiently(
      (sql) => {
        const now = this.#settings.clock.now();
        finishRun(sql, this.#claim.run.runId, state, { result, error }, now);
        this.#settled(state, error);
      },
      () => this.#hold.end({ kind: "settled" }),
    );
  }

  #tick(): void {
    if (!this.#hold.live) return;
    const now = this.#settings.clock.now();
    const { runId } = this.#claim.run;
    // One that was asked for before is the workflow's to end, as if it had come in its first step.
    const looks = this.#begun || !this.#claim.run.cancelRequested;
    const isCancelled = (sql: SqlSession): boolean =>
      looks && !this.#cancelSeen && isCancelRequested(sql, runId);
    // Most looks find nothing, and a read keeps nobody from writing.
    const renews = this.#settings.clock.monotonic() >= this.#renewAt;
    if (!renews && !this.#hold.mustWrite(isCancelled)) {
      if (this.#begun) this.#queue.kick();
      return;
    }
    const seen = this.#hold.writeOr(this.#later, (sql) => {
      if (renews) renewLease(sql, runId, now + this.#settings.leaseMs);
      const cancel = isCancelled(sql);
      if (cancel) placeCancellation(sql, runId, this.#hold.nextOrder());
      return { cancel };
    });
    if (seen === undefined) return;
    if (renews) this.#renewAt = this.#nextRenewal();
    if (seen.value.cancel) {
      this.#cancelSeen = true;
      this.#stopOpening.abort(stopped(runId, "cancelled"));
      if (this.#begun) this.#queue.push(() => this.#deliverCancel());
    }
    if (this.#begun) this.#queue.kick();
  }

  /** Looks again in a while, besides the regular looks. */
  readonly #later = (pauseMs: number): void => {
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      this.#tick();
    }, pauseMs);
  };

  /** By steady time: a wall clock that is set back must not keep a lease from being renewed. */
  #nextRenewal(): number {
    return this.#settings.clock.monotonic() + this.#settings.leaseMs / 3;
  }

  #deliverCancel(): void {
    const { runId } = this.#claim.run;
    this.#cancelSeen = true;
    this.#cancelled = true;
    this.#grace = setTimeout(() => {
      if (this.#hold.live) void this.#finish({});
    }, this.#settings.cancelGraceMs);
    this.#abort.abort(stopped(runId, "cancelled"));
  }

  /** The workflow has done what it can: end the waits that are over, or let go until one is. */
  #onIdle(): void {
    if (!this.#hold.live || this.#waits.size === 0) return;
    const { runId } = this.#claim.run;
    const quiet = this.#bodies.size === 0;
    const now = this.#settings.clock.now();
    // While a body is in flight the run is not let go of: there is something to do only for a wait
    // that is over, and looking for one keeps nobody from writing.
    if (!quiet && !this.#hold.mustWrite((sql) => this.#waits.isAnyOver(sql, runId, now))) return;
    const settled = this.#hold.writeOr(this.#later, (sql) => {
      const ends = this.#waits.settle(sql, runId, () => this.#hold.nextOrder(), now);
      const suspend =
        ends.length === 0 && quiet && !this.#cancelled && !isCancelRequested(sql, runId);
      if (suspend) {
        suspendRun(sql, runId, this.#waits.wakeAt(), now);
        this.#settled("waiting");
      }
      return { ends, suspend };
    });
    if (settled === undefined) return;
    this.#handOut(settled.value.ends);
    if (settled.value.suspend) this.#hold.end({ kind: "settled" });
    // A cancelled run does not wait: its grace is for finishing.
    else if (settled.value.ends.length === 0 && quiet && this.#cancelled) void this.#finish({});
  }

  #handOut(ends: readonly WaitEnd[]): void {
    for (const { wait, mail } of ends) {
      this.#waits.remove(wait.position);
      this.#queue.push(() => wait.deliver(mail));
    }
  }

  #onEnd(ending: Ending): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#again);
    clearTimeout(this.#grace);
    this.#queue.stop();
    const why = ending.kind === "lost" ? "lease_lost" : "released";
    const reason = stopped(this.#claim.run.runId, why);
    this.#stopOpening.abort(reason);
    // A suspended workflow must not notice anything; it has no body in flight.
    if (ending.kind !== "settled" || this.#bodies.size > 0) this.#abort.abort(reason);
    this.#ended.resolve(ending);
  }

  async #letGo(ending: Ending, quiet: boolean): Promise<void> {
    if (ending.kind === "settled" || ending.kind === "lost") return;
    // While a body still runs the run must not start elsewhere: the lease keeps it until it ends.
    if (!quiet) return;
    const { runId, attempts } = this.#claim.run;
    const now = this.#settings.clock.now();
    const failed = ending.kind === "fault";
    const backoffMs = failed ? Math.min(firstBackoffMs * 2 ** attempts, longestPauseMs) : 0;
    const error = failed ? failureData(ending.error) : null;
    await this.#hold.writePatiently(
      (sql) => {
        if (isCancelRequested(sql, runId)) {
          finishRun(sql, runId, "cancelled", { result: null, error: null }, now);
          this.#settled("cancelled");
        } else releaseRun(sql, runId, now + backoffMs, error, now);
      },
      undefined,
      // Else the lease ends by itself.
      this.#settings.closeGraceMs,
    );
  }

  /** Whether all bodies came to an end within the grace. */
  async #quiet(): Promise<boolean> {
    if (this.#bodies.size === 0) return true;
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), this.#settings.closeGraceMs);
    const all = Promise.all(this.#bodies).then(() => true);
    const quiet = await Promise.race([all, late.promise]);
    clearTimeout(timer);
    return quiet;
  }
}

/** The recorded ends in the order in which the workflow learned of them. */
function pastOf(
  steps: readonly StepRow[],
  cancelOrder: number | null,
): readonly { readonly order: number; readonly event: Past }[] {
  const past = steps.flatMap(({ position, finishOrder }) =>
    finishOrder === null ? [] : [{ order: finishOrder, event: { kind: "step", position } as Past }],
  );
  if (cancelOrder !== null) past.push({ order: cancelOrder, event: { kind: "cancel" } });
  return past.sort((one, other) => one.order - other.order);
}
