import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { systemRandom } from "../../src/base/random.ts";
import { createBoundary } from "../../src/boundary/boundary.ts";
import { createLimitUses } from "../../src/boundary/limit-uses.ts";
import { createBudgetLedger } from "../../src/boundary/budget.ts";
import { installEgressGuard, switchEgressGuard } from "../../src/boundary/egress/guard.ts";
import { BoundaryError } from "../../src/boundary/errors.ts";
import type { AuditSink, IdempotencyLedger, TenantRecords } from "../../src/boundary/ports.ts";
import { createStandingLedger, type StandingLedger } from "../../src/boundary/standing-budgets.ts";
import type { CallFacts, ConnectorSpec } from "../../src/boundary/types.ts";
import { openStore } from "../../src/store/store.ts";
import type { Chain, Contender, Feature } from "./contender.ts";
import {
  type Ask,
  ask,
  breakerSettings,
  ClientError,
  connectorId,
  type Handler,
  noop,
  policy,
  principal,
  ServerError,
  type Settings,
  toolFacts,
  usualSettings,
} from "./workload.ts";

const inMemory = [
  "retry",
  "timeout",
  "breaker",
  "cancel",
  "totalTime",
  "bulkhead",
  "retryAfter",
  "policy",
  "budget",
  "audit",
] as const satisfies readonly Feature[];

/** Where the records and keys of one chain go. */
interface Memory {
  readonly audit: AuditSink;
  readonly idempotency: IdempotencyLedger;
  /** Budgets that outlive runs. */
  readonly standing?: StandingLedger;
  records(): Promise<number>;
  close(): void;
}

/**
 * Counts records and drops them; forgets finished keys, so that no map grows under the clock.
 * @param batched whether it takes reads as a sink does that writes them later, off the call's path
 */
function countingMemory(batched: boolean): Memory {
  let closed = 0;
  const started = new Set<string>();
  const count = () => {
    closed += 1;
  };
  return {
    audit: { open: () => undefined, close: count, ...(batched ? { closeSoon: count } : {}) },
    idempotency: {
      stateOf: (key) => (started.has(key) ? "started" : "fresh"),
      reserve: (key) => {
        if (started.has(key)) return "started";
        started.add(key);
        return "fresh";
      },
      finish: (key) => started.delete(key),
      release: (key) => started.delete(key),
    },
    records: () => Promise.resolve(closed),
    close: () => undefined,
  };
}

function sqliteMemory(synchronous: "full" | "normal"): Memory {
  const dataDir = mkdtempSync(join(tmpdir(), "agent33-bench-"));
  const ids = uuidv7Source(systemClock, systemRandom);
  const store = openStore({ dataDir, clock: systemClock, ids, synchronous });
  const rows = store.tenant("bench");
  return {
    audit: rows.audit,
    idempotency: rows.idempotency,
    records: async () => rows.audit.list().items.length,
    close: () => {
      store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Records in memory, and a budget over runs and processes that is kept in a file. */
function memoryWithStandingBudget(): Memory {
  const dataDir = mkdtempSync(join(tmpdir(), "agent33-bench-"));
  const ids = uuidv7Source(systemClock, systemRandom);
  const store = openStore({ dataDir, clock: systemClock, ids, synchronous: "full" });
  const limits = { calls: 1_000_000_000 };
  const standing = createStandingLedger({
    budgets: [{ name: "bench", per: "tenant", period: "forever", limits }],
    storeOf: (tenant) => store.tenant(tenant).budgets,
    now: () => systemClock.now(),
  });
  return {
    ...countingMemory(true),
    standing,
    close: () => {
      standing.close();
      store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The failures of the workload in the chain's own words. */
function mapError(error: unknown): BoundaryError | undefined {
  if (error instanceof ServerError) return new BoundaryError("upstream_5xx", error.message);
  if (error instanceof ClientError) return new BoundaryError("upstream_4xx", error.message);
  return undefined;
}

const estimated = { tokens: 200, costMicroUsd: 90 };
const measured = { tokens: 120, costMicroUsd: 50 };

type Facts = (input: Ask) => CallFacts;
const readFacts: Facts = (input) => toolFacts("read", input);
const writeFacts: Facts = (input) => toolFacts("write", input);
/** A model call says nothing of its arguments: policy does not look into prompts. */
const bareFacts: Facts = ({ host }) => ({
  operation: "chat",
  effect: "read",
  repeat: "safe",
  host,
  port: 443,
});

function build(
  facts: Facts,
  memory: Memory,
  handler: Handler,
  settings: Settings,
  {
    streams = false,
    budget = true,
  }: { readonly streams?: boolean; readonly budget?: boolean } = {},
): Chain {
  const { attemptMs, totalMs, maxAttempts, maxConcurrent, random } = settings;
  const budgets = createBudgetLedger(systemClock);
  budgets.open("bench", { tokens: Number.MAX_SAFE_INTEGER, costMicroUsd: Number.MAX_SAFE_INTEGER });
  let keys = 0;
  const records: TenantRecords = {
    approvals: {
      request: () => {
        throw new Error("Nobody is asked in this benchmark.");
      },
      consume: () => "unknown",
      restore: () => undefined,
      list: () => [],
    },
    idempotency: {
      ...memory.idempotency,
      reserve: (key, runId, at) => {
        keys += 1;
        return memory.idempotency.reserve(key, runId, at);
      },
    },
    audit: memory.audit,
    limitUses: createLimitUses(),
  };
  const boundary = createBoundary({
    clock: systemClock,
    random,
    ids: uuidv7Source(systemClock, systemRandom),
    policy,
    budgets,
    standing: memory.standing,
    records: () => records,
    hands: {
      fetch: () => Promise.reject(new Error("no network in this benchmark")),
      spawn: () => Promise.reject(new Error("no processes in this benchmark")),
    },
    breaker: breakerSettings,
  });
  const connector = boundary.connector<Ask, Ask, Ask>({
    id: connectorId,
    facts,
    run: streams
      ? async (context) => {
          const answer = await handler(context.input, context);
          context.emit(answer);
          return answer;
        }
      : (context) => handler(context.input, context),
    mapError,
    ...(budget ? { estimate: () => estimated, measure: () => measured } : {}),
    timeouts: { attemptMs, totalMs },
    maxAttempts,
    maxConcurrent,
    // There is one tenant here, and the others have as many places.
    maxConcurrentPerTenant: maxConcurrent,
    // Far above what the benchmark reaches: the limit is worked out, and never refuses.
    ratePerSecond: 100_000_000,
  } satisfies ConnectorSpec<Ask, Ask, Ask>);
  const options = { principal, runId: "run-bench", ...(budget ? { budgets: ["bench"] } : {}) };
  const readAll = async (input: Ask): Promise<Ask | undefined> => {
    let last: Ask | undefined;
    for await (const piece of connector.stream(input, options)) last = piece;
    return last;
  };
  return {
    call: streams ? readAll : (input) => connector.call(input, options),
    seen: {
      records: memory.records,
      keys: () => keys,
      budgetCalls: () => budgets.use("bench")?.calls ?? 0,
    },
    close: memory.close,
  };
}

/** The same with the egress guard at work until it is closed. */
function guarded(chain: Chain): Chain {
  installEgressGuard();
  switchEgressGuard("on");
  return {
    ...chain,
    close: () => {
      switchEgressGuard("off");
      chain.close?.();
    },
  };
}

/** The same, read as a stream of one piece. */
function streamed(handler: Handler, settings: Settings): Chain {
  return build(readFacts, countingMemory(true), handler, settings, { streams: true });
}

/** How often each of the others is called before one is measured beside them. */
const callsOfOthers = 5_000;

/**
 * Makes other kinds of calls first, as an engine has: V8 then has compiled the code that they share
 * for all of their shapes.
 */
async function makeOtherCalls(): Promise<void> {
  const others = [
    build(bareFacts, countingMemory(true), (input) => Promise.resolve(input), usualSettings),
    build(writeFacts, countingMemory(true), noop, usualSettings),
    build(readFacts, countingMemory(false), takingSignal(noop), usualSettings),
    streamed(noop, usualSettings),
  ];
  for (const other of others) {
    for (let call = 0; call < callsOfOthers; call += 1) await other.call(ask);
  }
}

const tookSignal = new WeakSet<AbortSignal>();

/** As nearly every real handler does: the signal goes on to a library. */
function takingSignal(handler: Handler): Handler {
  return (input, attempt) => {
    tookSignal.add(attempt.signal);
    return handler(input, attempt);
  };
}

/** The project's own chain, over reads and writes, with records in memory and in SQLite. */
export const ourContenders: readonly Contender[] = [
  {
    name: "AGENT-33, read",
    does: inMemory,
    build: (handler, settings) => build(readFacts, countingMemory(true), handler, settings),
  },
  {
    name: "AGENT-33, read, egress guard on",
    does: [...inMemory, "guard"],
    build: (handler, settings) =>
      guarded(build(readFacts, countingMemory(true), handler, settings)),
  },
  {
    name: "AGENT-33, read, record made at once",
    does: inMemory,
    build: (handler, settings) => build(readFacts, countingMemory(false), handler, settings),
  },
  {
    name: "AGENT-33, read, and a budget kept in SQLite",
    does: inMemory,
    build: (handler, settings) => build(readFacts, memoryWithStandingBudget(), handler, settings),
  },
  {
    name: "AGENT-33, read, after other kinds of calls",
    does: inMemory,
    build: (handler, settings) => build(readFacts, countingMemory(true), handler, settings),
    before: makeOtherCalls,
  },
  {
    name: "AGENT-33, read without a budget",
    does: inMemory.filter((feature) => feature !== "budget"),
    build: (handler, settings) =>
      build(readFacts, countingMemory(true), handler, settings, { budget: false }),
  },
  {
    name: "AGENT-33, read without arguments",
    does: inMemory,
    build: (handler, settings) => build(bareFacts, countingMemory(true), handler, settings),
  },
  {
    name: "AGENT-33, read, handler takes the signal",
    does: inMemory,
    build: (handler, settings) =>
      build(readFacts, countingMemory(true), takingSignal(handler), settings),
  },
  { name: "AGENT-33, read as a stream", does: inMemory, build: streamed },
  {
    name: "AGENT-33, keyed write",
    does: [...inMemory, "key"],
    build: (handler, settings) => build(writeFacts, countingMemory(true), handler, settings),
  },
  ...(["normal", "full"] as const).flatMap((synchronous): readonly Contender[] => [
    {
      name: `AGENT-33, read, SQLite ${synchronous}`,
      does: [...inMemory, "file"],
      build: (handler, settings) => build(readFacts, sqliteMemory(synchronous), handler, settings),
    },
    {
      name: `AGENT-33, keyed write, SQLite ${synchronous}`,
      does: [...inMemory, "key", "file"],
      build: (handler, settings) => build(writeFacts, sqliteMemory(synchronous), handler, settings),
    },
  ]),
];
