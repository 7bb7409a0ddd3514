import { Agent33Error, isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";

interface ErrorRow {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
  readonly retryable: boolean;
  /** Nothing of the transaction was kept, and another attempt soon may well succeed. */
  readonly again?: true;
}

const unreachable: ErrorRow = {
  code: "store.unreachable",
  what: "The PostgreSQL server cannot be reached",
  hint: "Check that the server runs, and the host and port of the store's address; then try again.",
  retryable: true,
};

/** A server that is just started again refuses connections for a moment. */
const refused: ErrorRow = { ...unreachable, again: true };

const lost: ErrorRow = {
  ...refused,
  what: "The connection to the PostgreSQL server was lost",
  hint: "Try again. If it stays so, look into the server's log.",
};

const access: ErrorRow = {
  code: "store.access",
  what: "The PostgreSQL server refused the access",
  hint: "Check the user and the password of the store's address, and the server's pg_hba.conf.",
  retryable: false,
};

const encryption: ErrorRow = {
  ...access,
  what: "No trusted encrypted connection to the PostgreSQL server came about",
  hint: "Give the authority's certificate with sslrootcert=FILE in the store's address, or sslmode=disable on a network that you trust.",
};

const rights: ErrorRow = {
  ...access,
  what: "The store's role lacks a right",
  hint: "Let the role own the database, or grant it what the message names (CREATE on the schema to set the store up).",
};

const wrongTenant: ErrorRow = {
  code: "store.wrong_tenant",
  what: "A write reached for another tenant's row",
  hint: "This is a fault in AGENT-33 itself; the database has refused it. Please report it with the message.",
  retryable: false,
};

const busy: ErrorRow = {
  code: "store.busy",
  what: "The PostgreSQL server did not get to it in time",
  hint: "Try again. If it stays so, look for long transactions (pg_stat_activity) or give the server more connections.",
  retryable: true,
};

const conflict: ErrorRow = {
  code: "store.conflict",
  what: "Others changed the same rows at the same time, again and again",
  hint: "Try again.",
  retryable: true,
  again: true,
};

const corrupt: ErrorRow = {
  code: "store.corrupt",
  what: "The PostgreSQL server found its data damaged",
  hint: "Stop writing, keep a copy of the server's data directory, and restore a backup.",
  retryable: false,
};

const damaged: ErrorRow = {
  code: "store.bad_row",
  what: "A row's checksum does not agree with its content",
  hint: "It was changed past this program, or its page is damaged. Keep a copy of the server's data directory, and restore a backup.",
  retryable: false,
};

const badParameter: ErrorRow = {
  code: "store.bad_parameter",
  what: "PostgreSQL cannot hold a text as it is",
  hint: "Pass text that is valid Unicode without U+0000.",
  retryable: false,
};

const fallback: ErrorRow = {
  code: "store.failed",
  what: "PostgreSQL refused a statement",
  hint: "This is a fault in AGENT-33 itself. Please report it with the message.",
  retryable: false,
};

/** Five-letter codes (https://www.postgresql.org/docs/15/errcodes-appendix.html) and classes. */
const rows: Readonly<Record<string, ErrorRow>> = {
  "08": lost,
  // Sessions that the server ended: shutdown, crash, start-up, idle limits.
  "57P": lost,
  "25P03": lost,
  "57P04": { ...access, what: "The store's database was dropped" },
  "28": access,
  "3D000": {
    ...access,
    what: "The store's database does not exist",
    hint: "Create it (createdb -E UTF8 -O ROLE NAME), or correct the name in the store's address.",
  },
  "3F000": { ...rights, what: "There is no schema to keep the store in" },
  "42501": rights,
  "53": busy,
  "53100": {
    code: "store.full",
    what: "There is no space left for the store",
    hint: "Free space on the disk of the PostgreSQL server, then try again. Reading still works.",
    retryable: false,
  },
  "55P03": busy,
  "57014": busy,
  "25006": {
    code: "store.readonly",
    what: "The store cannot be written",
    hint: "Connect to the primary server: this one only reads (a standby, or default_transaction_read_only).",
    retryable: false,
  },
  "58030": {
    code: "store.io",
    what: "The PostgreSQL server's disk failed to read or write the store",
    hint: "Check the disk of the server. What was acknowledged before is kept.",
    retryable: false,
  },
  // Raised by the store's own functions.
  A3301: damaged,
  "58P01": corrupt,
  XX001: corrupt,
  XX002: corrupt,
  "40001": conflict,
  "40P01": conflict,
  "22021": badParameter,
  "22P05": badParameter,
  // A pooler that hands each transaction another session loses what was prepared in the last one.
  "26000": pooled(),
  "42P05": pooled(),
};

function pooled(): ErrorRow {
  const hint = "Connect to the server itself, or through a pooler in session mode.";
  return { ...fallback, what: "The server's sessions are mixed up", hint };
}

const systemRows: Readonly<Record<string, ErrorRow>> = {
  ECONNRESET: lost,
  EPIPE: lost,
  ECONNREFUSED: refused,
  ECONNABORTED: lost,
  ENOTFOUND: unreachable,
  EAI_AGAIN: unreachable,
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENOENT: refused,
  EACCES: unreachable,
};

/** What the driver says in words only. */
const spoken: readonly (readonly [RegExp, ErrorRow])[] = [
  [/^timeout exceeded when trying to connect/, busy],
  [/due to connection timeout|^timeout expired/, unreachable],
  [/^Connection terminated|not queryable|^Query read timeout/, lost],
  [/\bSASL\b|\bpassword\b/, access],
  [/\bSSL\b|certificate/, encryption],
];

/** "Feature not supported"; in these words, a prepared statement whose table was changed. */
const outdated = "0A000";

function rowOf(error: unknown): ErrorRow {
  const code = systemCodeOf(error);
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) {
    if (code === outdated && /cached plan/.test(messageOf(error))) return conflict;
    if (code === "42501" && /row-level security/.test(messageOf(error))) return wrongTenant;
    const row = rows[code] ?? rows[code.slice(0, 3)] ?? rows[code.slice(0, 2)];
    if (row !== undefined) return row;
  }
  if (code !== undefined && systemRows[code] !== undefined) return systemRows[code];
  if (code !== undefined && /CERT|TLS|SIGNATURE/.test(code)) return encryption;
  return spoken.find(([words]) => words.test(messageOf(error)))?.[1] ?? fallback;
}

/** A host with several addresses fails with one error for each and no words of its own. */
function wordsOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return messageOf(first ?? error).replace(/\.$/, "");
}

/** What the driver threw, as a typed error. Errors that are typed already pass unchanged. */
export function mapPostgresError(error: unknown, place: string): Agent33Error {
  if (isAgent33Error(error)) return error;
  const row = rowOf(error);
  const code = systemCodeOf(error);
  return new Agent33Error(row.code, `${row.what} (${place}): ${wordsOf(error)}.`, {
    hint: row.hint,
    retryable: row.retryable,
    details: { place, ...(code === undefined ? {} : { postgresCode: code }) },
    cause: error,
  });
}

/** The error for a row of a list that is not as it was sealed. */
export function badRow(table: string, id: string, place: string): Agent33Error {
  return new Agent33Error(
    "store.bad_row",
    `${damaged.what} (${place}): row "${id}" of table ${table}.`,
    {
      hint: damaged.hint,
      details: { place, table, id },
    },
  );
}

/** Whether a statement met a row that is not as it was sealed. */
export function metDamage(error: unknown): boolean {
  return isAgent33Error(error) && error.details?.["postgresCode"] === "A3301";
}

/** Whether the whole transaction may be run again: nothing of it can have been kept. */
export function mayRunAgain(error: unknown): boolean {
  if (!isAgent33Error(error)) return false;
  return [conflict.code, lost.code].includes(error.code) && rowOf(error.cause).again === true;
}

/** Whether a statement was prepared for a table that has been changed since. */
export function isOutdated(error: unknown): boolean {
  return isAgent33Error(error) && error.details?.["postgresCode"] === outdated;
}

/**
 * The error for a commit that was sent and never answered. Every other failure of a commit is an
 * answer, and means that nothing was kept.
 */
export function outcomeUnknown(error: Agent33Error, place: string): Agent33Error {
  if (error.code !== lost.code) return error;
  return new Agent33Error(
    "store.outcome_unknown",
    `The connection to ${place} was lost while a write was being committed: ${wordsOf(error.cause)}.`,
    {
      hint: "It was kept in whole or not at all. Read it back, or repeat it with the same idempotency key.",
      retryable: true,
      details: { place },
      cause: error,
    },
  );
}
