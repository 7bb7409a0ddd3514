import type { Repeat } from "../base/effect.ts";
import type { JsonValue } from "../base/json.ts";

/**
 * The seam under a run. A workflow is a deterministic function whose only hands are its
 * {@link WorkflowContext}; each step it takes is a named activity with JSON in and out, kept in a
 * journal by position, so that after a crash the workflow is run again and answered from the
 * journal up to where it was. Bodies may run more than once (no engine can prevent that); recorded
 * results never change. The journal stays small: big data goes to the store, ids come back here.
 */

/**
 * What an activity's body hands back: a function that writes what belongs with the result (run
 * log, message store) and returns the result for the journal. The engine calls it synchronously in
 * the same transaction that records the result, so that log and journal cannot disagree. On an
 * engine that cannot share the transaction it runs just before, and must be idempotent.
 */
export type Commit<O extends JsonValue> = (mailbox: Mailbox) => O;

/**
 * A look into the run's mailbox while a result is recorded, so that a workflow learns by results
 * that it takes anyway whether mail is there. Taking it is the workflow's.
 */
export interface Mailbox {
  /** Whether a message of the topic lies there that no step has taken. */
  has(topic: string): boolean;
  /** Every message of a topic that was ever sent, taken or not, oldest first. */
  sent(topic: string): readonly Mail[];
}

export interface ActivityContext {
  readonly runId: string;
  /** Stable over retries and resumes: `<run>/<position>`. */
  readonly key: string;
  readonly signal: AbortSignal;
  /**
   * Lets go of the run because this process cannot go on with it: the activity has no end then, and
   * the run is tried again later. Gives what the body is to throw.
   */
  leave(error: unknown): unknown;
}

export interface Activity<I extends JsonValue, O extends JsonValue> {
  readonly name: string;
  /**
   * Whether the body may run again after a crash in the middle of it. Default: `safe`. Any other is
   * marked as begun before the body runs; of a safe one the journal learns when it ends.
   */
  repeat?(input: I): Repeat;
  run(input: I, context: ActivityContext): Promise<Commit<O>>;
  /**
   * Called instead of `run` on resume when a `once` body was started and its end is not recorded:
   * nobody knows whether it happened. An activity whose `repeat` may say `once` must have it.
   */
  outcomeUnknown?(input: I, context: ActivityContext): Commit<O>;
}

export interface Mail {
  readonly topic: string;
  readonly payload: JsonValue;
}

/** A run that this process has just taken up, before its workflow is run. */
export interface TakenRun {
  readonly runId: string;
  /** Who held it last and never let go of it; null where it was let go of, or never held. */
  readonly previousOwner: string | null;
  /** Aborts when the run is cancelled meanwhile, or no longer held. */
  readonly signal: AbortSignal;
  /**
   * Writes in one transaction, if the run is still held. May be used for as long as what was opened
   * is open.
   * @throws Agent33Error `durable.lease_lost`
   */
  write<T>(work: () => T): T;
  /**
   * Writes with whatever is written next for the run, before it, and within a moment. For what
   * others may learn a little later, and what may be lost where the process dies in between.
   */
  writeLater(work: () => void): void;
}

/** What came of opening what a run works with. */
export type Opening =
  /** `close` is called when this process has let go of the run, or is about to. */
  | { readonly kind: "open"; close(): Promise<void> }
  /**
   * The run cannot begin before a message comes, or `timeoutMs` are over. `commit` is called in the
   * transaction that lets go of it; false: what it waits for came meanwhile.
   */
  | { readonly kind: "waits"; readonly timeoutMs: number; commit(): boolean }
  /** The run is over with this result; `commit` is called in the transaction that says so. */
  | { readonly kind: "over"; readonly result: JsonValue; commit(): void };

/** How a run stands that nobody has to drive at this moment. */
export interface Settled {
  readonly runId: string;
  readonly state: "waiting" | "completed" | "failed" | "cancelled";
  /** What a failed run failed with. */
  readonly error: JsonValue;
}

/** The only way from a workflow to the world. */
export interface WorkflowContext {
  readonly runId: string;
  /** Aborts when the run is cancelled or its lease is lost. */
  readonly signal: AbortSignal;
  call<I extends JsonValue, O extends JsonValue>(activity: Activity<I, O>, input: I): Promise<O>;
  /** The next message of a topic, or null after `timeoutMs`. Costs nothing while it waits. */
  wait(topic: string, timeoutMs: number): Promise<Mail | null>;
  /** The next message of a topic if there is one already. */
  poll(topic: string): Promise<Mail | null>;
  sleep(ms: number): Promise<void>;
}

export interface Workflow<I extends JsonValue, O extends JsonValue> {
  readonly name: string;
  /** A run resumes only on the version that it was started with. */
  readonly version: number;
  run(context: WorkflowContext, input: I): Promise<O>;
  /**
   * Opens what the activities need of the process that drives the run: before each execution, under
   * the run's lease. When it throws, the run is let go of and tried again later.
   */
  open?(taken: TakenRun): Promise<Opening>;
  /**
   * Told in the transaction that records it, so that what others keep of the run cannot disagree.
   * On an engine that cannot share the transaction it is called beside it, and must be idempotent.
   */
  settled?(settled: Settled): void;
}

export type DurableState =
  | "pending"
  | "running"
  /** Suspended in `wait` or `sleep`; no process holds it. */
  | "waiting"
  | "completed"
  | "failed"
  | "cancelled";

export interface DurableStatus {
  readonly runId: string;
  readonly workflow: string;
  readonly version: number;
  readonly state: DurableState;
  readonly owner: string | null;
  /** Milliseconds since the Unix epoch; null when no process holds the run. */
  readonly leaseUntil: number | null;
  readonly result: JsonValue;
  readonly error: JsonValue;
}

export interface StartOptions {
  /** How long workers leave the run to whoever started it. Milliseconds, default 0. */
  readonly leaveMs?: number;
}

export interface WorkOptions {
  /** Ends the work: no run is taken up any more, and those in hand are let go of. */
  readonly signal?: AbortSignal;
  /** Runs that are driven at once. Default 4. */
  readonly concurrency?: number;
  /** Whether the work ends once no run is ready, here in hand, or to be tried again. */
  readonly untilIdle?: boolean;
  onTaken?(runId: string): void;
  /** Told how each run stands that was in hand here, with what kept the engine from going on. */
  onLetGo?(runId: string, end: { readonly status?: DurableStatus; readonly error?: unknown }): void;
}

/**
 * An engine for workflows. `execute` is for a process that drives one run itself (the CLI);
 * `work` claims whatever is ready (a worker, a server).
 */
export interface Durable {
  /** Idempotent: the second start of the same id changes nothing. */
  start(
    workflow: { readonly name: string; readonly version: number },
    runId: string,
    input: JsonValue,
    options?: StartOptions,
  ): void;
  /**
   * Claims the run and drives it until it completes, fails, is cancelled or waits.
   * @throws Agent33Error `durable.run_active` while another process holds its lease,
   * `durable.unknown_run`, `durable.version_mismatch`.
   */
  execute(runId: string): Promise<DurableStatus>;
  /** Claims and drives what is ready, until it is told to stop, or idle, or the engine is closed. */
  work(options?: WorkOptions): Promise<void>;
  /** Puts a message into a run's mailbox, in order; the same `key` twice is one message. */
  send(runId: string, topic: string, payload: JsonValue, key: string): void;
  /** Every message of a topic that was ever sent to a run, taken or not, oldest first. */
  sent(runId: string, topic: string): readonly Mail[];
  /** Asks a run to stop, wherever it runs. A run that nobody holds is cancelled at once. */
  cancel(runId: string): void;
  status(runId: string): DurableStatus | undefined;
  /** Stops claiming, lets go of leases, waits for what is in flight here to notice. */
  close(): Promise<void>;
}
