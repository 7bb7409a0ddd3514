import { Agent33Error, isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { failsToRead, isMountedReadOnly, reachesFileLimit } from "./disk-look.ts";

interface ErrorRow {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
  readonly retryable: boolean;
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html) in the words of this room. */
const rows: Readonly<Record<number, ErrorRow>> = {
  5: {
    code: "store.busy",
    what: "Another process held the store's write lock for too long",
    hint: "Try again. If it stays so, look for a stopped (Ctrl+Z) or hanging AGENT-33 process.",
    retryable: true,
  },
  8: {
    code: "store.readonly",
    what: "The store cannot be written",
    hint: "Give this user write permission to the data folder and the files in it. A disk with a fault may have become read-only by itself: mend it and mount it again; reading goes on meanwhile.",
    retryable: false,
  },
  10: {
    code: "store.io",
    what: "The disk failed to read or write the store",
    hint: "Check the disk and its mount. What was acknowledged before is kept, and reading goes on where the disk can; once it works again, so does the store, without a restart.",
    retryable: false,
  },
  11: {
    code: "store.corrupt",
    what: "The store's file is damaged",
    hint: 'End all programs that use it, delete nothing, and run `agent33 store recover`: it makes the store whole, and keeps the damaged one. docs/operations/recover.md and "A damaged store" in docs/guides/store.md say more.',
    retryable: false,
  },
  13: {
    code: "store.full",
    what: "There is no space left for the store",
    hint: "Free space on the disk that holds the data folder, then try again. Reading still works.",
    retryable: false,
  },
  14: {
    code: "store.data_folder",
    what: "The store's file cannot be opened",
    hint: "Check that the data folder exists and that this user may write to it, or choose another with --data.",
    retryable: false,
  },
  26: {
    code: "store.not_a_store",
    what: "The file is not an AGENT-33 store",
    hint: 'Choose another data folder with --data. If it used to be one: `agent33 store recover` makes it whole. docs/operations/recover.md and "A damaged store" in docs/guides/store.md say more.',
    retryable: false,
  },
};

const fallback: ErrorRow = {
  code: "store.failed",
  what: "SQLite refused a statement",
  hint: "This is a fault in AGENT-33 itself. Please report it with the message.",
  retryable: false,
};

/** A disk with room on which this process may not make a file any larger. */
const limited: ErrorRow = {
  code: "store.full",
  what: "A file of the store is as large as this process may make one",
  hint: "Raise the limit on the size of files (`ulimit -f`, LimitFSIZE of systemd), then start again. Reading still works.",
  retryable: false,
};

/** What Node throws for a database that is closed; SQLite itself is not asked any more. */
const closed: ErrorRow = {
  code: "store.closed",
  what: "The store has been closed",
  hint: "Something asked it after its engine was closed. Close the engine last.",
  retryable: false,
};

/** SQLITE_IOERR_SHMSIZE: the shared-memory file could not grow, which in practice is a full disk. */
const sharedMemorySize = 4874;
/** SQLITE_IOERR_WRITE */
const failedToWrite = 778;
/** SQLITE_LOCKED_SHAREDCACHE and its like are waits too. */
const locked = 6;

/** The extended result code that node:sqlite puts on its errors as `errcode`. */
function sqliteCodeOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}

const corrupt = 11;
/** What SQLite says of a file that a read-only file system keeps it from writing or making. */
const refusedByDisk = new Set([10, 14]);

function rowOf(extended: number | undefined, path: string): ErrorRow {
  if (extended === undefined) return fallback;
  if (extended === sharedMemorySize) return rows[13] ?? fallback;
  const primary = extended & 0xff;
  if (primary === corrupt && failsToRead(path)) return rows[10] ?? fallback;
  if (refusedByDisk.has(primary) && isMountedReadOnly(path)) return rows[8] ?? fallback;
  if (extended === failedToWrite && reachesFileLimit(path)) return limited;
  return rows[primary === locked ? 5 : primary] ?? fallback;
}

/** What node:sqlite threw, as a typed error. Errors that are typed already pass unchanged. */
export function mapSqliteError(error: unknown, path: string): Agent33Error {
  if (isAgent33Error(error)) return error;
  const extended = sqliteCodeOf(error);
  const row = systemCodeOf(error) === "ERR_INVALID_STATE" ? closed : rowOf(extended, path);
  return new Agent33Error(row.code, `${row.what} (${path}): ${messageOf(error)}.`, {
    hint: row.hint,
    retryable: row.retryable,
    details: { path, ...(extended === undefined ? {} : { sqliteCode: extended }) },
    cause: error,
  });
}

/**
 * Tells of a disk that fails to read, for whoever has found something wrong with what was read.
 * @throws Agent33Error `store.io`
 */
export function refuseUnreadable(path: string): void {
  if (!failsToRead(path)) return;
  throw mapSqliteError(Object.assign(new Error("a read failed"), { errcode: 10 }), path);
}
