import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { Deadline, type DeadlineList, type Deadlines } from "./deadlines.ts";
import { runAsCall } from "./egress/guard.ts";
import { BoundaryError } from "./errors.ts";
import type {
  EgressConnect,
  EgressFetch,
  EgressLeave,
  GovernedConnect,
  GovernedFetch,
  SpawnProcess,
} from "./hands.ts";
import type { CallContext, CallFacts } from "./types.ts";

/** What every call of a boundary gets its hands from. */
export interface CallHands {
  readonly fetch: GovernedFetch;
  /** Without it, calls reach nothing that is not HTTP. */
  readonly connect?: GovernedConnect;
  readonly spawn: SpawnProcess;
}

/** What all attempts of one connector have in common. */
export interface AttemptParts {
  readonly hands: CallHands;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Until the answer of a call whose caller takes it as a whole. */
  readonly answer: DeadlineList;
  /** Until the first part for any other. */
  readonly first: DeadlineList;
  /** Between two parts. */
  readonly idle: DeadlineList;
}

/** The call that makes an attempt. */
export interface AttemptOwner<I, O, C> {
  readonly input: I;
  readonly facts: CallFacts;
  readonly attempts: AttemptParts;
  readonly idempotencyKey: string;
  /** When the call's total time is up, by the monotonic clock. */
  readonly deadlineAt: number;
  leaveToGo(): EgressLeave;
  /** Whether the caller takes the answer in parts. */
  readonly streams: boolean;
  deliver(chunk: C, nowMs: number): void;
  /** When the caller can take another part; undefined is now. */
  room(): Promise<void> | undefined;
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
  /** Connections that the handler opened; they end with the attempt. */
  #sockets: Duplex[] | undefined = undefined;

  constructor(owner: AttemptOwner<I, O, C>, attempt: number) {
    super();
    this.#owner = owner;
    this.attempt = attempt;
  }

  get input(): I {
    return this.#owner.input;
  }

  get facts(): CallFacts {
    return this.#owner.facts;
  }

  get idempotencyKey(): string {
    return this.#owner.idempotencyKey;
  }

  get fetch(): EgressFetch {
    const { hands } = this.#owner.attempts;
    const leave = this.#owner.leaveToGo();
    return (input, init) => {
      if (this.#over) return Promise.reject(opensNothing());
      const signal = this.#ending(init?.signal ?? (input instanceof Request ? input.signal : null));
      return hands.fetch(input, { ...init, signal }, leave);
    };
  }

  get connect(): EgressConnect {
    const { connect = noConnections } = this.#owner.attempts.hands;
    const leave = this.#owner.leaveToGo();
    return async (host, port) => {
      if (this.#over) throw opensNothing();
      const socket = await connect({ host, port }, this.signal, leave);
      if (this.#over) {
        socket.destroy();
        throw opensNothing();
      }
      this.#sockets ??= [];
      this.#sockets.push(socket);
      return socket;
    };
  }

  get spawn(): SpawnProcess {
    const { spawn } = this.#owner.attempts.hands;
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
    if (this.#over) return;
    const { clock, idle } = this.#owner.attempts;
    const nowMs = clock.monotonic();
    this.#wait("part", idle, nowMs);
    this.delivered = true;
    this.#owner.deliver(chunk, nowMs);
  }

  async room(): Promise<void> {
    const room = this.#owner.room();
    if (room === undefined || this.#over) return;
    const { clock, idle } = this.#owner.attempts;
    // Nobody waits for the other side now: only the call's total time runs.
    this.list?.remove(this);
    this.#waitForAnything(clock.monotonic());
    await room;
    if (!this.#over) this.#wait("part", idle, clock.monotonic());
  }

  /** Runs the handler against the clock. The owner hears how it ended, in this turn or later. */
  start(handler: (context: CallContext<I, C>) => Promise<O>, nowMs: number): void {
    const { streams, attempts } = this.#owner;
    this.#wait("answer", streams ? attempts.first : attempts.answer, nowMs);
    let running: Promise<O>;
    try {
      running = runAsCall(this, handler, this);
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
    const error =
      this.#waitsFor === "anything"
        ? new BoundaryError("deadline_exceeded", "The call's total time ran out.")
        : new BoundaryError(
            "timeout",
            `Waited ${this.#limitMs()} ms ${waitedFor[this.#waitsFor]}; gave up.`,
          );
    this.end(error);
  }

  #wait(what: keyof typeof waitedFor, list: DeadlineList, nowMs: number): void {
    this.list?.remove(this);
    if (nowMs + list.ms < this.#owner.deadlineAt) {
      this.#waitsFor = what;
      list.add(this, nowMs);
    } else this.#waitForAnything(nowMs);
  }

  /** Until the call's total time is up. */
  #waitForAnything(nowMs: number): void {
    const { attempts, deadlineAt } = this.#owner;
    this.#waitsFor = "anything";
    attempts.deadlines.single(Math.max(0, deadlineAt - nowMs)).add(this, nowMs);
  }

  #limitMs(): number {
    const { streams, attempts } = this.#owner;
    if (this.#waitsFor === "part") return attempts.idle.ms;
    return streams ? attempts.first.ms : attempts.answer.ms;
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#stop();
    this.#owner.failed(this, error);
  }

  #stop(): void {
    this.#over = true;
    this.list?.remove(this);
    if (this.#sockets !== undefined) for (const socket of this.#sockets) socket.destroy();
  }
}

/** Made only for a handler that reads its signal too late: an error's stack costs more than a call. */
function attemptIsOver(): BoundaryError {
  return new BoundaryError("cancelled", "The attempt is over.");
}

const noConnections: GovernedConnect = ({ host, port }) =>
  Promise.reject(
    new BoundaryError(
      "egress_blocked",
      `This boundary connects to nothing, nor to ${host}:${port}.`,
      {
        hint: "Give it `connect` with its other hands.",
      },
    ),
  );

/** Its record is closed: what went out now would be nobody's. */
function opensNothing(): BoundaryError {
  return new BoundaryError("egress_blocked", "The call is over; it opens nothing any more.", {
    hint: "Wait in the handler for all that it starts.",
  });
}
