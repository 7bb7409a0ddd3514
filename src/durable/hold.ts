import { setTimeout as delay } from "node:timers/promises";
import { stopped } from "./errors.ts";
import { createPatience, isRetryable, type Patience } from "./patience.ts";
import type { SqlSession, TransactionRunner } from "./ports.ts";
import { holds, type Lease } from "./run-rows.ts";

/** Why a process lets go of a run. */
export type Ending =
  /** The row says how: completed, failed, cancelled or waiting. */
  | { readonly kind: "settled" }
  /** Another process took the run, or it was cancelled while this one looked dead. */
  | { readonly kind: "lost" }
  /** This process stops working. */
  | { readonly kind: "closing" }
  /** The engine could not go on: the store failed, or the workflow is not deterministic. */
  | { readonly kind: "fault"; readonly error: unknown };

export interface HoldOptions {
  readonly lease: Lease;
  readonly transactions: TransactionRunner;
  /** The highest number among the recorded ends. */
  readonly lastOrder: number;
  readonly onEnd: (ending: Ending) => void;
  readonly log: (message: string, error: unknown) => void;
}

/** How long a write waits while the store is busy. Nobody can take the run over meanwhile. */
const maxWaitMs = 60_000;

interface Attempt<T> {
  readonly done?: { readonly value: T };
  readonly failure?: { readonly error: unknown };
}

/** This process's grip on one run: every write for the run goes through it and is fenced. */
export class Hold {
  readonly lease: Lease;
  readonly #options: HoldOptions;
  readonly #patience: Patience;
  #order: number;
  #due: (() => void)[] = [];
  #isWriting = false;
  #ending: Ending | undefined;

  constructor(options: HoldOptions) {
    this.lease = options.lease;
    this.#options = options;
    this.#order = options.lastOrder;
    this.#patience = createPatience((error) =>
      options.log(`run ${options.lease.runId}: its writes have to wait`, error),
    );
  }

  /** False once the run is let go of, for whatever reason. */
  get live(): boolean {
    return this.#ending === undefined;
  }

  /** The number of the next end. Gaps do no harm. */
  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  /** Lets go; the first reason counts. */
  end(ending: Ending): void {
    if (this.#ending === undefined) {
      this.#ending = ending;
      if (ending.kind === "fault" && isRetryable(ending.error)) {
        this.#options.log(`run ${this.lease.runId} is let go of for now`, ending.error);
      }
      this.#options.onEnd(ending);
    } else if (ending.kind === "fault") {
      this.#options.log(`run ${this.lease.runId}: a late write failed`, ending.error);
    }
  }

  /**
   * Writes in one transaction if the run is still held. Undefined when it is not, or when the store
   * failed: the hold has ended then. While the store is busy the hold stays, and `later` hears when
   * to try again.
   */
  writeOr<T>(
    later: (pauseMs: number) => void,
    work: (sql: SqlSession) => T,
  ): { readonly value: T } | undefined {
    const { done, failure } = this.#attempt(work, "now");
    if (failure === undefined) return done;
    if (isRetryable(failure.error)) later(this.#patience.refused(failure.error));
    else this.end({ kind: "fault", error: failure.error });
    return undefined;
  }

  /**
   * Whether there is something to write: the lease is gone, something is due, or `asks` says so. Takes
   * no lock. Where the store cannot be read, the write finds out why.
   */
  mustWrite(asks: (sql: SqlSession) => boolean): boolean {
    if (this.#due.length > 0) return true;
    try {
      return this.#options.transactions.snapshot((sql) => !holds(sql, this.lease) || asks(sql));
    } catch {
      return true;
    }
  }

  /**
   * The same for work whose caller cannot go on without it: it waits as the store itself does.
   * @throws Agent33Error `durable.lease_lost`; what the store failed with
   */
  writeOrThrow<T>(work: () => T): T {
    const { done, failure } = this.#attempt(work);
    if (done !== undefined) return done.value;
    if (failure === undefined) throw stopped(this.lease.runId, "lease_lost");
    this.end({ kind: "fault", error: failure.error });
    throw failure.error;
  }

  /**
   * The same, waiting for as long as `waitMs` while the store is busy. The first try is made
   * before it returns, and `onDone` is called right after the commit, before anything else can
   * commit. Resolves to whether it was written.
   */
  async writePatiently<T>(
    work: (sql: SqlSession) => T,
    onDone?: (value: T) => void,
    waitMs = maxWaitMs,
  ): Promise<boolean> {
    for (;;) {
      const { done, failure } = this.#attempt(work, "now");
      if (done !== undefined) onDone?.(done.value);
      if (failure === undefined) return done !== undefined;
      const { error } = failure;
      if (!isRetryable(error) || this.#patience.waitedMs >= waitMs) {
        this.end({ kind: "fault", error });
        return false;
      }
      await delay(this.#patience.refused(error));
    }
  }

  /**
   * Writes with whatever is written next for the run and before it: the look at the lease at the
   * latest. Dropped when the run is lost to another process.
   */
  writeLater(work: () => void): void {
    this.#due.push(work);
  }

  #attempt<T>(work: (sql: SqlSession) => T, when: "now" | "in time" = "in time"): Attempt<T> {
    if (!this.#writable) return {};
    const { transactions } = this.#options;
    // A write within a write finds nothing due, and must not: what is due is not committed yet.
    const due = this.#due;
    this.#due = [];
    const fenced = (sql: SqlSession): { readonly value: T } | undefined => {
      // Within a write that has asked, the answer is the same.
      if (this.#isWriting) return { value: work(sql) };
      if (!holds(sql, this.lease)) return undefined;
      this.#isWriting = true;
      try {
        for (const one of due) one();
        return { value: work(sql) };
      } finally {
        this.#isWriting = false;
      }
    };
    let done: { readonly value: T } | undefined;
    try {
      done =
        when === "now" ? transactions.transactionNow(fenced) : transactions.transaction(fenced);
    } catch (error) {
      this.#due = [...due, ...this.#due];
      return { failure: { error } };
    }
    this.#patience.over();
    if (done !== undefined) return { done };
    this.end({ kind: "lost" });
    return {};
  }

  /** A body that ends while the process closes may still bring its result in. */
  get #writable(): boolean {
    const kind = this.#ending?.kind;
    return kind === undefined || kind === "closing" || kind === "fault";
  }
}
