import type { Clock } from "../base/clock.ts";
import { Agent33Error } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import type { Durable, DurableStatus, Settled, WorkOptions, Workflow } from "./contract.ts";
import { noSuchWorkflow, runActive, tooManyAttempts, unknownRun } from "./errors.ts";
import { type Claim, Execution, type ExecutionSettings } from "./execution.ts";
import { failureData } from "./failure.ts";
import { putMail, sentMail } from "./mailbox.ts";
import { type LeaseState, watchLeases } from "./lease-watch.ts";
import type { SqlSession, TransactionRunner } from "./ports.ts";
import {
  claimRun,
  findRun,
  finishRun,
  insertRun,
  isAnyPending,
  isOver,
  loadRun,
  nextDueRun,
  requestCancel,
  type RunRow,
  type Search,
  wakeRun,
} from "./run-rows.ts";
import { loadSteps } from "./step-rows.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface SqliteDurableOptions {
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  /** Names this process among all that share the store, for example `<pid>-<random>`. */
  readonly owner: string;
  // Inputs and results differ per workflow; the journal holds them as JSON.
  readonly workflows: readonly Workflow<never, JsonValue>[];
  /**
   * Whether a process of that name is known to have ended; its runs may then be taken without
   * waiting for the lease. A wrong "no" only costs time, and fencing stops a wrong "yes". Default:
   * nobody knows.
   */
  readonly ownerGone?: (owner: string) => boolean;
  /**
   * Whether a worker here may take up the run of that id, for stores with runs of several owners; a
   * "no" is for good. Default: every run of the workflows.
   */
  readonly isOurs?: (runId: string) => boolean;
  /**
   * How long a process may be silent before another may take its runs; the same for all processes of
   * a store. Milliseconds, default 15,000.
   */
  readonly leaseMs?: number;
  /** How often a worker looks for what other processes made ready. Milliseconds, default 500. */
  readonly pollMs?: number;
  /** How long a cancelled workflow may take to come to its own end. Milliseconds, default 5000. */
  readonly cancelGraceMs?: number;
  /** How long bodies may take to notice that their signal aborted. Milliseconds, default 5000. */
  readonly closeGraceMs?: number;
  /** Told what went wrong where nobody waits for the answer. Default: nothing is kept of it. */
  readonly log?: (message: string, error: unknown) => void;
}

/** How long a lease lasts unless it is said, and what a run's starter may need to claim it. */
export const defaultLeaseMs = 15_000;
/** What a timer may be early. */
const marginMs = 20;
/** Executions without a new step after which a worker gives a run up. */
const maxAttempts = 10;

/** The embedded engine: a journal in the store's own SQLite file, shared by any number of processes. */
export function createSqliteDurable(options: SqliteDurableOptions): Durable {
  const { transactions, clock, owner } = options;
  const log = options.log ?? (() => {});
  const settings: ExecutionSettings = {
    transactions,
    clock,
    leaseMs: options.leaseMs ?? defaultLeaseMs,
    cancelGraceMs: options.cancelGraceMs ?? 5000,
    closeGraceMs: options.closeGraceMs ?? 5000,
    log,
  };
  const workflows = options.workflows as unknown as readonly Workflow<JsonValue, JsonValue>[];
  const labels = workflows.map(({ name, version }) => `${name}@${version}`);
  const active = new Map<string, Execution>();
  const workers = new Set<Worker>();
  const foreign = new Set<string>();
  let closed = false;

  const workflowOf = (run: RunRow): Workflow<JsonValue, JsonValue> => {
    const named = workflows.filter(({ name }) => name === run.workflow);
    const found = named.find(({ version }) => version === run.version);
    if (found !== undefined) return found;
    const known = named.map(({ version }) => version);
    throw noSuchWorkflow(run.runId, run.workflow, run.version, known);
  };
  const take = (sql: SqlSession, run: RunRow): Claim => ({
    lease: claimRun(sql, run, owner, clock.now(), settings.leaseMs),
    run: loadRun(sql, run.runId),
    steps: loadSteps(sql, run.runId),
    previousOwner: run.owner,
  });
  const leases = watchLeases({
    clock,
    leaseMs: settings.leaseMs,
    ownerGone: options.ownerGone ?? (() => false),
  });
  const leaseOf = (run: RunRow): LeaseState =>
    run.state === "running" ? leases.stateOf(run) : "over";
  /** Ends a run that nobody drives. */
  const end = (
    sql: SqlSession,
    run: RunRow,
    state: "failed" | "cancelled",
    error: JsonValue,
  ): void => {
    const { runId, workflow, version } = run;
    finishRun(sql, runId, state, { result: null, error }, clock.now());
    const named = workflows.filter(({ name }) => name === workflow);
    // An older run's end concerns those who keep a book on it as well.
    const best = named.find((one) => one.version === version) ?? named.at(-1);
    const settled: Settled = { runId, state, error };
    best?.settled?.(settled);
  };
  const drive = async (claim: Claim): Promise<void> => {
    const { runId } = claim.run;
    const execution = new Execution(settings, workflowOf(claim.run), claim);
    active.set(runId, execution);
    try {
      await execution.done;
    } finally {
      active.delete(runId);
    }
  };
  const claimNamed = (runId: string): Claim | "over" | "unsure" =>
    transactions.transaction((sql) => {
      const run = loadRun(sql, runId);
      const leftMs = (run.leaseUntil ?? 0) - clock.now();
      if (active.has(runId)) throw runActive(runId, owner, Math.max(leftMs, 0));
      if (isOver(run.state)) return "over";
      const state = leaseOf(run);
      if (state === "held") throw runActive(runId, run.owner ?? "?", Math.max(leftMs, 0));
      if (state === "unsure") return state;
      workflowOf(run);
      return take(sql, run);
    });
  const search = (): Search => ({
    workflows: labels,
    except: [...active.keys(), ...foreign],
    now: clock.now(),
  });
  const nextDue = (sql: SqlSession): RunRow | undefined => {
    for (;;) {
      const run = nextDueRun(sql, search(), (one) => leases.stateOf(one) === "over");
      if (run === undefined || (options.isOurs?.(run.runId) ?? true)) return run;
      foreign.add(run.runId);
    }
  };
  const claimNext = (): Claim | undefined => {
    // Most looks find nothing, and a read keeps nobody from writing.
    if (transactions.snapshot(nextDue) === undefined) return undefined;
    return transactions.transactionNow((sql) => {
      for (;;) {
        const run = nextDue(sql);
        if (run === undefined) return undefined;
        if (run.attempts < maxAttempts) return take(sql, run);
        end(sql, run, "failed", failureData(tooManyAttempts(run.runId, run.attempts, run.error)));
      }
    });
  };
  /** Lets whoever drives the run here see a change at once; others see it when they next look. */
  const nudge = (runId: string): void => {
    setImmediate(() => {
      active.get(runId)?.nudge();
      for (const worker of workers) worker.kick();
    });
  };
  const statusOf = (runId: string): DurableStatus | undefined => {
    const run = transactions.snapshot((sql) => findRun(sql, runId));
    if (run === undefined) return undefined;
    const { workflow, version, state, leaseUntil, result, error } = run;
    return { runId, workflow, version, state, owner: run.owner, leaseUntil, result, error };
  };
  const refuseClosed = (): void => {
    if (!closed) return;
    throw new Agent33Error("durable.closed", "The durable engine is closed.", {
      hint: "Open the engine again before starting or resuming runs.",
    });
  };

  /** What a worker does with one run, told to whoever started the worker. */
  const driveTold = async (claim: Claim, told: WorkOptions, mine: Set<string>): Promise<void> => {
    const { runId } = claim.run;
    mine.add(runId);
    try {
      told.onTaken?.(runId);
      await drive(claim);
    } catch (error) {
      told.onLetGo?.(runId, { ...statusPart(runId), error });
      throw error;
    } finally {
      mine.delete(runId);
    }
    told.onLetGo?.(runId, statusPart(runId));
  };
  const statusPart = (runId: string): { readonly status?: DurableStatus } => {
    const status = statusOf(runId);
    return status === undefined ? {} : { status };
  };
  const work = async (told: WorkOptions = {}): Promise<void> => {
    refuseClosed();
    const mine = new Set<string>();
    const worker = startWorker({
      claim: claimNext,
      run: (claim: Claim) => driveTold(claim, told, mine),
      concurrency: told.concurrency ?? 4,
      pollMs: options.pollMs ?? 500,
      log,
      isDone: () =>
        told.untilIdle === true && !transactions.snapshot((sql) => isAnyPending(sql, search())),
    });
    workers.add(worker);
    const stop = (): void => {
      worker.stop();
      // What went wrong in them is told by the worker.
      void Promise.allSettled([...mine].map(async (runId) => active.get(runId)?.close()));
    };
    if (told.signal?.aborted === true) stop();
    told.signal?.addEventListener("abort", stop);
    try {
      await worker.ended;
    } finally {
      told.signal?.removeEventListener("abort", stop);
      workers.delete(worker);
    }
  };

  return {
    start: (workflow, runId, input, { leaveMs = 0 } = {}) => {
      refuseClosed();
      const now = clock.now();
      const times = { now, readyAt: now + leaveMs };
      transactions.transaction((sql) => insertRun(sql, workflow, runId, input, times));
      nudge(runId);
    },
    execute: async (runId) => {
      refuseClosed();
      let claim = claimNamed(runId);
      if (claim === "unsure") {
        await clock.sleep(settings.leaseMs + marginMs);
        refuseClosed();
        claim = claimNamed(runId);
      }
      if (claim === "unsure") throw runActive(runId, statusOf(runId)?.owner ?? "?", 0);
      if (claim !== "over") await drive(claim);
      const status = statusOf(runId);
      if (status === undefined) throw unknownRun(runId);
      return status;
    },
    send: (runId, topic, payload, key) => {
      transactions.transaction((sql) => {
        loadRun(sql, runId);
        const isNew = putMail(sql, runId, { topic, payload, key }, clock.now());
        if (isNew) wakeRun(sql, runId);
      });
      nudge(runId);
    },
    sent: (runId, topic) => transactions.snapshot((sql) => sentMail(sql, runId, topic)),
    cancel: (runId) => {
      transactions.transaction((sql) => {
        const run = loadRun(sql, runId);
        if (isOver(run.state)) return;
        // Where it is not known, whoever drives it or takes it up next ends it.
        if (leaseOf(run) === "over") end(sql, run, "cancelled", null);
        else requestCancel(sql, runId);
      });
      nudge(runId);
    },
    status: statusOf,
    work,
    close: async () => {
      closed = true;
      for (const worker of workers) worker.stop();
      // What went wrong in them is thrown to those who called `execute`, or logged by the worker.
      await Promise.allSettled([...active.values()].map((execution) => execution.close()));
    },
  };
}
