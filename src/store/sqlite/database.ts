import { chmodSync, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../../base/clock.ts";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import type { BusyNotice } from "../backend.ts";
import type { Recorder } from "../journal/recorder.ts";
import { mapSqliteError } from "./errors.ts";
import { createSeals } from "./seals.ts";
import { createSession, type ObservedSession, type SqlSession } from "./session.ts";
import { pause } from "./pause.ts";
import { useStore } from "./use-lock.ts";
import { createTransactions, type Transactions } from "./transactions.ts";

/** `A33L` in ASCII: says in the file's header whose it is (https://sqlite.org/pragma.html#pragma_application_id). */
export const applicationId = 0x4133334c;
/** The first version without the WAL-reset fault (https://sqlite.org/wal.html#the_wal_reset_bug). */
const oldestSqlite = [3, 51, 3] as const;
/** How long a statement waits for another process where nothing else is said. Milliseconds. */
export const defaultBusyTimeoutMs = 5000;
const walAttempts = 40;
const walPauseMs = 25;
const maxWalBytes = 64 * 1024 * 1024;

/** The path of a store that lives in memory and ends with its process. */
export const inMemory = ":memory:";

/** One open SQLite file. */
export interface Database extends Transactions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly sql: SqlSession;
  /** Runs several statements without parameters. For schema changes. */
  script(text: string): void;
  /**
   * Puts seals on what is written from here on and looks at those of what is read. For a file that
   * has this program's schema.
   */
  seal(): void;
  /** From here on each transaction is seen by a recorder before it is committed. */
  record(make: (sql: ObservedSession) => Recorder): void;
  close(): void;
}

export interface DatabaseOptions {
  readonly path: string;
  /**
   * `full` (default) keeps every acknowledged write through a power cut; `normal` may lose the
   * last ones but never damages the file.
   */
  readonly synchronous?: "full" | "normal";
  /** How long one statement waits for another process's write lock. Milliseconds, default 5000. */
  readonly busyTimeoutMs?: number;
  /** Whether the file is only read: as a damaged one is that is to stay as it is. */
  readonly readOnly?: boolean;
  /**
   * Told when a function given to `afterCommit` throws: the data is committed by then, so the
   * writer must not see it. Default: thrown from a microtask, like any uncaught fault.
   */
  readonly onListenerError?: (error: unknown) => void;
  /** Told when a transaction has waited long for another process's lock. */
  readonly onBusy?: (notice: BusyNotice) => void;
  /** Measures waits. Default: the machine's. */
  readonly clock?: Clock;
  /** Milliseconds since the Unix epoch, for the revisions of rows. Default: the clock's. */
  readonly now?: () => number;
}

/**
 * Opens or creates the file; the schema is the migrator's work.
 * @throws Agent33Error `store.old_sqlite`, `store.not_a_store`, `store.data_folder`,
 * `store.restoring`, other `store.*`
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { path } = options;
  const busyTimeoutMs = options.busyTimeoutMs ?? defaultBusyTimeoutMs;
  const use = path === inMemory ? undefined : useStore(path, busyTimeoutMs);
  try {
    return openUsed(options, busyTimeoutMs, () => use?.release());
  } catch (error) {
    use?.release();
    throw error;
  }
}

function openUsed(options: DatabaseOptions, busyTimeoutMs: number, onClosed: () => void): Database {
  const { path, readOnly = false } = options;
  let native: DatabaseSync;
  const isNew = path !== inMemory && !existsSync(path);
  try {
    native = new DatabaseSync(path, {
      timeout: busyTimeoutMs,
      readOnly,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
    });
    // Prompts and results are for this user's eyes; SQLite gives its side files the same rights.
    if (isNew) chmodSync(path, 0o600);
  } catch (error) {
    throw mapSqliteError(error, path);
  }
  try {
    const clock = options.clock ?? systemClock;
    const seals = createSeals(native, options.now ?? (() => clock.now()));
    const sql = createSession(native, path, seals);
    checkSqliteVersion(String(sql.get("SELECT sqlite_version() AS version")?.["version"]));
    // Nothing may be written to a file before it is known to be ours: even journal_mode writes.
    checkOwner(native, sql, path);
    if (path !== inMemory && !readOnly) useWal(sql, path);
    configure(sql, options.synchronous ?? "full");
    let recorder: Recorder | undefined;
    const transactions = createTransactions({
      native,
      recorder: () => recorder,
      session: sql,
      path,
      busyTimeoutMs,
      clock,
      readOnly,
      onListenerError: options.onListenerError ?? rethrowLater,
      ...(options.onBusy === undefined ? {} : { onBusy: options.onBusy }),
    });
    return {
      ...transactions,
      path,
      busyTimeoutMs,
      sql,
      script: (text) => {
        try {
          native.exec(text);
        } catch (error) {
          throw mapSqliteError(error, path);
        }
      },
      seal: () => {
        try {
          seals.install();
        } catch (error) {
          throw mapSqliteError(error, path);
        }
      },
      record: (make) => {
        recorder = make(sql);
      },
      close: () => {
        if (!native.isOpen) return;
        recorder?.close();
        native.close();
        onClosed();
      },
    };
  } catch (error) {
    native.close();
    throw mapSqliteError(error, path);
  }
}

/**
 * Refuses a SQLite that can lose committed transactions in WAL mode.
 * @throws Agent33Error `store.old_sqlite`
 */
export function checkSqliteVersion(version: string): void {
  const parts = version.split(".").map(Number);
  for (const [index, least] of oldestSqlite.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) {
      throw new Agent33Error("store.old_sqlite", `This Node brings SQLite ${version}.`, {
        hint: `Use a Node with SQLite ${oldestSqlite.join(".")} or newer (Node 24.15 has it): older ones can lose committed data.`,
        details: { version, oldest: oldestSqlite.join(".") },
      });
    }
  }
}

function checkOwner(native: DatabaseSync, sql: SqlSession, path: string): void {
  // One read transaction, so that a file that another process is just creating is seen as a whole.
  native.exec("BEGIN");
  const id = sql.get("PRAGMA application_id")?.["application_id"];
  const tables = sql.get("SELECT count(*) AS tables FROM sqlite_schema")?.["tables"];
  native.exec("COMMIT");
  if (id === applicationId || (id === 0 && tables === 0)) return;
  throw new Agent33Error("store.not_a_store", `The file ${path} is another program's database.`, {
    hint: "Choose another data folder with --data.",
    details: { path, applicationId: Number(id) },
  });
}

/** Two processes that create one file at once get "busy" here without SQLite's own waiting. */
function useWal(sql: SqlSession, path: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const mode = sql.get("PRAGMA journal_mode = WAL")?.["journal_mode"];
      if (mode === "wal") return;
      throw new Agent33Error("store.data_folder", `The file system under ${path} cannot do WAL.`, {
        hint: "Put the data folder on a local disk, not on a network share.",
        details: { path, journalMode: String(mode) },
      });
    } catch (error) {
      if (!(isAgent33Error(error) && error.code === "store.busy") || attempt >= walAttempts)
        throw error;
      pause(walPauseMs);
    }
  }
}

function configure(sql: SqlSession, synchronous: "full" | "normal"): void {
  sql.run(`PRAGMA synchronous = ${synchronous === "full" ? "FULL" : "NORMAL"}`);
  sql.run("PRAGMA trusted_schema = OFF");
  sql.run("PRAGMA cell_size_check = ON");
  // The views and triggers of the connection need no file.
  sql.run("PRAGMA temp_store = MEMORY");
  sql.get(`PRAGMA journal_size_limit = ${maxWalBytes}`);
}

function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
