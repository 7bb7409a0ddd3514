import { type Clock, longestTimerMs } from "../base/clock.ts";
import { runAsCall } from "./egress/guard.ts";
import { BoundaryError } from "./errors.ts";
import type { EgressFetch, EgressLeave, GovernedFetch, SpawnProcess } from "./hands.ts";
import type { CallContext } from "./types.ts";

/** What every call of a boundary gets its hands from. */
export interface CallHands {
  readonly fetch: GovernedFetch;
  readonly spawn: SpawnProcess;
}

/**
 * One attempt of one call: the handler's context, and the clock over it. The abort controller is
 * made only when a handler reads `signal`, because making one costs more than the rest of the chain.
 */
export class Attempt<I, O, C> implements CallContext<I, C> {
  readonly input: I;
  readonly attempt: number;
  readonly #hands: CallHands;
  readonly #leave: () => EgressLeave;
  readonly #onChunk: ((chunk: C) => void) | undefined;
  readonly #key: () => string;
  readonly #clock: Clock;
  readonly #deadlineAt: number;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #idleMs = 0;
  #settle: ((error: BoundaryError) => void) | undefined;
  /** Nobody waits for it any more: it was answered, or ended from outside. */
  #over = false;
  /** Why it was ended from outside. */
  #ended: BoundaryError | undefined;
  /** Whether a chunk has reached the caller. */
  delivered = false;

  constructor(
    input: I,
    attempt: number,
    hands: CallHands,
    leave: () => EgressLeave,
    key: () => string,
    onChunk: ((chunk: C) => void) | undefined,
    clock: Clock,
    deadlineAt: number,
  ) {
    this.input = input;
    this.attempt = attempt;
    this.#hands = hands;
    this.#leave = leave;
    this.#key = key;
    this.#onChunk = onChunk;
    this.#clock = clock;
    this.#deadlineAt = deadlineAt;
  }

  get idempotencyKey(): string {
    return this.#key();
  }

  get fetch(): EgressFetch {
    const hands = this.#hands;
    const leave = this.#leave();
    return (input, init) => {
      if (this.#over) return Promise.reject(opensNothing());
      const signal = this.#ending(init?.signal ?? (input instanceof Request ? input.signal : null));
      return hands.fetch(input, { ...init, signal }, leave);
    };
  }

  get spawn(): SpawnProcess {
    const { spawn } = this.#hands;
    return (request) => (this.#over ? Promise.reject(opensNothing()) : spawn(request));
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

  /** A request ends with its attempt, also where its handler forgot to say so. */
  #ending(own: AbortSignal | null): AbortSignal {
    const { signal } = this;
    return own === null || own === signal ? signal : AbortSignal.any([own, signal]);
  }

  emit(chunk: C): void {
    // A handler that goes on after its deadline talks to nobody.
    if (this.#over) return;
    this.delivered = true;
    if (this.#idleMs > 0) this.#arm(this.#idleMs, "between two parts of the answer");
    this.#onChunk?.(chunk);
  }

  /** Ends the attempt from outside: its deadline, or the caller's cancel. */
  end(error: BoundaryError): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended = error;
    clearTimeout(this.#timer);
    this.#controller?.abort(error);
    this.#settle?.(error);
  }

  /**
   * Runs the handler against the clock. The promise settles at the deadline even if the handler
   * ignores its signal; a late result is dropped.
   */
  run(
    handler: (context: CallContext<I, C>) => Promise<O>,
    firstMs: number,
    idleMs: number,
  ): Promise<O> {
    this.#idleMs = idleMs;
    return new Promise<O>((resolve, reject) => {
      this.#settle = reject;
      this.#arm(firstMs, "for an answer");
      let running: Promise<O>;
      try {
        running = runAsCall(this, handler, this);
      } catch (error) {
        this.#stop();
        reject(error);
        return;
      }
      running.then(
        (value) => {
          this.#stop();
          resolve(value);
        },
        (error: unknown) => {
          // A handler that was ended from outside says "aborted"; why it was ended says more.
          reject(this.#ended ?? error);
          this.#stop();
        },
      );
    });
  }

  #arm(ms: number, what: string): void {
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, this.#deadlineAt - this.#clock.monotonic());
    const last = leftMs <= ms;
    this.#timer = setTimeout(
      () => {
        this.end(
          last
            ? new BoundaryError("deadline_exceeded", "The call's total time ran out.")
            : new BoundaryError("timeout", `Waited ${ms} ms ${what}; gave up.`),
        );
      },
      Math.min(last ? leftMs : ms, longestTimerMs),
    );
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#settle = undefined;
    this.#over = true;
  }
}

/** Made only for a handler that reads its signal too late: an error's stack costs more than a call. */
function attemptIsOver(): BoundaryError {
  return new BoundaryError("cancelled", "The attempt is over.");
}

/** Its record is closed: what went out now would be nobody's. */
function opensNothing(): BoundaryError {
  return new BoundaryError("egress_blocked", "The call is over; it opens nothing any more.", {
    hint: "Wait in the handler for all that it starts.",
  });
}
