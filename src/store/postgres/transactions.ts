import { escapeLiteral } from "pg";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { driveAsync, type Program } from "../program.ts";
import { isOutdated, mapPostgresError, mayRunAgain, metDamage, outcomeUnknown } from "./errors.ts";
import type { SqlSession } from "./session.ts";

/**
 * Whose rows a transaction may see: one tenant's, or everybody's. The database enforces it. A
 * tenant's writes happen beside each other, but none beside one that is `alone`.
 */
export type Scope = { readonly tenant: string; readonly alone?: true } | "all tenants";

/** A connection that is lent for one transaction. */
export interface Lent {
  readonly session: SqlSession;
  /**
   * Gives it back. A connection whose state is in doubt is closed instead of lent again; where what
   * it has prepared no longer fits the schema, so are all that are as old.
   */
  release(state: "sound" | "doubtful" | "outdated"): void;
}

/**
 * Runs programs in transactions of their own. What loses against another writer, or its connection
 * before the commit was sent, is run again from the start.
 */
export interface Transactions {
  /**
   * `read` sees one state of the store through all its statements, and cannot write.
   * @throws Agent33Error `store.conflict`, `store.unreachable`, `store.outcome_unknown`,
   * `store.busy`, other `store.*`, and what the program throws
   */
  run<T>(kind: "read" | "write", scope: Scope, make: () => Program<T>): Promise<T>;
  /** Reads of one state of the store, with other work between them; never run again. */
  reading<T>(scope: Scope, work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Work that is no program, in one write transaction; never run again. */
  transaction<T>(scope: Scope, work: (session: SqlSession) => Promise<T>): Promise<T>;
}

export interface TransactionsOptions {
  readonly lend: (kind: "read" | "write") => Promise<Lent>;
  readonly clock: Clock;
  readonly random: Random;
  /** For messages. */
  readonly place: string;
}

const maxAttempts = 5;
const firstPauseMs = 10;
/** A server that is started again is back within a second or two. */
const firstPauseAfterLossMs = 150;
/** After that long, the caller hears of the failure instead of another attempt. */
const patienceMs = 15_000;

export function createTransactions(options: TransactionsOptions): Transactions {
  const { lend, clock, random, place } = options;

  const once = async <T>(
    kind: "read" | "write",
    scope: Scope,
    work: (session: SqlSession) => Promise<T>,
  ): Promise<T> => {
    const { session, release } = await lend(kind);
    session.ahead(beginText(kind, scope));
    let result: T;
    try {
      result = await work(session);
    } catch (error) {
      release(isOutdated(error) ? "outdated" : await rolledBack(session));
      throw error;
    }
    if (kind === "read") {
      // Nothing hangs on the end of a read: the next user of the connection queues behind it.
      session.ahead("COMMIT");
      release("sound");
      return result;
    }
    try {
      await commit(session, place);
    } catch (error) {
      release("doubtful");
      throw error;
    }
    release("sound");
    return result;
  };

  return {
    run: async (kind, scope, make) => {
      const began = clock.monotonic();
      let damaged: "marked" | undefined;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(kind, scope, (session) =>
            driveAsync(make(), (statement) => session.answer(statement, damaged)),
          );
        } catch (error) {
          // A list tells of a damaged row and has all others; what meets one elsewhere meets it again.
          if (damaged === undefined && metDamage(error)) {
            damaged = "marked";
            continue;
          }
          const late = attempt >= maxAttempts || clock.monotonic() - began >= patienceMs;
          if (late || !mayRunAgain(error)) throw error;
          await clock.sleep(pauseMs(error, attempt, random));
        }
      }
    },
    reading: (scope, work) => once("read", scope, work),
    transaction: (scope, work) => once("write", scope, work),
  };
}

/** Said in full, or the defaults of a database or a role would decide. */
const modes = {
  read: "REPEATABLE READ READ ONLY",
  write: "READ COMMITTED READ WRITE",
} as const;

/**
 * The settings end with the transaction, so that a connection never carries a tenant on. Sessions
 * are read-only outside of transactions (see `database.ts`), so a write says that it is one.
 */
function beginText(kind: "read" | "write", scope: Scope): string {
  const begin = `BEGIN ISOLATION LEVEL ${modes[kind]}`;
  if (scope === "all tenants") {
    return `${begin}; SELECT set_config('agent33.all_tenants', 'on', true)`;
  }
  const tenant = `set_config('agent33.tenant', ${escapeLiteral(scope.tenant)}, true)`;
  if (kind === "read") return `${begin}; SELECT ${tenant}`;
  // Many writes in one transaction hold their rows in any order. Without this they would form
  // deadlocks with those of other processes, each of which costs the server's second of waiting.
  const lock = scope.alone === true ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared";
  const key = escapeLiteral(JSON.stringify(["writers", scope.tenant]));
  return `${begin}; SELECT ${tenant}, ${lock}(hashtextextended(${key}, 0))`;
}

async function commit(session: SqlSession, place: string): Promise<void> {
  let command: string;
  try {
    command = await session.script("COMMIT");
  } catch (error) {
    throw outcomeUnknown(mapPostgresError(error, place), place);
  }
  // A transaction that failed unnoticed is rolled back by COMMIT, which does not call it an error.
  if (command === "COMMIT") return;
  throw new Agent33Error("store.failed", `A write to ${place} was rolled back by the server.`, {
    hint: "This is a fault in AGENT-33 itself. Please report it with the message.",
    details: { place, command },
  });
}

async function rolledBack(session: SqlSession): Promise<"sound" | "doubtful"> {
  try {
    return (await session.script("ROLLBACK")) === "ROLLBACK" ? "sound" : "doubtful";
  } catch {
    // The first failure is what the caller is told; this connection is closed.
    return "doubtful";
  }
}

/** Doubling, with a random half of it so that those who collided do not meet again. */
function pauseMs(error: unknown, attempt: number, random: Random): number {
  const lost = isAgent33Error(error) && error.code === "store.unreachable";
  const whole = (lost ? firstPauseAfterLossMs : firstPauseMs) * 2 ** (attempt - 1);
  return whole / 2 + (random.next() * whole) / 2;
}
