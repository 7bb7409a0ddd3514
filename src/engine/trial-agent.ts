import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { agentDigest } from "../agents/definition.ts";
import type { AgentFamily } from "../agents/family.ts";
import { digestOf } from "../base/digest.ts";
import { Agent33Error, type ErrorData, unreachable } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import type { AttemptRequest, AttemptResult, TrialAgent } from "../evaluation/attempts/attempt.ts";
import { cancelled, outOfTime, overrunOf } from "../evaluation/attempts/program.ts";
import { atifOfLog } from "../evaluation/trajectories/atif-of-log.ts";
import type { Artefact } from "../evaluation/trials/trial.ts";
import type { EventOf, StoredEvent } from "../events/event.ts";
import { resolveFamily } from "./agents.ts";
import { withoutSecrets } from "./definition-secrets.ts";
import { createTrialRun, type TrialRunParts } from "./create-trial-run.ts";
import type { LiveRuns } from "./live-runs.ts";
import { isTrialRun, parseRunSpec } from "./run-spec.ts";
import type { Runs } from "./runs.ts";

export interface TrialAgentParts extends TrialRunParts {
  readonly runs: Pick<Runs, "drive" | "cancel">;
  readonly live: LiveRuns;
  /** Whether a process of that name is known to have ended. */
  readonly ownerGone: (owner: string) => boolean;
}

/** Makes agents for trials out of the definitions of this engine. */
export function trialAgents(parts: TrialAgentParts): (reference: string | undefined) => TrialAgent {
  let closed = false;
  return (reference) => {
    const { config, host } = parts;
    const family = withoutSecrets(resolveFamily(reference, config, host.cwd), parts.redactor);
    const { agent, subAgents } = family;
    const { limits, context, routing, tools } = config.settings;
    return {
      name: agent.name,
      version: agent.version,
      digests: {
        agent: digestOf([agent, ...subAgents].map(agentDigest)),
        settings: digestOf(
          toJsonValue({ limits, context, routing, tools, policy: parts.policies.selection() }),
        ),
      },
      attempt: "agent",
      work: (request) => {
        if (!closed) closeAbandoned(parts);
        closed = true;
        return workOn(request, family, parts);
      },
    };
  };
}

/** Runs of trials whose process died are over with it; what they came to is kept. */
function closeAbandoned({ store, runs, ownerGone }: TrialAgentParts): void {
  for (const run of store.runs.unfinished()) {
    if (!isTrialRun(run.spec)) continue;
    const { trial } = parseRunSpec(run.id, run.spec);
    if (trial !== undefined && ownerGone(trial.owner)) runs.cancel(run.id);
  }
}

async function workOn(
  request: AttemptRequest,
  family: AgentFamily,
  parts: TrialAgentParts,
): Promise<AttemptResult> {
  const { environment, timeoutMs, signal, logs } = request;
  const { runs, live, store, host } = parts;
  if (signal.aborted) throw cancelled(signal.reason);
  const runId = await createTrialRun(request, family, parts);
  const over = new AbortController();
  const stop = () => runs.cancel(runId);
  const ends = AbortSignal.any([signal, environment.overrun]);
  let isLate = false;
  live.environments.set(runId, environment);
  try {
    ends.addEventListener("abort", stop, { once: true });
    if (ends.aborted) stop();
    if (timeoutMs !== undefined) {
      host.clock.sleep(timeoutMs, over.signal).then(
        () => {
          isLate = true;
          stop();
        },
        // Only the end of the work ends the sleep early.
        () => undefined,
      );
    }
    if ((await driven(runId, parts)) === "parked") {
      stop();
      throw waitsForPerson(runId);
    }
  } finally {
    over.abort();
    ends.removeEventListener("abort", stop);
    live.environments.delete(runId);
  }
  const events = store.runLog.read(runId);
  const artefacts = await writeLogs(events, logs);
  const finished = events.findLast((event) => event.type === "run.finished");
  if (finished === undefined) throw withoutEnd(runId);
  refuseEmptyBudget(events);
  const error = isLate ? outOfTime(timeoutMs ?? 0) : endError(finished, request);
  return { ...spentOf(finished), ...(error && { error: error.toJSON() }), runId, artefacts };
}

/** How the run ended. One that was cancelled before it was taken up has ended, too. */
async function driven(runId: string, { runs, store }: TrialAgentParts): Promise<string> {
  try {
    return (await runs.drive(runId)).outcome;
  } catch (error) {
    const run = store.runs.get(runId);
    if (run?.state !== "finished") throw error;
    return run.outcome ?? "cancelled";
  }
}

/** The run's log, as it is and as a trajectory that other programs read. */
async function writeLogs(
  events: readonly StoredEvent[],
  logs: string,
): Promise<readonly Artefact[]> {
  await mkdir(logs, { recursive: true });
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  await writeFile(join(logs, "events.jsonl"), lines);
  await writeFile(join(logs, "trajectory.json"), `${JSON.stringify(atifOfLog(events), null, 2)}\n`);
  return [
    { name: "trajectory.json", path: "trajectory.json", contentType: "application/json" },
    { name: "events.jsonl", path: "events.jsonl", contentType: "application/x-ndjson" },
  ];
}

function spentOf({
  totals,
}: EventOf<"run.finished">): Pick<AttemptResult, "costMicroUsd" | "tokens"> {
  return {
    // A sum without what has no price would be too small.
    costMicroUsd: totals.unpricedCalls > 0 ? null : totals.costMicroUsd,
    tokens: {
      input: totals.inputTokens,
      cachedInput: totals.cachedInputTokens,
      output: totals.outputTokens,
    },
  };
}

/**
 * An empty budget that the run shares with others says nothing of the agent, though its run counts it
 * as a limit of its own; nor does a budget that never let the model be asked, such as one of money
 * for a model without a price.
 * @throws Agent33Error `boundary.budget_exceeded`
 */
function refuseEmptyBudget(events: readonly StoredEvent[]): void {
  const last = events.findLast(({ type }) => type === "turn.completed" || type === "turn.failed");
  if (last?.type !== "turn.failed" || last.error.code !== "boundary.budget_exceeded") return;
  const budget = last.error.details?.["budget"];
  const isShared = typeof budget === "string" && !budget.startsWith(runBudgets);
  if (isShared || !events.some(({ type }) => type === "turn.completed")) throw faultOf(last);
}

const runBudgets = "run:";

/**
 * What ended the agent early by its own doing.
 * @throws Agent33Error what is no doing of the agent: a model that could not be asked, an empty budget
 */
function endError(
  { outcome, stop }: EventOf<"run.finished">,
  { signal, environment }: AttemptRequest,
): Agent33Error | undefined {
  switch (stop.reason) {
    case "done":
      // It was sent back by its checks until it had no more attempts.
      return outcome === "failed" ? stopped("its own checks did not pass") : undefined;
    case "limit":
      return stop.limit === "time"
        ? outOfTime(stop.allowed * 1_000)
        : stopped(`it came to its limit of ${stop.allowed} (${stop.limit})`);
    case "stuck":
      return stopped(`it went in circles (${stop.kind}) for ${stop.turns} turns`);
    case "steered":
      return stopped("a person spoke to it");
    case "cancelled":
      if (signal.aborted) throw cancelled(signal.reason);
      return environment.overrun.aborted
        ? overrunOf(environment.overrun)
        : stopped("its run was cancelled");
    case "error":
      // A cut off answer, or a conversation that fits into no window, is what its model makes of it.
      if (/^(?:agents|context)\./.test(stop.error.code)) return stopped(stop.error.message);
      throw faultOf(stop);
    case "denied":
      throw faultOf(stop);
    default:
      return unreachable(stop);
  }
}

function stopped(why: string): Agent33Error {
  return new Agent33Error("evaluation.agent_stopped", `The agent was stopped: ${why}.`, {
    hint: "What it had left is judged. Its run's log says more.",
  });
}

function faultOf({ error }: { readonly error: ErrorData }): Agent33Error {
  const { code, message, hint, retryable, details } = error;
  return new Agent33Error(code, message, {
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  });
}

function waitsForPerson(runId: string): Agent33Error {
  return new Agent33Error(
    "evaluation.agent_parked",
    `Run ${runId} waits for a person, and nobody answers in a trial.`,
    {
      hint: "The policy asks about a call of this agent: allow it in a pack for trials, or deny it.",
    },
  );
}

function withoutEnd(runId: string): Agent33Error {
  return new Agent33Error("evaluation.run_without_end", `Run ${runId} has come to no end here.`, {
    hint: "Another process may have taken it; see `agent33 runs show`.",
    retryable: true,
  });
}
