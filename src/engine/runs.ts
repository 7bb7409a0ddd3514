import { z } from "zod";
import type { AgentRunResult } from "../agents/loop.ts";
import { budgetOf, workBudgetOf } from "../agents/call-options.ts";
import { forWork, usedTokens } from "../agents/limits.ts";
import type { AgentPorts, RunSession } from "../agents/ports.ts";
import { foldRun } from "../agents/state.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import { isBoundaryError } from "../boundary/errors.ts";
import type { MemoryBudgetLedger } from "../boundary/budget.ts";
import type { DurableStatus } from "../durable/contract.ts";
import type { EventOf, PersonTopic, RunEvent, RunOutcome, StoredEvent } from "../events/event.ts";
import type { EngineStore } from "./tenant-store.ts";
import type { Host } from "./host.ts";
import { type CreateParts, createRun, type RunRequest } from "./create-run.ts";
import { redactError, redactEvent } from "./redact-event.ts";
import { ownerGone } from "./owner.ts";
import { parseRunSpec, type RunSpec } from "./run-spec.ts";
import { alreadyFinished, createPost, type MessageFate, type SentMessage } from "./post.ts";
import { createBook } from "./run-book.ts";
import { sessionLogs } from "./session-logs.ts";
import { type OpenedSession, openSession, type SessionParts } from "./session.ts";

/** An error as the journal keeps it. */
const loggedErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

export type RunEnd =
  | { readonly runId: string; readonly outcome: RunOutcome }
  | { readonly runId: string; readonly outcome: "parked" };

export interface Runs {
  /** Writes the run down and gives its id. @throws Agent33Error for a bad task, model or setting */
  create(request: RunRequest): Promise<string>;
  /** Drives a run until it ends or parks. @throws Agent33Error `durable.run_active` and others */
  drive(runId: string): Promise<RunEnd>;
  /** Takes a parked or interrupted run up again. */
  resume(prefix: string): Promise<RunEnd>;
  /** Asks a run to stop, wherever it runs. */
  cancel(runId: string): void;
  /**
   * Says something to a run's agent: `steering` is heard after the step that it is at, a
   * `follow_up` when it would stop. The same key twice is one message.
   * @throws Agent33Error `engine.run_finished`, `engine.agent_stopped`, `engine.nothing_said`,
   * `store.unknown_run`, `store.ambiguous_id`
   */
  send(prefix: string, text: string, topic: PersonTopic, key?: string): SentMessage;
  /** What became of a message so far. */
  fateOf(message: SentMessage): MessageFate;
  /** Events of a run as they happen in this process. Returns the function that ends it. */
  follow(runId: string, listener: (event: RunEvent) => void): () => void;
}

export interface RunsParts extends CreateParts {
  readonly budgets: MemoryBudgetLedger;
  readonly session: SessionParts;
}

/** The live side of runs: sessions that are open here, and who watches. */
export interface LiveRuns {
  readonly sessions: Map<string, RunSession>;
  readonly watchers: Map<string, Set<(event: RunEvent) => void>>;
}

/** What the agents' room needs of this process. */
export function agentPorts(
  store: EngineStore,
  host: Host,
  live: LiveRuns,
  redactor: Redactor,
): AgentPorts {
  const read = sessionLogs(store, live.sessions);
  return {
    now: () => host.clock.now(),
    conceal: (error) => redactError(error, redactor),
    log: {
      append: (runId, events) =>
        store.runLog.append(
          runId,
          events.map((event) => redactEvent(event, redactor)),
        ),
      read,
    },
    session: (runId) => {
      const session = live.sessions.get(runId);
      if (session === undefined)
        throw new Agent33Error("engine.no_session", `Run ${runId} has no open session here.`);
      return session;
    },
    finished: (runId, outcome) => {
      const { totals } = foldRun(read(runId), Number.MAX_SAFE_INTEGER);
      store.runs.finish(runId, {
        outcome,
        costMicroUsd: totals.costMicroUsd,
        unpricedCalls: totals.unpricedCalls,
      });
    },
  };
}

export function createRuns(parts: RunsParts, live: LiveRuns): Runs {
  const { host, store, durable, budgets } = parts;
  const book = createBook(parts);
  /** Runs that this process is driving or about to, and how to stop one that is not begun yet. */
  const driving = new Map<string, AbortController>();

  const drive = async (runId: string, resumed = false): Promise<RunEnd> => {
    const status = durable.status(runId);
    if (driving.has(runId)) throw runActive(runId, status?.owner ?? "this process");
    refuseActive(status, host);
    const opening = new AbortController();
    driving.set(runId, opening);
    try {
      return await driveAlone(runId, resumed, status?.owner ?? null, opening.signal);
    } finally {
      driving.delete(runId);
    }
  };

  const driveAlone = async (
    runId: string,
    resumed: boolean,
    previousOwner: string | null,
    signal: AbortSignal,
  ): Promise<RunEnd> => {
    const run = store.runs.get(runId);
    if (run === undefined)
      throw new Agent33Error("engine.unknown_run", `There is no run ${runId}.`);
    if (run.state === "finished") throw alreadyFinished(run);
    const spec = parseRunSpec(runId, run.spec);
    const earlier = lastSession(store.runLog.read(runId));
    let opened: OpenedSession;
    try {
      opened = await openSession(runId, spec, parts.session, { signal, earlier });
    } catch (thrown) {
      return notOpened(runId, toAgent33Error(thrown));
    }
    live.sessions.set(runId, opened.session);
    openBudget(runId, spec);
    try {
      if (resumed) store.runs.reopen(runId);
      book.append(runId, [
        ...(resumed ? [{ type: "run.resumed" as const, previousOwner }] : []),
        opened.event,
      ]);
      return endOf(runId, await durable.execute(runId));
    } finally {
      live.sessions.delete(runId);
      for (const id of [budgetOf(runId), workBudgetOf(runId)]) budgets.close(id);
      await opened.close();
    }
  };

  /**
   * A run that never began ends with the error; one that had begun stays as it was, because what
   * is missing now (a key, a file, a server) may be there again later.
   */
  const notOpened = (runId: string, error: Agent33Error): RunEnd => {
    if (isBoundaryError(error) && error.kind === "approval_required") {
      book.park(runId, error);
      return { runId, outcome: "parked" };
    }
    if (isBoundaryError(error) && error.kind === "cancelled") {
      // Whoever cancelled has told the journal already. A run that died in another process is
      // cancelled only when it is taken up, so it is kept.
      if (durable.status(runId)?.state !== "cancelled") throw error;
      closeIfOpen(runId);
      return { runId, outcome: "cancelled" };
    }
    if (isBoundaryError(error) && error.kind === "approval_denied") {
      store.transactions.transaction(() => {
        durable.cancel(runId);
        book.close(runId, "failed", { reason: "denied", error: error.toJSON() });
      });
      return { runId, outcome: "failed" };
    }
    const begun = lastSession(store.runLog.read(runId)) !== undefined;
    if (begun || durable.status(runId)?.state !== "pending") throw error;
    store.transactions.transaction(() => {
      durable.cancel(runId);
      book.close(runId, "failed", { reason: "error", error: error.toJSON() });
    });
    return { runId, outcome: "failed" };
  };

  /** Closes the book on a cancelled run that has no workflow to do it. */
  const closeIfOpen = (runId: string): void => {
    if (store.runs.get(runId)?.state === "finished") return;
    book.close(runId, "cancelled", { reason: "cancelled" });
  };

  const openBudget = (runId: string, { limits }: RunSpec): void => {
    const { totals } = foldRun(store.runLog.read(runId), Number.MAX_SAFE_INTEGER);
    const used = { costMicroUsd: totals.costMicroUsd, tokens: usedTokens(totals) };
    const all = { costMicroUsd: limits.maxCostMicroUsd, tokens: limits.maxTokens };
    const work = { costMicroUsd: forWork(all.costMicroUsd), tokens: forWork(all.tokens) };
    budgets.open(budgetOf(runId), all, used);
    budgets.open(workBudgetOf(runId), work, used);
  };

  const endOf = (runId: string, status: DurableStatus): RunEnd => {
    switch (status.state) {
      case "completed":
      case "cancelled": {
        // A cancelled workflow that ran out of its grace has not closed the book itself.
        closeIfOpen(runId);
        const result = status.result as AgentRunResult | null;
        return { runId, outcome: result?.outcome ?? "cancelled" };
      }
      case "waiting":
        store.transactions.transaction(() => {
          // Somebody may have answered, and another process may have taken it up already.
          if (durable.status(runId)?.state === "waiting") book.pause(runId);
        });
        return { runId, outcome: "parked" };
      case "failed": {
        const error = errorOf(status);
        book.close(runId, "failed", { reason: "error", error: error.toJSON() });
        throw error;
      }
      case "pending":
      case "running":
        throw new Agent33Error(
          "engine.run_lost",
          `Run ${runId} was taken over by another process.`,
          { hint: `Follow it with \`agent33 runs show ${runId}\`.` },
        );
    }
  };

  const post = createPost(parts);

  return {
    ...post,
    create: (request) => createRun(request, parts),
    drive: (runId) => drive(runId),
    resume: async (prefix) => {
      const run = store.runs.find(prefix);
      if (run.state === "finished") throw alreadyFinished(run);
      return drive(run.id, true);
    },
    cancel: (runId) => {
      const opening = driving.get(runId);
      store.transactions.transaction(() => {
        durable.cancel(runId);
        // A run that nobody holds is cancelled at once, and then this is its end.
        const isOver = durable.status(runId)?.state === "cancelled";
        if (opening === undefined && isOver) closeIfOpen(runId);
      });
      opening?.abort();
    },
    follow: (runId, listener) => {
      const stop = store.onAppend((events) => {
        for (const event of events) if (event.runId === runId) listener(event);
      });
      const watchers = live.watchers.get(runId) ?? new Set();
      live.watchers.set(runId, watchers);
      watchers.add(listener);
      return () => {
        stop();
        watchers.delete(listener);
        if (watchers.size === 0) live.watchers.delete(runId);
      };
    },
  };
}

function lastSession(events: readonly StoredEvent[]): EventOf<"session.opened"> | undefined {
  return events.findLast((event) => event.type === "session.opened");
}

/** Refuses before anything is started, so that a run that another process drives is not disturbed. */
function refuseActive(status: DurableStatus | undefined, host: Host): void {
  if (status?.state !== "running" || (status.leaseUntil ?? 0) <= host.clock.now()) return;
  if (ownerGone(status.owner ?? "")) return;
  throw runActive(status.runId, status.owner ?? "?");
}

function runActive(runId: string, owner: string): Agent33Error {
  return new Agent33Error("durable.run_active", `Run ${runId} is being driven by ${owner}.`, {
    hint: "Wait until it ends, or cancel it there. If that process died, try again in a few seconds.",
    retryable: true,
  });
}

function errorOf(status: DurableStatus): Agent33Error {
  const known = loggedErrorSchema.safeParse(status.error);
  if (!known.success) {
    return new Agent33Error("engine.run_failed", `The run failed: ${JSON.stringify(status.error)}`);
  }
  const { code, message, hint } = known.data;
  return new Agent33Error(code, message, hint === undefined ? {} : { hint });
}
