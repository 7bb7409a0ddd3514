import type { Duplex } from "node:stream";
import { Client, Pool, type PoolClient, type PoolConfig } from "pg";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { mapPostgresError } from "./errors.ts";
import { createGate } from "./gate.ts";
import { createSession, createStatementNames } from "./session.ts";
import { createTransactions, type Lent, type Transactions } from "./transactions.ts";
import { parserOf } from "./values.ts";

/** A pool of connections to one database of a PostgreSQL server. */
export interface Database extends Transactions {
  /** `postgres://user@host:port/database`, without the password. */
  readonly place: string;
  /** Refuses new work, waits for what is under way and closes the connections. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /**
   * `postgres://user:password@host:port/database`; a folder as `?host=/folder` is a local socket.
   * What it leaves out comes from where PostgreSQL's own programs take it (`PGPASSWORD`, …).
   */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Connections at most. Default 4. All but one may be used for writes, so that reads go on while
   * writes wait for another session's lock.
   */
  readonly poolSize?: number;
  /** How long to wait for a connection, or for the turn to write. Milliseconds, default 10 000. */
  readonly connectTimeoutMs?: number;
  /** How long one statement may take. Milliseconds, default 60 000; 0 is for ever. */
  readonly statementTimeoutMs?: number;
  /** How long one statement waits for another's lock. Milliseconds, default 10 000. */
  readonly lockTimeoutMs?: number;
  /**
   * Makes the socket of a new connection. Default: a plain one, which the egress guard refuses
   * where nobody has granted it.
   */
  readonly socket?: () => Duplex;
}

/** The server's own limit should come first, as it tells more. */
const graceMs = 10_000;
/** A process that was stopped (Ctrl+Z) inside a transaction must not hold the others up for ever. */
const idleInTransactionMs = 60_000;
const idleMs = 60_000;

/**
 * A pool; connections are made as they are needed. Checking and making the schema is the
 * migrator's work.
 * @throws Agent33Error `store.bad_address`; from its functions `store.*`
 */
export function openDatabase(options: DatabaseOptions): Database {
  const place = placeOf(options.url);
  const statementTimeoutMs = options.statementTimeoutMs ?? 60_000;
  const poolSize = options.poolSize ?? 4;
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  const writers = createGate(Math.max(poolSize - 1, 1), connectTimeoutMs);
  const pool = new Pool({
    connectionString: options.url,
    application_name: "agent33",
    ...(options.socket === undefined ? {} : { stream: options.socket }),
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    ...(statementTimeoutMs === 0 ? {} : { query_timeout: statementTimeoutMs + graceMs }),
    idleTimeoutMillis: idleMs,
    // An idle pool keeps no process alive.
    allowExitOnIdle: true,
    keepAlive: true,
    pipeline: true,
    types: { getTypeParser: parserOf } as unknown as NonNullable<PoolConfig["types"]>,
  });
  // The driver reports a loss here besides failing the queries; unheard, it would end the process.
  const ignoreLoss = (): void => undefined;
  pool.on("error", ignoreLoss);
  pool.on("connect", (client) => client.on("error", ignoreLoss));

  const names = createStatementNames();
  const settings = settingsText(statementTimeoutMs, options.lockTimeoutMs ?? 10_000);
  /** The state of the schema, by count, that each connection was made in. */
  const madeIn = new WeakMap<PoolClient, number>();
  let schemaState = 0;
  let closing: Promise<void> | undefined;
  let idle: (() => void) | undefined;
  let lentNow = 0;

  const connect = async (): Promise<PoolClient> => {
    for (;;) {
      const client = await pool.connect();
      if ((madeIn.get(client) ?? schemaState) === schemaState) return client;
      client.release(true);
    }
  };
  const lend = async (kind: "read" | "write"): Promise<Lent> => {
    if (closing !== undefined) throw closed(place);
    lentNow += 1;
    const returned = (): void => {
      lentNow -= 1;
      if (lentNow === 0) idle?.();
    };
    if (kind === "write" && !(await writers.enter())) {
      returned();
      throw noTurn(place, connectTimeoutMs);
    }
    const leave = (): void => {
      if (kind === "write") writers.leave();
      returned();
    };
    let client: PoolClient;
    try {
      client = await connect();
    } catch (error) {
      leave();
      throw mapPostgresError(error, place);
    }
    const session = createSession(client, names, place);
    if (!madeIn.has(client)) session.ahead(settings);
    const state = madeIn.get(client) ?? schemaState;
    madeIn.set(client, state);
    return {
      session,
      release: (how) => {
        if (how === "outdated" && state === schemaState) schemaState += 1;
        client.release(how !== "sound");
        leave();
      },
    };
  };

  return {
    ...createTransactions({ lend, clock: options.clock, random: options.random, place }),
    place,
    close: () => {
      closing ??= (async () => {
        // The driver forgets those who wait for a connection when it ends, so nobody may wait.
        if (lentNow > 0) {
          await new Promise<void>((resolve) => {
            idle = resolve;
          });
        }
        await pool.end();
      })();
      return closing;
    },
  };
}

/**
 * What every session is set to. Read-only is for what should ever run outside of a transaction:
 * transactions that write say so themselves.
 */
function settingsText(statementTimeoutMs: number, lockTimeoutMs: number): string {
  return [
    "SET default_transaction_read_only = on",
    `SET statement_timeout = ${statementTimeoutMs}`,
    `SET lock_timeout = ${lockTimeoutMs}`,
    `SET idle_in_transaction_session_timeout = ${idleInTransactionMs}`,
    "SET client_encoding = 'UTF8'",
    // The shortest text that reads back as the same number.
    "SET extra_float_digits = 1",
  ].join("; ");
}

/**
 * A store's address without its password, for people.
 * @throws Agent33Error `store.bad_address`, which does not repeat the address: it holds a password
 */
export function placeOf(url: string): string {
  const { user, host, port, database } = clientOf(url);
  const shownHost = host.includes("/") ? encodeURIComponent(host) : host;
  return `postgres://${user ?? ""}@${shownHost}:${port}/${database ?? ""}`;
}

/**
 * Where the driver connects to: `host:port`, or the path of a local socket.
 * @throws Agent33Error `store.bad_address`
 */
export function serverOf(url: string): string {
  const { host, port } = clientOf(url);
  if (host.startsWith("/")) return `${host}/.s.PGSQL.${port}`;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function clientOf(url: string): Client {
  if (!/^postgres(ql)?:\/\//.test(url)) throw badAddress("It does not begin with postgres://.");
  try {
    return new Client({ connectionString: url });
  } catch (error) {
    // No cause: the driver's error carries the whole address.
    throw badAddress(`${messageOf(error)}.`);
  }
}

function badAddress(why: string): Agent33Error {
  return new Agent33Error("store.bad_address", `The store's PostgreSQL address is bad. ${why}`, {
    hint: "Write postgres://USER:PASSWORD@HOST:5432/DATABASE, with %XX for special characters in the password.",
  });
}

function noTurn(place: string, waitedMs: number): Agent33Error {
  return new Agent33Error(
    "store.busy",
    `Other writes to ${place} have taken all connections for ${waitedMs} ms.`,
    {
      hint: "Try again. If it stays so, look for sessions that hold locks (pg_stat_activity), such as one of a stopped process.",
      retryable: true,
      details: { place },
    },
  );
}

function closed(place: string): Agent33Error {
  return new Agent33Error("store.closed", `The store ${place} has been closed.`, {
    hint: "Something asked it after its engine was closed. Close the engine last.",
    details: { place },
  });
}
