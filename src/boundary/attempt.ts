import type { Clock } from "../base/clock.ts";
import { Deadline, type DeadlineList, type Deadlines } from "./deadlines.ts";
import { runInside } from "./egress/guard.ts";
import { BoundaryError } from "./errors.ts";
import type { EgressFetch, EgressLeave, GovernedFetch, SpawnProcess } from "./hands.ts";
import type { CallContext } from "./types.ts";

/** What every call of a boundary gets its hands from. */
export interface CallHands {
  readonly fetch: GovernedFetch;
  readonly spawn: SpawnProcess;
}

/** The clocks over the attempts of one connector. */
export interface AttemptLimits {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Until the answer, or its first part. */
  readonly first: DeadlineList;
  /** Between two parts. */
  readonly idle: DeadlineList;
}

/** The call that makes an attempt. */
export interface AttemptOwner<I, O, C> {
  readonly input: I;
  readonly hands: CallHands;
  readonly limits: AttemptLimits;
  readonly idempotencyKey: string;
  /** When the call's total time is up, by the monotonic clock. */
  readonly deadlineAt: number;
  leaveToGo(): EgressLeave;
  deliver(chunk: C): void;
  answered(attempt: Attempt<I, O, C>, value: O): void;
  failed(attempt: Attempt<I, O, C>, error: unknown): void;
}

const waitedFor = {
  answer: "for an answer",
  part: "between two parts of the answer",
} as const;

/**
 * One attempt of one call: the handler's context, and its own entry on a list of deadlines. It
 * tells its owner once how it ended; a handler that goes on after that talks to nobody, and its
 * late result is dropped. The abort controller is made only when a handler reads `signal`, because
 * making one costs as much as the rest of the chain.
 */
export class Attempt<I, O, C> extends Deadline implements CallContext<I, C> {
  readonly attempt: number;
  /** Whether a chunk has reached the caller. */
  delivered = false;
  readonly #owner: AttemptOwner<I, O, C>;
  #waitsFor: keyof typeof waitedFor | "anything" = "answer";
  #controller: AbortController | undefined = undefined;
  /** Nobody waits for it any more: it was answered, or ended from outside. */
  #over = false;
  /** Why it was ended from outside. */
  #ended: BoundaryError | undefined = undefined;

  constructor(owner: AttemptOwner<I, O, C>, attempt: number) {
    super();
    this.#owner = owner;
    this.attempt = attempt;
  }

  get input(): I {
    return this.#owner.input;
  }

  get idempotencyKey(): string {
    return this.#owner.idempotencyKey;
  }

  get fetch(): EgressFetch {
    const { hands } = this.#owner;
    const leave = this.#owner.leaveToGo();
    return (input, init) => hands.fetch(input, init, leave);
  }

  get spawn(): SpawnProcess {
    return this.#owner.hands.spawn;
  }

  /** Whether what the handler opens belongs to this call: the egress guard asks. */
  get egressOpen(): boolean {
    return !this.#over;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.#ended ?? attemptIsOver());
    }
    return this.#controller.signal;
  }

  emit(chunk: C): void {
    if (this.#over) return;
    this.delivered = true;
    const { clock, idle } = this.#owner.limits;
    this.list?.remove(this);
    this.#wait("part", idle, clock.monotonic());
    this.#owner.deliver(chunk);
  }

  /** Runs the handler against the clock. The owner hears how it ended, in this turn or later. */
  start(handler: (context: CallContext<I, C>) => Promise<O>, nowMs: number): void {
    this.#wait("answer", this.#owner.limits.first, nowMs);
    let running: Promise<O>;
    try {
      running = runInside(this, handler, this);
    } catch (error) {
      this.#fail(error);
      return;
    }
    running.then(
      (value) => {
        if (this.#over) return;
        this.#stop();
        this.#owner.answered(this, value);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Ends the attempt from outside: its deadline, or the caller's cancel. */
  end(error: BoundaryError): void {
    if (this.#over) return;
    this.#ended = error;
    this.#stop();
    this.#controller?.abort(error);
    this.#owner.failed(this, error);
  }

  override expire(): void {
    const { limits } = this.#owner;
    if (this.#waitsFor === "anything") {
      this.end(new BoundaryError("deadline_exceeded", "The call's total time ran out."));
      return;
    }
    const { ms } = this.#waitsFor === "answer" ? limits.first : limits.idle;
    const message = `Waited ${ms} ms ${waitedFor[this.#waitsFor]}; gave up.`;
    this.end(new BoundaryError("timeout", message));
  }

  #wait(what: keyof typeof waitedFor, list: DeadlineList, nowMs: number): void {
    const leftMs = this.#owner.deadlineAt - nowMs;
    if (leftMs > list.ms) {
      this.#waitsFor = what;
      list.add(this, nowMs);
      return;
    }
    this.#waitsFor = "anything";
    this.#owner.limits.deadlines.single(Math.max(0, leftMs)).add(this, nowMs);
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#stop();
    this.#owner.failed(this, error);
  }

  #stop(): void {
    this.#over = true;
    this.list?.remove(this);
  }
}

/** Made only for a handler that reads its signal too late: an error's stack costs more than a call. */
function attemptIsOver(): BoundaryError {
  return new BoundaryError("cancelled", "The attempt is over.");
}
