import { failureClassOf } from "../../base/failure-class.ts";
import type { JsonObject } from "../../base/json.ts";
import { failureOfRun } from "../../events/run-failure.ts";
import type { Told } from "../feed/feed.ts";
import { isUnpriced } from "../feed/recorded-call.ts";

/**
 * What is handed over of one thing that happened: facts and figures, nothing of what was said. Its
 * `id` is the same however often it is made.
 */
export type ExportRecord = JsonObject & { readonly id: string; readonly type: string };

/** @returns undefined for what is only in the log of its run */
export function exportRecord(told: Told): ExportRecord | undefined {
  return told.kind === "call" ? callRecord(told) : eventRecord(told);
}

function callRecord({ tenant, call }: Extract<Told, { kind: "call" }>): ExportRecord {
  const { callId, at, runId, connector, operation, tool, host, decision, outcome } = call;
  return {
    id: callId,
    type: "call",
    tenant,
    at,
    run: runId ?? null,
    connector,
    operation,
    tool: tool ?? null,
    host: host ?? null,
    effect: call.effect,
    decision: decision.effect,
    rule: decision.ruleId,
    outcome,
    failure: outcome === "ok" ? null : failureClassOf(outcome),
    attempts: call.attempts.length,
    durationMs: call.durationMs,
    effort: call.tier ?? null,
    tokens: call.spend?.tokens ?? null,
    costMicroUsd: call.spend?.costMicroUsd ?? null,
    unpriced: isUnpriced(call),
  };
}

function eventRecord(told: Extract<Told, { kind: "event" }>): ExportRecord | undefined {
  const { tenant, run, event } = told;
  const common = { id: `${run.id}:${event.seq}`, tenant, at: event.at, run: run.id };
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others stay in the log
  switch (event.type) {
    case "run.started":
      return {
        ...common,
        type: "decision",
        agent: run.agent,
        model: run.model,
        effort: event.effort,
        source: event.effortSource,
        reasons: event.routing?.reasons ?? [],
        confidence: event.routing?.confidence ?? null,
        domain: event.routing?.domain ?? null,
        estimate: event.routing?.estimate ?? null,
      };
    case "escalation.decided":
      return {
        ...common,
        type: "escalation",
        escalates: event.escalates,
        reason: event.reason,
        from: event.from,
        to: event.to?.effort ?? null,
        toRun: event.to?.runId ?? null,
      };
    case "run.finished":
      return {
        ...common,
        type: "run",
        agent: run.agent,
        model: run.model,
        effort: run.effort,
        outcome: event.outcome,
        stop: event.stop.reason,
        failure: failureOfRun(event) ?? null,
        ...event.totals,
      };
    default:
      return undefined;
  }
}
