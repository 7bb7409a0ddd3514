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
}

export interface Activity<I extends JsonValue, O extends JsonValue> {
  readonly name: string;
  /** Whether the body may run again after a crash in the middle of it. Default: `safe`. */
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

/**
 * An engine for workflows. `execute` is for a process that drives one run itself (the CLI);
 * `open` with `work` claims whatever is ready (a server).
 */
export interface Durable {
  /** Idempotent: the second start of the same id changes nothing. */
  start(
    workflow: { readonly name: string; readonly version: number },
    runId: string,
    input: JsonValue,
  ): void;
  /**
   * Claims the run and drives it until it completes, fails, is cancelled or waits.
   * @throws Agent33Error `durable.run_active` while another process holds its lease,
   * `durable.unknown_run`, `durable.version_mismatch`.
   */
  execute(runId: string): Promise<DurableStatus>;
  /** Puts a message into a run's mailbox, in order; the same `key` twice is one message. */
  send(runId: string, topic: string, payload: JsonValue, key: string): void;
  /** Every message of a topic that was ever sent to a run, taken or not, oldest first. */
  sent(runId: string, topic: string): readonly Mail[];
  /** Asks a run to stop, wherever it runs. A run that nobody holds is cancelled at once. */
  cancel(runId: string): void;
  status(runId: string): DurableStatus | undefined;
  open(options: { readonly work: boolean }): void;
  /** Stops claiming, lets go of leases, waits for what is in flight here to notice. */
  close(): Promise<void>;
}
