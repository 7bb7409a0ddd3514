import type { Clock } from "../base/clock.ts";
import { Agent33Error } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import type { Durable, DurableStatus, Workflow } from "./contract.ts";
import { noSuchWorkflow, runActive, tooManyAttempts, unknownRun } from "./errors.ts";
import { type Claim, Execution, type ExecutionSettings } from "./execution.ts";
import { failureData } from "./failure.ts";
import { putMail, sentMail } from "./mailbox.ts";
import type { SqlSession, TransactionRunner } from "./ports.ts";
import {
  claimRun,
  findRun,
  finishRun,
  insertRun,
  isOver,
  loadRun,
  nextDueRun,
  requestCancel,
  type RunRow,
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
  /** How long a process may be silent before another may take its runs. Milliseconds, default 15,000. */
  readonly leaseMs?: number;
  /** Runs that `open({ work: true })` drives at once. Default 4. */
  readonly concurrency?: number;
  /** How often ready runs are looked for. Milliseconds, default 250. */
  readonly pollMs?: number;
  /** How long a cancelled workflow may take to come to its own end. Milliseconds, default 5000. */
  readonly cancelGraceMs?: number;
  /** How long bodies may take to notice that their signal aborted. Milliseconds, default 5000. */
  readonly closeGraceMs?: number;
  /** Told what went wrong where nobody waits for the answer. Default: nothing is kept of it. */
  readonly log?: (message: string, error: unknown) => void;
}

/** Executions without a new step after which a worker gives a run up. */
const maxAttempts = 10;

/** The embedded engine: a journal in the store's own SQLite file, shared by any number of processes. */
export function createSqliteDurable(options: SqliteDurableOptions): Durable {
  const { transactions, clock, owner } = options;
  const log = options.log ?? (() => {});
  const ownerGone = options.ownerGone ?? (() => false);
  const settings: ExecutionSettings = {
    transactions,
    clock,
    leaseMs: options.leaseMs ?? 15_000,
    cancelGraceMs: options.cancelGraceMs ?? 5000,
    closeGraceMs: options.closeGraceMs ?? 5000,
    log,
  };
  const workflows = options.workflows as unknown as readonly Workflow<JsonValue, JsonValue>[];
  const labels = workflows.map(({ name, version }) => `${name}@${version}`);
  const active = new Map<string, Execution>();
  let worker: Worker | undefined;
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
  });
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
  const claimNamed = (runId: string): Claim | undefined =>
    transactions.transaction((sql) => {
      const run = loadRun(sql, runId);
      const leftMs = (run.leaseUntil ?? 0) - clock.now();
      if (active.has(runId)) throw runActive(runId, owner, Math.max(leftMs, 0));
      if (isOver(run.state)) return undefined;
      const held = run.state === "running" && leftMs > 0;
      if (held && !ownerGone(run.owner ?? "")) throw runActive(runId, run.owner ?? "?", leftMs);
      workflowOf(run);
      return take(sql, run);
    });
  const claimNext = (): Claim | undefined =>
    transactions.transaction((sql) => {
      for (;;) {
        const run = nextDueRun(sql, labels, [...active.keys()], clock.now());
        if (run === undefined) return undefined;
        if (run.attempts < maxAttempts) return take(sql, run);
        const error = failureData(tooManyAttempts(run.runId, run.attempts));
        finishRun(sql, run.runId, "failed", { result: null, error }, clock.now());
      }
    });
  /** Lets whoever drives the run here see a change at once; others see it when they next look. */
  const nudge = (runId: string): void => {
    setImmediate(() => {
      active.get(runId)?.nudge();
      worker?.kick();
    });
  };
  const statusOf = (runId: string): DurableStatus | undefined => {
    const run = transactions.transaction((sql) => findRun(sql, runId));
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

  return {
    start: (workflow, runId, input) => {
      refuseClosed();
      transactions.transaction((sql) => insertRun(sql, workflow, runId, input, clock.now()));
      nudge(runId);
    },
    execute: async (runId) => {
      refuseClosed();
      const claim = claimNamed(runId);
      if (claim !== undefined) await drive(claim);
      const status = statusOf(runId);
      if (status === undefined) throw unknownRun(runId);
      return status;
    },
    send: (runId, topic, payload, key) => {
      transactions.transaction((sql) => {
        loadRun(sql, runId);
        const isNew = putMail(sql, runId, { topic, payload, key }, clock.now());
        if (isNew) wakeRun(sql, runId, clock.now());
      });
      nudge(runId);
    },
    sent: (runId, topic) => transactions.transaction((sql) => sentMail(sql, runId, topic)),
    cancel: (runId) => {
      transactions.transaction((sql) => {
        const run = loadRun(sql, runId);
        if (isOver(run.state)) return;
        const held = run.state === "running" && (run.leaseUntil ?? 0) > clock.now();
        if (held) requestCancel(sql, runId);
        else finishRun(sql, runId, "cancelled", { result: null, error: null }, clock.now());
      });
      nudge(runId);
    },
    status: statusOf,
    open: ({ work }) => {
      refuseClosed();
      if (!work || worker !== undefined) return;
      worker = startWorker({
        claim: claimNext,
        run: drive,
        concurrency: options.concurrency ?? 4,
        pollMs: options.pollMs ?? 250,
        log,
      });
    },
    close: async () => {
      closed = true;
      worker?.stop();
      // What went wrong in them is thrown to those who called `execute`, or logged by the worker.
      await Promise.allSettled([...active.values()].map((execution) => execution.close()));
    },
  };
}
