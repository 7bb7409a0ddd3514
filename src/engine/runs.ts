import { budgetLimits } from "../agents/budgets.ts";
import type { AgentRunResult } from "../agents/loop.ts";
import { usedTokens } from "../agents/limits.ts";
import type { AgentPorts } from "../agents/ports.ts";
import type { ReplayReport } from "../agents/replay/report.ts";
import { foldRun } from "../agents/state.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { MemoryBudgetLedger } from "../boundary/budget.ts";
import type { DurableStatus, WorkOptions } from "../durable/contract.ts";
import type { PersonTopic, RunEvent, RunOutcome } from "../events/event.ts";
import { finishRun } from "./run-book.ts";
import type { EngineStore } from "./tenant-store.ts";
import type { Host } from "./host.ts";
import type { LiveRuns, LiveSession } from "./live-runs.ts";
import { createReplay, type ReplayParts, type ReplayRequest, reportOf } from "./create-replay.ts";
import type { Handoff } from "../context/handoff.ts";
import { runHandoff } from "./handoff.ts";
import { createRun, type RunRequest } from "./create-run.ts";
import { type Escalation, lastAttempt, nextAttempt } from "./escalation.ts";
import { redactError, redactEvent } from "./redact-event.ts";
import { alreadyFinished, createPost, type MessageFate, type SentMessage } from "./post.ts";
import { errorOf } from "./run-hosting.ts";
import { isTrialRun, parseRunSpec } from "./run-spec.ts";
import { sessionLogs } from "./session-logs.ts";
import { trialGone } from "./trial-session.ts";

export type RunEnd =
  | {
      readonly runId: string;
      readonly outcome: RunOutcome;
      /** The agent's answer as data, where its definition asks for a form and the answer has it. */
      readonly output?: JsonObject;
    }
  | { readonly runId: string; readonly outcome: "parked" };

import type { Run, RunState } from "../store/repositories/runs.ts";

export type { Run } from "../store/repositories/runs.ts";

export interface Runs {
  /** Writes the run down and gives its id. @throws Agent33Error for a bad task, model or setting */
  create(request: RunRequest): Promise<string>;
  /**
   * Writes the replay of a run down and gives its id: drive it, then ask for its report.
   * @throws Agent33Error `engine.replay_of_replay`, `engine.malformed_run`, `models.nothing_to_replay`
   */
  createReplay(prefix: string, request?: ReplayRequest): Promise<string>;
  /**
   * Replays a run: what models said comes from its log, tools run again in a scratch copy. One that
   * waits for a person gives the report of what it has come to.
   * @throws Agent33Error as {@link Runs.createReplay} and {@link Runs.drive}
   */
  replay(prefix: string, request?: ReplayRequest): Promise<ReplayReport>;
  /** What a replay has found so far. @throws Agent33Error `engine.no_replay` */
  report(prefix: string): ReplayReport;
  /** What a run leaves to whoever goes on with its work. No model is asked. */
  handoff(prefix: string): Promise<Handoff>;
  /**
   * Drives a run until it ends or parks, with the attempts that come after it; the end is that of
   * the last. @throws Agent33Error `durable.run_active` and others
   */
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
  /** Takes up runs that are ready, whoever began them, until it is told to stop or idle. */
  work(request?: WorkRequest): Promise<void>;
  /** How a run stands: as its row says, or `queued` where that waits for somebody to work on it. */
  stateOf(run: Pick<Run, "id" | "state">): RunState | "queued";
  /** Events of a run and of attempts after it, as they happen here. Returns what ends it. */
  follow(runId: string, listener: (event: RunEvent) => void): () => void;
}

/** How a worker works. */
export interface WorkRequest extends Pick<WorkOptions, "signal" | "concurrency" | "untilIdle"> {
  readonly told?: (news: WorkNews) => void;
}

/** What a worker tells of its runs. */
export type WorkNews =
  | { readonly kind: "taken"; readonly runId: string }
  /** It has ended or waits for a person; `error` says why one failed that came to no end of its own. */
  | {
      readonly kind: "ended";
      readonly runId: string;
      readonly outcome: RunEnd["outcome"];
      readonly error?: Agent33Error;
    }
  /** Somebody goes on with it, here or elsewhere; `error` is what kept this worker from it. */
  | { readonly kind: "let go"; readonly runId: string; readonly error?: Agent33Error };

/** What the agents' room needs of this process. */
export function agentPorts(
  store: EngineStore,
  host: Host,
  live: LiveRuns,
  redactor: Redactor,
  budgets: MemoryBudgetLedger,
  escalation: Escalation,
): AgentPorts {
  const liveSession = (runId: string): LiveSession => {
    const found = live.sessions.get(runId);
    if (found !== undefined) return found;
    throw new Agent33Error("engine.no_session", `Run ${runId} has no open session here.`);
  };
  const read = sessionLogs(store, live.sessions);
  const append: AgentPorts["log"]["append"] = (runId, events) =>
    liveSession(runId).write(() =>
      store.runLog.append(
        runId,
        events.map((event) => redactEvent(event, redactor)),
      ),
    );
  const begin: AgentPorts["log"]["begin"] = (runId, event) => {
    if (live.watchers.has(runId)) append(runId, [event]);
    else {
      const at = host.clock.now();
      const hidden = redactEvent(event, redactor);
      liveSession(runId).writeLater(() => store.runLog.append(runId, [hidden], { at }));
    }
  };
  return {
    now: () => host.clock.now(),
    conceal: (error) => redactError(error, redactor),
    log: {
      append,
      begin,
      read,
    },
    session: (runId) => liveSession(runId).session,
    openBudgets: ({ all, work }, limits, used) => {
      if (budgets.use(all) !== undefined) return;
      const totals = used();
      const spent = { costMicroUsd: totals.costMicroUsd, tokens: usedTokens(totals) };
      const allowed = budgetLimits(limits);
      budgets.open(all, allowed.all, spent);
      budgets.open(work, allowed.work, spent);
    },
    ending: escalation.ending,
    finished: (runId, outcome) => {
      const { totals } = foldRun(read(runId), Number.MAX_SAFE_INTEGER);
      finishRun(store, runId, {
        outcome,
        costMicroUsd: totals.costMicroUsd,
        unpricedCalls: totals.unpricedCalls,
      });
      escalation.begin(runId);
    },
  };
}

export function createRuns(parts: ReplayParts, live: LiveRuns): Runs {
  const { store, durable } = parts;

  const drive = async (runId: string): Promise<RunEnd> => {
    const end = await driveOne(runId);
    const next = end.outcome === "parked" ? undefined : nextAttempt(store.runLog.read(runId));
    return next === undefined ? end : drive(next);
  };

  /** One attempt. */
  const driveOne = async (runId: string): Promise<RunEnd> => {
    const run = store.runs.get(runId);
    if (run === undefined)
      throw new Agent33Error("engine.unknown_run", `There is no run ${runId}.`);
    if (run.state === "finished") throw alreadyFinished(run);
    const status = await durable.execute(runId);
    if (status.state === "failed") throw errorOf(status.error);
    const finished = store.runLog.read(runId).findLast(({ type }) => type === "run.finished");
    const output = finished?.type === "run.finished" ? finished.output : undefined;
    return { ...endOf(status), ...(output === undefined ? {} : { output }) };
  };

  const post = createPost(parts);
  /** The attempt that goes on with a run. */
  const lastOf = (prefix: string): string => lastAttempt(store, store.runs.find(prefix).id);

  return {
    ...post,
    send: (prefix, ...said) => post.send(lastOf(prefix), ...said),
    create: (request) => createRun(request, parts),
    createReplay: (prefix, request = {}) => createReplay(store.runs.find(prefix), request, parts),
    replay: async (prefix, request = {}) => {
      const runId = await createReplay(store.runs.find(prefix), request, parts);
      await drive(runId);
      return reportOf(store.runs.find(runId), parts);
    },
    handoff: async (prefix) => {
      const run = store.runs.find(lastOf(prefix));
      return runHandoff(run, store.runLog.read(run.id));
    },
    report: (prefix) => reportOf(store.runs.find(prefix), parts),
    drive,
    resume: async (prefix) => {
      const run = store.runs.find(lastOf(prefix));
      if (run.state !== "finished" && isTrialRun(run.spec) && !live.environments.has(run.id)) {
        throw trialGone(run.id, parseRunSpec(run.id, run.spec));
      }
      return drive(run.id);
    },
    cancel: (runId) => durable.cancel(lastAttempt(store, runId)),
    stateOf: ({ id, state }) =>
      state === "running" && durable.status(id)?.state === "pending" ? "queued" : state,
    work: ({ told, ...options } = {}) =>
      durable.work({
        ...options,
        onTaken: (runId) => told?.({ kind: "taken", runId }),
        onLetGo: (runId, { status, error }) => told?.(newsOf(runId, status, error)),
      }),
    follow: (runId, listener) => {
      const followed = new Set<string>();
      const add = (id: string): void => {
        followed.add(id);
        const watchers = live.watchers.get(id) ?? new Set();
        live.watchers.set(id, watchers);
        watchers.add(listener);
        const next = nextAttempt(store.runLog.read(id));
        if (next !== undefined) add(next);
      };
      add(runId);
      const stop = store.onAppend((events) => {
        for (const event of events) {
          if (!followed.has(event.runId)) continue;
          const next = nextAttempt([event]);
          if (next !== undefined) add(next);
          listener(event);
        }
      });
      return () => {
        stop();
        for (const id of followed) {
          live.watchers.get(id)?.delete(listener);
          if (live.watchers.get(id)?.size === 0) live.watchers.delete(id);
        }
      };
    },
  };
}

/** How a run stands that was driven here and did not fail. */
function endOf({ runId, state, result }: DurableStatus): RunEnd {
  switch (state) {
    case "completed":
    case "cancelled":
      return { runId, outcome: (result as AgentRunResult | null)?.outcome ?? "cancelled" };
    case "waiting":
      return { runId, outcome: "parked" };
    case "failed":
      return { runId, outcome: "failed" };
    case "pending":
    case "running":
      throw new Agent33Error("engine.run_lost", `Run ${runId} was taken over by another process.`, {
        hint: `Follow it with \`agent33 runs show ${runId}\`.`,
      });
  }
}

function newsOf(runId: string, status: DurableStatus | undefined, error: unknown): WorkNews {
  if (error !== undefined) return { kind: "let go", runId, error: toAgent33Error(error) };
  if (status === undefined || status.state === "pending" || status.state === "running") {
    return { kind: "let go", runId };
  }
  const why = status.state === "failed" ? { error: errorOf(status.error) } : {};
  return { kind: "ended", runId, outcome: endOf(status).outcome, ...why };
}
