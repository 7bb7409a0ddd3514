import { failureClassOf } from "../../base/failure-class.ts";
import type { StoredEvent } from "../../events/event.ts";
import type { Told } from "../feed/feed.ts";
import type { RecordedCall } from "../feed/recorded-call.ts";
import { names } from "../traces/names.ts";
import { effortAttributes } from "../traces/run-attributes.ts";
import { given, type Span, spanIdOf, traceIdOf } from "../traces/span.ts";
import { spansOfLog } from "../traces/spans-of-log.ts";

/**
 * What a collector is sent of one thing that happened: a call as the boundary saw it, the decision
 * on a run's effort, and at the end of a run its whole trace. Sent again, it is the same.
 * @param logOf the log of the run that has ended
 */
export async function spansOf(
  told: Told,
  logOf: () => Promise<readonly StoredEvent[]>,
): Promise<readonly Span[]> {
  if (told.kind === "call") return [callSpan(told.call)];
  const { event } = told;
  if (event.type === "run.finished") return spansOfLog(await logOf());
  if (event.type !== "run.started") return [];
  return [
    {
      traceId: traceIdOf(event.runId),
      spanId: spanIdOf(event.runId, "effort"),
      parentId: spanIdOf(event.runId, "agent"),
      name: `decide_effort ${event.effort}`,
      kind: "internal",
      start: event.at,
      end: event.at,
      attributes: given({
        [names.conversation]: event.runId,
        [names.reasoningLevel]: event.effort,
        ...effortAttributes(event),
      }),
      events: [],
      error: undefined,
    },
  ];
}

function callSpan(call: RecordedCall): Span {
  const { callId, runId, at, connector, durationMs, outcome, decision, spend } = call;
  const trace = runId ?? callId;
  const error = outcome === "ok" ? undefined : outcome;
  return {
    traceId: traceIdOf(trace),
    spanId: spanIdOf(trace, `call ${callId}`),
    parentId: runId === undefined ? undefined : spanIdOf(runId, "agent"),
    name: `call ${connector}`,
    kind: "client",
    start: at,
    end: at + durationMs,
    attributes: given({
      [names.callId]: callId,
      [names.conversation]: runId,
      [names.toolName]: call.tool,
      [names.reasoningLevel]: call.tier,
      [names.decision]: decision.effect,
      [names.decisionRule]: decision.ruleId,
      [names.attempts]: call.attempts.length,
      [names.costMicroUsd]: spend?.costMicroUsd,
      [names.errorType]: error,
      [names.failure]: error === undefined ? undefined : failureClassOf(error),
    }),
    events: [],
    error,
  };
}
