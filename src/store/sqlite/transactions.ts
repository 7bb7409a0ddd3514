import type { DatabaseSync } from "node:sqlite";
import { Agent33Error } from "../../base/errors.ts";
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
   * Runs a function once the open transaction has committed, or at once where none is open. It is
   * dropped when the transaction rolls back. What it throws goes to `onListenerError`.
   */
  afterCommit(run: () => void): void;
}

export interface TransactionsOptions {
  readonly native: DatabaseSync;
  readonly session: SqlSession;
  readonly path: string;
  readonly onListenerError: (error: unknown) => void;
}

/** BEGIN waits for SQLite's busy timeout each time: twice bounds the wait at two timeouts. */
const beginAttempts = 2;
/** Some busy answers (recovery by another process) come at once; this keeps the second apart. */
const beginPauseMs = 25;

/** @throws Agent33Error `store.busy` after about two busy timeouts, other `store.*` */
export function createTransactions(options: TransactionsOptions): Transactions {
  const { native, session, path } = options;
  let depth = 0;
  let doom: { readonly error: unknown } | undefined;
  let listeners: (() => void)[] = [];

  const execute = (sql: string): void => {
    try {
      native.exec(sql);
    } catch (error) {
      throw mapSqliteError(error, path);
    }
  };
  const begin = (): void => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        native.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        const mapped = mapSqliteError(error, path);
        if (mapped.code !== "store.busy" || attempt >= beginAttempts) throw mapped;
        pause(beginPauseMs);
      }
    }
  };
  const rollback = (): void => {
    listeners = [];
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

  /** The failure of a joined call that its caller caught. */
  const swallowed = () => doom;

  return {
    transaction: (work) => {
      if (depth > 0) return joined(work);
      begin();
      doom = undefined;
      let result: ReturnType<typeof work>;
      try {
        result = joined(work);
        const failure = swallowed();
        if (failure !== undefined) throw failure.error;
        execute("COMMIT");
      } catch (error) {
        rollback();
        throw error;
      }
      notify();
      return result;
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
