import type { DatabaseSync } from "node:sqlite";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import type { BusyNotice } from "../backend.ts";
import type { Recorder, Recording } from "../journal/recorder.ts";
import { onlyRead } from "../damage.ts";
import { mapSqliteError } from "./errors.ts";
import { pause } from "./pause.ts";
import type { SqlSession } from "./session.ts";

/**
 * Runs functions inside write transactions, committed when the function returns and rolled back
 * when it throws. A call inside a call joins the transaction that is open; its failure fails the
 * whole, even where the caller swallows the error, so that nothing half-done is ever committed.
 */
export interface Transactions {
  transaction<T>(work: (sql: SqlSession) => T): T;
  /**
   * The same without waiting for another process's lock.
   * @throws Agent33Error `store.busy` at once
   */
  transactionNow<T>(work: (sql: SqlSession) => T): T;
  /**
   * Work within the open transaction that may fail alone: what it wrote is undone, the rest stays.
   * Where none is open it is a transaction.
   * @throws what `work` throws
   */
  savepoint<T>(work: (sql: SqlSession) => T): T;
  /**
   * Reads that see one state of the file through all their statements, whatever other processes
   * write meanwhile. Within the open transaction they are part of it.
   */
  snapshot<T>(work: (sql: SqlSession) => T): T;
  /**
   * A number that is another once somebody else has written to the file; undefined within a
   * transaction, where what was written here may yet be undone.
   */
  foreignWrites(): number | undefined;
  /**
   * Within a transaction: the same object for as long as nobody else has written to the file and
   * nothing that was written here was undone. What was known before still is so.
   */
  era(): object;
  /**
   * Runs a function once the open transaction has committed, or at once where none is open. It is
   * dropped when the transaction rolls back. What it throws goes to `onListenerError`.
   */
  afterCommit(run: () => void): void;
}

export interface TransactionsOptions {
  readonly native: DatabaseSync;
  readonly session: SqlSession;
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly clock: Clock;
  /** Refuses every write: the file is damaged and stays as it is. */
  readonly readOnly: boolean;
  readonly onListenerError: (error: unknown) => void;
  /** Told when a transaction has waited for another process's lock for as long as SQLite waits. */
  readonly onBusy?: (notice: BusyNotice) => void;
  /** Sees each transaction before it is committed. */
  readonly recorder: () => Recorder | undefined;
}

/** BEGIN waits for SQLite's busy timeout each time: twice bounds the wait at two timeouts. */
const beginAttempts = 2;
/** Some busy answers (recovery by another process) come at once; this keeps the second apart. */
const beginPauseMs = 25;
/** A wait shorter than this is ordinary and nobody is told. */
const noticeAfterMs = 1000;

const ended = "the transaction has ended by itself";

/** @throws Agent33Error `store.busy` after about two busy timeouts, other `store.*` */
export function createTransactions(options: TransactionsOptions): Transactions {
  const { native, session, path } = options;
  let depth = 0;
  let doom: { readonly error: unknown } | undefined;
  let listeners: (() => void)[] = [];
  let recording: Recording | undefined;
  let era = {};
  /** The data version of the era; whether this transaction has looked at it. */
  let eraVersion: number | undefined;
  let eraIsSure = false;
  /** Whether a transaction that was refused may stand in the write-ahead log, whole. */
  let mayHaveRefused = false;

  const dataVersion = (): number => Number(session.get("PRAGMA data_version")?.["data_version"]);
  const execute = (sql: string): void => {
    try {
      native.exec(sql);
    } catch (error) {
      throw mapSqliteError(error, path);
    }
  };
  const withoutWaiting = (run: () => void): void => {
    execute("PRAGMA busy_timeout = 0");
    try {
      run();
    } finally {
      execute(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`);
    }
  };
  const beginNow = (): void => withoutWaiting(() => execute("BEGIN IMMEDIATE"));
  /**
   * Begins the write-ahead log anew. A flush that failed is never tried again: what it was to bring
   * may be on the disk or not, whatever a later one says. Here it was a refused transaction, and
   * whoever opens the store next would find it in the log; several of them look like damage. What
   * was acknowledged was flushed before, and goes into the file.
   */
  const leaveRefusedBehind = (): void => {
    if (!mayHaveRefused) return;
    withoutWaiting(() => {
      const done = session.get("PRAGMA wal_checkpoint(TRUNCATE)");
      // Another process that reads or writes just now keeps it; then the next write looks again.
      mayHaveRefused = done?.["busy"] !== 0;
    });
  };
  const begin = (): void => {
    const since = options.clock.monotonic();
    const tell = (state: BusyNotice["state"]): void => {
      const waitedMs = Math.round(options.clock.monotonic() - since);
      if (waitedMs >= noticeAfterMs) options.onBusy?.({ waitedMs, waiting: 1, state });
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        native.exec("BEGIN IMMEDIATE");
      } catch (error) {
        const mapped = mapSqliteError(error, path);
        if (mapped.code !== "store.busy") throw mapped;
        tell(attempt < beginAttempts ? "waiting" : "given up");
        if (attempt >= beginAttempts) throw mapped;
        pause(beginPauseMs);
        continue;
      }
      if (attempt > 1) tell("gone on");
      return;
    }
  };
  const rollback = (): void => {
    listeners = [];
    era = {};
    // A full disk or a failed write makes SQLite roll back by itself.
    if (native.isOpen && native.isTransaction) execute("ROLLBACK");
  };
  const notify = (): void => {
    const due = listeners;
    listeners = [];
    for (const run of due) {
      try {
        run();
      } catch (error) {
        options.onListenerError(error);
      }
    }
  };
  const joined = <T>(work: (sql: SqlSession) => T): T => {
    depth += 1;
    try {
      return synchronous(work(session));
    } catch (error) {
      doom ??= { error };
      throw error;
    } finally {
      depth -= 1;
    }
  };

  const commit = (): void => {
    try {
      execute("COMMIT");
    } catch (error) {
      mayHaveRefused ||= isAgent33Error(error) && error.code === "store.io";
      throw error;
    }
  };

  /** The failure of a joined call that its caller caught. */
  const swallowed = () => doom;

  const outermost = <T>(work: (sql: SqlSession) => T, start: () => void): T => {
    if (options.readOnly) throw onlyRead(path);
    leaveRefusedBehind();
    start();
    doom = undefined;
    eraIsSure = false;
    let result: T;
    recording = undefined;
    try {
      recording = options.recorder()?.begin();
      result = joined(work);
      const failure = swallowed();
      if (failure !== undefined) throw failure.error;
      recording?.beforeCommit();
      commit();
    } catch (error) {
      rollback();
      recording?.undone();
      throw error;
    }
    notify();
    return result;
  };

  const part = <T>(work: (sql: SqlSession) => T): T => {
    // A savepoint without a transaction would begin one, and its release would commit it.
    if (!native.isTransaction) throw doom?.error ?? mapSqliteError(new Error(ended), path);
    const failedBefore = doom;
    const told = listeners.length;
    const mark = recording?.mark() ?? 0;
    execute("SAVEPOINT part");
    depth += 1;
    try {
      const result = synchronous(work(session));
      const failure = swallowed();
      if (failure !== undefined) throw failure.error;
      execute("RELEASE part");
      return result;
    } catch (error) {
      era = {};
      // A full disk ends the whole transaction; then there is no part to go back to.
      if (native.isTransaction) {
        execute("ROLLBACK TO part");
        execute("RELEASE part");
        doom = failedBefore;
        listeners = listeners.slice(0, told);
        recording?.backTo(mark);
      } else doom ??= { error };
      throw error;
    } finally {
      depth -= 1;
    }
  };

  const snapshot = <T>(work: (sql: SqlSession) => T): T => {
    if (native.isOpen && native.isTransaction) return synchronous(work(session));
    // Through the session, which prepares both once: a read of one statement hardly pays for them.
    session.run("BEGIN");
    try {
      const result = synchronous(work(session));
      session.run("COMMIT");
      return result;
    } catch (error) {
      rollback();
      throw error;
    }
  };

  return {
    snapshot,
    transaction: (work) => (depth > 0 ? joined(work) : outermost(work, begin)),
    transactionNow: (work) => (depth > 0 ? joined(work) : outermost(work, beginNow)),
    savepoint: (work) => (depth > 0 ? part(work) : outermost(work, begin)),
    foreignWrites: () => (native.isTransaction ? undefined : dataVersion()),
    era: () => {
      // Nothing is held that would keep others from writing.
      if (depth === 0) return {};
      if (eraIsSure) return era;
      const version = dataVersion();
      if (version !== eraVersion) era = {};
      eraVersion = version;
      eraIsSure = true;
      return era;
    },
    afterCommit: (run) => {
      listeners.push(run);
      if (depth === 0) notify();
    },
  };
}

function synchronous<T>(value: T): T {
  if (value instanceof Promise) {
    throw new Agent33Error(
      "store.async_transaction",
      "A transaction's function returned a promise.",
      {
        hint: "Do the asynchronous work first, then write its result inside the transaction.",
      },
    );
  }
  return value;
}
