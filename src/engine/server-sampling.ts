import { budgetsOf } from "../agents/budgets.ts";
import { scopeOf } from "../agents/scope.ts";
import type { RunSession } from "../agents/ports.ts";
import type { CallOutcome } from "../boundary/types.ts";
import type { McpClientFeatures } from "../connectors/mcp/features.ts";
import { sampleWith } from "../connectors/mcp/sampling.ts";
import type { NewEvent } from "../events/event.ts";
import type { Caller, Callers } from "./callers.ts";
import type { ModelTurn } from "../models/model.ts";

/** The run whose model servers may ask. */
export interface SampledRun extends Pick<RunSession, "runId" | "principal" | "policy"> {
  /** Whose call a server works on when it asks: that agent pays. */
  readonly callers: Callers;
  readonly maxOutputTokens: number;
  readonly append: (runId: string, events: readonly NewEvent[]) => void;
}

/** Answers a server, by its name, that asks for a model's words. */
export type Sampling = (server: string) => NonNullable<McpClientFeatures["sample"]>;

/**
 * Lets servers ask a run's model, in governed calls that the agent pays for whose call the server
 * works on; the run's own where that is not to be told. Each stands in the run's log, so that a run
 * that is taken up again knows what it has spent.
 */
export function serverSampling(
  model: RunSession["model"],
  { runId, principal, policy, callers, maxOutputTokens, append }: SampledRun,
): Sampling {
  const own: Caller = { principal, policy, budgets: Object.values(budgetsOf(runId)) };
  return (server) =>
    sampleWith(async (request, signal) => {
      const caller = callers.of(`mcp:${server}`) ?? own;
      const { agentPath: _path, ...paid } = caller;
      const outcome = await model.tryCall(request, { ...paid, runId, signal });
      append(runId, [{ ...scopeOf(caller), ...eventOf(server, outcome) }]);
      if (!outcome.ok) throw outcome.error;
      return outcome.value;
    }, maxOutputTokens);
}

function eventOf(server: string, outcome: CallOutcome<ModelTurn>): NewEvent {
  const { callId, spend, durationMs } = outcome.record;
  const costMicroUsd = spend?.costMicroUsd ?? null;
  if (outcome.ok) {
    const { usage, parts, responseModel } = outcome.value;
    const answer = responseModel === undefined ? { parts } : { parts, responseModel };
    return {
      type: "sampling.completed",
      server,
      ...answer,
      usage,
      costMicroUsd,
      durationMs,
      callId,
    };
  }
  const tokens = spend?.tokens ?? 0;
  const error = outcome.error.toJSON();
  return { type: "sampling.failed", server, error, tokens, costMicroUsd, callId };
}
