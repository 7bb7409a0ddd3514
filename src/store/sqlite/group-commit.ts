import type { Clock } from "../../base/clock.ts";
import { isAgent33Error } from "../../base/errors.ts";
import { type Answer, drive, type Program, type Statement } from "../program.ts";
import { answerOf } from "./answer.ts";
import type { Database } from "./database.ts";
import type { SqlSession } from "./session.ts";

/** What a writer that waits for another process's lock is told to say. */
export interface BusyNotice {
  /** Milliseconds that writers of this process have waited so far. */
  readonly waitedMs: number;
  /** Writers of this process that wait. */
  readonly waiting: number;
  /** `waiting`: still; `gone on`: the lock came free; `given up`: they were refused. */
  readonly state: "waiting" | "gone on" | "given up";
}

export interface GroupCommitOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly onBusy?: (notice: BusyNotice) => void;
}

/**
 * Writes of many callers, committed together: what has gathered since the last commit shares one
 * transaction and one wait for the disk. Each write is a part of its own, so that one that fails
 * takes nothing with it. A promise resolves once its write is on disk.
 */
export interface GroupCommit {
  /** @throws Agent33Error `store.busy`, `store.full`, other `store.*`, and what the program throws */
  submit<T>(make: () => Program<T>): Promise<T>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly make: () => Program<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Ended = { readonly value: unknown } | { readonly error: unknown };
type RunWrite = (sql: SqlSession, make: () => Program<unknown>) => Ended;

/** Ends a transaction without savepoints: a write in it failed and left something to undo. */
const needsSavepoints = new Error("A write of the batch must be undone alone.");

/**
 * Runs a write so that it cannot be undone alone.
 * @throws Error {@link needsSavepoints} where it fails and is not known to have left all as it was
 */
function unprotected(sql: SqlSession, make: () => Program<unknown>): Ended {
  let untouched = true;
  const answer = (statement: Statement): Answer => {
    const before = untouched;
    // Even a statement that only reads can, when it fails, have ended the whole transaction.
    untouched = false;
    const answered = answerOf(sql, statement);
    untouched = before && onlyReads(statement);
    return answered;
  };
  try {
    return { value: drive(make(), answer) };
  } catch (error) {
    if (untouched) return { error };
    throw needsSavepoints;
  }
}

function onlyReads(statement: Statement): boolean {
  return true;
}

/** Bounds how long one transaction keeps other processes out. */
const maxBatch = 512;
const firstWaitMs = 2;
const longestWaitMs = 50;
/** A wait shorter than this is ordinary and nobody is told. */
const noticeAfterMs = 1000;

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { database, clock } = options;
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;

  /** Runs a batch in one transaction; returns what each caller is to be told after the commit. */
  const commitBy = (runWrite: RunWrite, batch: readonly Waiting[]): (() => void)[] =>
    database.transactionNow((sql) =>
      batch.map(({ make, resolve, reject }) => {
        const ended = runWrite(sql, make);
        return "error" in ended ? () => reject(ended.error) : () => resolve(ended.value);
      }),
    );

  /** A savepoint keeps a copy of each page that is touched, so none is made before one is needed. */
  const commit = (batch: readonly Waiting[]): (() => void)[] => {
    try {
      return commitBy(unprotected, batch);
    } catch (error) {
      if (error !== needsSavepoints) throw error;
    }
    return commitBy((sql, make) => {
      try {
        return { value: database.savepoint(() => drive(make(), (one) => answerOf(sql, one))) };
      } catch (error) {
        return { error };
      }
    }, batch);
  };

  /** Waits without blocking the thread, so that reads go on meanwhile. */
  const commitWhenFree = async (batch: readonly Waiting[]): Promise<void> => {
    const began = clock.monotonic();
    let waitMs = firstWaitMs;
    let told = false;
    const tell = (state: BusyNotice["state"]): void => {
      const waitedMs = Math.round(clock.monotonic() - began);
      const waiting = batch.length + queue.length;
      // A fault of the listener must not keep the writers from their answers.
      database.afterCommit(() => options.onBusy?.({ waitedMs, waiting, state }));
    };
    for (;;) {
      try {
        const answers = commit(batch);
        for (const answer of answers) answer();
        if (told) tell("gone on");
        return;
      } catch (error) {
        const waited = clock.monotonic() - began;
        const busy = isAgent33Error(error) && error.code === "store.busy";
        if (!busy || waited >= database.busyTimeoutMs) {
          for (const { reject } of batch) reject(error);
          if (busy) tell("given up");
          return;
        }
        if (!told && waited >= noticeAfterMs) {
          told = true;
          tell("waiting");
        }
        await clock.sleep(waitMs);
        waitMs = Math.min(waitMs * 2, longestWaitMs);
      }
    }
  };

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      // Callers that write again as soon as they are answered belong into one batch.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(maxBatch);
      await commitWhenFree(batch);
    }
    running = undefined;
  };

  return {
    submit: <T>(make: () => Program<T>) =>
      new Promise<T>((resolve, reject) => {
        queue.push({ make, resolve: resolve as (value: unknown) => void, reject });
        running ??= run();
      }),
    idle: async () => {
      for (let last = running; last !== undefined; last = running) await last;
    },
  };
}
