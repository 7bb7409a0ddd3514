import type { Clock } from "../../base/clock.ts";
import { isAgent33Error } from "../../base/errors.ts";
import { driveAsync, type Program } from "../program.ts";
import { mayRunAgain, metDamage } from "./errors.ts";
import type { SqlSession } from "./session.ts";
import type { Transactions } from "./transactions.ts";

/**
 * Writes of many callers, committed together where there are many: one wait for the disk, and no
 * waiting of each for the rows of the one before. Few writes of a tenant run beside each other in
 * transactions of their own. Each write is a part of its own, so that one that fails takes nothing
 * with it. A promise resolves once its write is committed.
 */
export interface GroupCommit {
  /** @throws Agent33Error as {@link Transactions.run}, and what the program throws */
  submit<T>(tenant: string, make: () => Program<T>): Promise<T>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly make: () => Program<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one write within a transaction of many. */
type Part = { readonly value: unknown } | { readonly error: unknown };

/** One tenant's writes in this process. */
interface Lane {
  waiting: Waiting[];
  running: number;
}

/** Writes of a tenant that run beside each other. */
const parallel = 3;
/** A server keeps track of this many parts of a transaction without slowing others down. */
const maxBatch = 64;
/** Other processes' writes of the tenant wait meanwhile. Milliseconds. */
const maxBatchMs = 50;

export function createGroupCommit(transactions: Transactions, clock: Clock): GroupCommit {
  const lanes = new Map<string, Lane>();
  let whenIdle: (() => void)[] = [];

  const single = async (tenant: string, one: Waiting): Promise<void> => {
    try {
      one.resolve(await transactions.run("write", { tenant }, one.make));
    } catch (error) {
      one.reject(error);
    }
  };

  const together = async (tenant: string, lane: Lane, batch: readonly Waiting[]): Promise<void> => {
    const parts: Part[] = [];
    let lost: unknown;
    try {
      await transactions.transaction({ tenant, alone: true }, (session) =>
        runInParts(session, batch, parts, clock),
      );
    } catch (error) {
      if (!isAgent33Error(error) || error.code !== "store.outcome_unknown") {
        // None of it was kept. By itself each write is told what its own fault is, if it has one.
        await Promise.all(batch.map((one) => single(tenant, one)));
        return;
      }
      lost = error;
    }
    for (const [index, part] of parts.entries()) {
      const { resolve, reject } = batch[index] as Waiting;
      if ("error" in part) reject(part.error);
      else if (lost !== undefined) reject(lost);
      else resolve(part.value);
    }
    lane.waiting = [...batch.slice(parts.length), ...lane.waiting];
  };

  const start = async (tenant: string, lane: Lane, work: Promise<void>): Promise<void> => {
    lane.running += 1;
    await work;
    lane.running -= 1;
    later(tenant, lane);
  };

  const pump = (tenant: string, lane: Lane): void => {
    const { waiting, running } = lane;
    if (waiting.length + running <= parallel) {
      lane.waiting = [];
      for (const one of waiting) void start(tenant, lane, single(tenant, one));
    } else if (running === 0) {
      lane.waiting = waiting.slice(maxBatch);
      void start(tenant, lane, together(tenant, lane, waiting.slice(0, maxBatch)));
    }
    if (lane.waiting.length > 0 || lane.running > 0) return;
    lanes.delete(tenant);
    if (lanes.size > 0) return;
    for (const tell of whenIdle) tell();
    whenIdle = [];
  };

  /** Callers that write again as soon as they are answered belong into one batch. */
  const later = (tenant: string, lane: Lane): void => {
    setImmediate(() => {
      if (lanes.get(tenant) === lane) pump(tenant, lane);
    });
  };

  return {
    submit: <T>(tenant: string, make: () => Program<T>) =>
      new Promise<T>((resolve, reject) => {
        const lane = lanes.get(tenant) ?? { waiting: [], running: 0 };
        lanes.set(tenant, lane);
        lane.waiting.push({ make, resolve: resolve as (value: unknown) => void, reject });
        later(tenant, lane);
      }),
    idle: () =>
      new Promise((resolve) => {
        if (lanes.size === 0) resolve();
        else whenIdle.push(resolve);
      }),
  };
}

/** Runs each write in a part of the transaction, until the time is over. */
async function runInParts(
  session: SqlSession,
  batch: readonly Waiting[],
  parts: Part[],
  clock: Clock,
): Promise<void> {
  const began = clock.monotonic();
  for (const { make } of batch) {
    if (parts.length > 0 && clock.monotonic() - began > maxBatchMs) break;
    session.ahead("SAVEPOINT part");
    try {
      parts.push({ value: await driveAsync(make(), (statement) => session.answer(statement)) });
    } catch (error) {
      // What may be run again is run again by itself, after the whole is rolled back.
      if (mayRunAgain(error) || metDamage(error)) throw error;
      await session.script("ROLLBACK TO part");
      parts.push({ error });
    }
    session.ahead("RELEASE part");
  }
}
