import type { Clock } from "../../base/clock.ts";
import { isAgent33Error } from "../../base/errors.ts";
import type { BusyNotice } from "../backend.ts";
import { type Answer, drive, type Program, type Statement } from "../program.ts";
import { answerOf } from "./answer.ts";
import type { Database } from "./database.ts";
import type { SqlSession } from "./session.ts";

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
  /** When it was submitted, on the clock's monotonic time. */
  readonly since: number;
}

/** A stretch of time in which another process held the lock whenever it was asked for. */
interface Blocked {
  readonly since: number;
  told: boolean;
  gaveUpAt: number;
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
  return statement.want === "lock" || /^\s*select\b/i.test(statement.text);
}

/** Bounds how long one transaction keeps other processes out. */
const maxBatch = 512;
/**
 * Short, because a busy process leaves the lock alone for a moment only: with a longest wait of
 * 50 ms one of three was kept out for seconds.
 */
const firstWaitMs = 1;
const longestWaitMs = 4;
/** A process that met another's lock lately leaves it this much room between two commits. */
const courtesyMs = 1;
const courtesyForMs = 1000;
/** A wait shorter than this is ordinary and nobody is told. */
const noticeAfterMs = 1000;

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { database, clock } = options;
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  /** When another process was last found to hold the lock. */
  let metAt = Number.NEGATIVE_INFINITY;
  let blocked: Blocked | undefined;

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

  const tell = (state: BusyNotice["state"], since: number, unanswered: number): void => {
    const waitedMs = Math.round(clock.monotonic() - since);
    const waiting = unanswered + queue.length;
    // A fault of the listener must not keep the writers from their answers.
    database.afterCommit(() => options.onBusy?.({ waitedMs, waiting, state }));
  };

  /** Refuses those that have waited for the lock for as long as they may; returns the others. */
  const refuseOverdue = (batch: readonly Waiting[], error: unknown): readonly Waiting[] => {
    const now = clock.monotonic();
    metAt = now;
    blocked ??= { since: now, told: false, gaveUpAt: Number.NEGATIVE_INFINITY };
    const { since } = blocked;
    const waitedMs = (one: Waiting): number => now - Math.max(one.since, since);
    const left = batch.filter((one) => waitedMs(one) < database.busyTimeoutMs);
    for (const one of batch) if (waitedMs(one) >= database.busyTimeoutMs) one.reject(error);
    if (left.length < batch.length && now - blocked.gaveUpAt >= noticeAfterMs) {
      blocked.gaveUpAt = now;
      tell("given up", since, batch.length);
    } else if (!blocked.told && now - since >= noticeAfterMs) {
      blocked.told = true;
      tell("waiting", since, batch.length);
    }
    return left;
  };

  /** Waits without blocking the thread, so that reads go on meanwhile. */
  const commitWhenFree = async (batch: readonly Waiting[]): Promise<void> => {
    let left = batch;
    let waitMs = firstWaitMs;
    while (left.length > 0) {
      try {
        const answers = commit(left);
        for (const answer of answers) answer();
        if (blocked?.told === true) tell("gone on", blocked.since, left.length);
        blocked = undefined;
        return;
      } catch (error) {
        if (!(isAgent33Error(error) && error.code === "store.busy")) {
          for (const { reject } of left) reject(error);
          return;
        }
        left = refuseOverdue(left, error);
        if (left.length === 0) return;
        await clock.sleep(waitMs);
        waitMs = Math.min(waitMs * 2, longestWaitMs);
      }
    }
  };

  const gathering = (): Promise<void> =>
    clock.monotonic() - metAt < courtesyForMs
      ? clock.sleep(courtesyMs)
      : new Promise((resolve) => {
          setImmediate(resolve);
        });

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      // Callers that write again as soon as they are answered belong into one batch.
      await gathering();
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(maxBatch);
      await commitWhenFree(batch);
    }
    blocked = undefined;
    running = undefined;
  };

  return {
    submit: <T>(make: () => Program<T>) =>
      new Promise<T>((resolve, reject) => {
        const since = clock.monotonic();
        queue.push({ make, resolve: resolve as (value: unknown) => void, reject, since });
        running ??= run();
      }),
    idle: async () => {
      for (let last = running; last !== undefined; last = running) await last;
    },
  };
}
