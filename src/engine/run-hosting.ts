import { z } from "zod";
import { budgetLimits, budgetsOf } from "../agents/budgets.ts";
import { usedTokens } from "../agents/limits.ts";
import type { AgentRunInput, AgentRunResult } from "../agents/loop.ts";
import { foldRun } from "../agents/state.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { MemoryBudgetLedger } from "../boundary/budget.ts";
import { isBoundaryError, isOwnTrouble } from "../boundary/errors.ts";
import type { Durable, Opening, Settled, TakenRun, Workflow } from "../durable/contract.ts";
import type { EventOf, RunOutcome, StopReason, StoredEvent } from "../events/event.ts";
import { beginClean } from "./clean-workspace.ts";
import type { Host } from "./host.ts";
import { createBook } from "./run-book.ts";
import { runFiles } from "./run-files.ts";
import { isTrialRun, parseRunSpec, type RunSpec } from "./run-spec.ts";
import type { LiveRuns } from "./live-runs.ts";
import { closedPlaces, type OpenedSession, openSession, type SessionParts } from "./session.ts";
import type { EngineStore } from "./tenant-store.ts";

export interface HostingParts {
  readonly store: EngineStore;
  readonly host: Host;
  readonly redactor: Redactor;
  readonly durable: Pick<Durable, "sent">;
  readonly budgets: MemoryBudgetLedger;
  /** Milliseconds that a question to a person stays open. */
  readonly approvalTtlMs: number;
  readonly live: LiveRuns;
  readonly session: Omit<SessionParts, "append">;
}

/**
 * What a process does around an agent's run: it opens the session that the run works with, and keeps
 * the run's row and the end of its log in step with the journal.
 */
export function runHosting(
  parts: HostingParts,
): Required<Pick<Workflow<AgentRunInput, AgentRunResult>, "open" | "settled">> {
  const { store, budgets, live } = parts;
  const book = createBook(parts);

  const open = async (taken: TakenRun): Promise<Opening> => {
    const { runId, previousOwner, signal, write, writeLater } = taken;
    const run = store.runs.get(runId);
    if (run === undefined)
      throw new Agent33Error("engine.unknown_run", `There is no run ${runId}.`);
    // Its process died between the end of its book and that of its journal.
    if (run.state === "finished") return over(run.outcome, () => undefined);
    const spec = parseRunSpec(runId, run.spec);
    const events = store.runLog.read(runId);
    const begun = lastSession(events) !== undefined || previousOwner !== null;
    let opened: OpenedSession;
    try {
      await cleanWorkspace(runId, spec);
      // What the session asks a model while it is opened is paid from them too.
      openBudgets(runId, spec);
      const append: SessionParts["append"] = (id, added) => write(() => book.append(id, added));
      opened = await openSession(runId, spec, { ...parts.session, append }, { signal, events });
    } catch (thrown) {
      budgets.close(budgetsOf(runId).all);
      return notOpened(runId, toAgent33Error(thrown), begun);
    }
    const close = async (): Promise<void> => {
      live.sessions.delete(runId);
      budgets.close(budgetsOf(runId).all);
      await opened.close();
    };
    try {
      const resumed = begun || run.state === "parked";
      write(() => {
        if (resumed) store.runs.reopen(runId);
        book.append(runId, [
          ...(resumed ? [{ type: "run.resumed" as const, previousOwner }] : []),
          opened.event,
        ]);
      });
    } catch (error) {
      await close();
      throw error;
    }
    live.sessions.set(runId, { session: opened.session, write, writeLater });
    return { kind: "open", close };
  };

  /** A later attempt begins with what the first began with. */
  const cleanWorkspace = async (runId: string, { escalation, workspace }: RunSpec) => {
    const [first, failed] = [escalation?.earlier[0], escalation?.earlier.at(-1)];
    if (first === undefined || failed === undefined || workspace === null) return;
    const filesOf = (id: string) => runFiles(parts.session.dataDir, id);
    const files = {
      first: filesOf(first.runId),
      failed: filesOf(failed.runId),
      next: filesOf(runId),
    };
    await beginClean(files, workspace, closedPlaces(parts.session));
  };

  /**
   * A run that never began ends with the error; one that had begun stays as it was, because what
   * is missing now (a key, a file, a server) may be there again later.
   */
  const notOpened = (runId: string, error: Agent33Error, begun: boolean): Opening => {
    const kind = isBoundaryError(error) ? error.kind : undefined;
    if (isBoundaryError(error) && error.kind === "approval_required") {
      const { approvalId } = error;
      return {
        kind: "waits",
        timeoutMs: parts.approvalTtlMs,
        commit: () => {
          book.park(runId, error);
          return approvalId === undefined || isOpen(approvalId);
        },
      };
    }
    if (kind === "approval_denied")
      return failed(runId, { reason: "denied", error: error.toJSON() });
    if (isBoundaryError(error) && isOwnTrouble(error)) throw error.cause;
    if (begun || kind === "cancelled") throw error;
    return failed(runId, { reason: "error", error: error.toJSON() });
  };

  const isOpen = (approvalId: string): boolean =>
    store.approvals.find(approvalId).state === "pending";

  const failed = (runId: string, stop: StopReason): Opening =>
    over("failed", () => book.close(runId, "failed", stop));

  const openBudgets = (runId: string, { limits, refusesUnpriced = false }: RunSpec): void => {
    const { totals } = foldRun(store.runLog.read(runId), Number.MAX_SAFE_INTEGER);
    const used = { costMicroUsd: totals.costMicroUsd, tokens: usedTokens(totals) };
    const { all, work } = budgetsOf(runId);
    const allowed = budgetLimits(limits);
    budgets.open(all, { ...allowed.all, refusesUnpriced }, used);
    budgets.open(work, allowed.work, used);
  };

  /** A trial's run whose environment is not this process's is ended only when nobody else has it. */
  const isAbandoned = (runId: string): boolean =>
    isTrialRun(store.runs.get(runId)?.spec) && !live.environments.has(runId);

  /** For runs whose workflow did not close the book itself. */
  const closeIfOpen = (runId: string, outcome: RunOutcome, stop: StopReason): void => {
    const run = store.runs.get(runId);
    if (run !== undefined && run.state !== "finished") book.close(runId, outcome, stop);
  };

  const settled = ({ runId, state, error }: Settled): void => {
    switch (state) {
      case "waiting":
        return book.pause(runId);
      case "cancelled":
        return closeIfOpen(runId, "cancelled", {
          reason: "cancelled",
          ...(isAbandoned(runId) ? { abandoned: true as const } : {}),
        });
      case "failed":
        return closeIfOpen(runId, "failed", { reason: "error", error: errorOf(error).toJSON() });
      case "completed":
        return;
    }
  };

  return { open, settled };
}

/** @param outcome as the run's row has it */
function over(outcome: string | null, commit: () => void): Opening {
  return { kind: "over", result: { outcome }, commit };
}

/** An error as the journal keeps it. */
const loggedErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

/** What a failed run failed with. */
export function errorOf(kept: JsonValue): Agent33Error {
  const known = loggedErrorSchema.safeParse(kept);
  if (!known.success) {
    return new Agent33Error("engine.run_failed", `The run failed: ${JSON.stringify(kept)}`);
  }
  const { code, message, hint } = known.data;
  return new Agent33Error(code, message, hint === undefined ? {} : { hint });
}

function lastSession(events: readonly StoredEvent[]): EventOf<"session.opened"> | undefined {
  return events.findLast((event) => event.type === "session.opened");
}
