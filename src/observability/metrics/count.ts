import { failureClassOf } from "../../base/failure-class.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { failureOfRun } from "../../events/run-failure.ts";
import type { Told, ToldRun } from "../feed/feed.ts";
import { isUnpriced, type RecordedCall } from "../feed/recorded-call.ts";
import { providerOf } from "../traces/run-attributes.ts";
import type { Bounds } from "./bounds.ts";
import type { Spend } from "../spend/spend.ts";
import type { Rollup } from "./rollup.ts";

/** What counting goes into: sums, the values that labels may have, and money over time. */
export interface Counted {
  readonly rollup: Rollup;
  readonly bounds: Bounds;
  readonly spend: Spend;
}

/** Counts one thing that happened. Tenants are kept by name; what is shown of them is bounded later. */
export function count(told: Told, into: Counted): void {
  if (told.kind === "call") countCall(told.call, told.tenant, into);
  else countEvent(told.event, told.run, told.tenant, into);
}

function countCall(call: RecordedCall, tenant: string, { rollup, bounds, spend }: Counted): void {
  spend.add(call, tenant);
  const connector = bounds.of("connector", call.connector);
  const outcome = bounds.of("outcome", call.outcome);
  const decision = bounds.of("decision", call.decision.effect);
  const effort = bounds.of("effort", call.tier ?? "none");
  const { callId, runId, at } = call;
  // Ids are no labels: there is no end of them.
  const example = { call: callId, ...(runId === undefined ? {} : { run: runId }), at };
  rollup.add("agent33_calls_total", { connector, outcome, decision }, 1, example);
  rollup.add("agent33_tenant_calls_total", { tenant });
  const seconds = call.durationMs / 1000;
  rollup.observe("agent33_call_duration_seconds", { connector }, seconds, example);
  const retries = call.attempts.length - 1;
  if (retries > 0) rollup.add("agent33_call_retries_total", { connector }, retries);
  if (call.outcome !== "ok") {
    const failure = failureClassOf(call.outcome);
    rollup.add("agent33_call_failures_total", { connector, failure }, 1, example);
  }
  const { costMicroUsd, tokens } = call.spend ?? {};
  if (tokens !== undefined) rollup.add("agent33_call_tokens_total", { connector, effort }, tokens);
  if (costMicroUsd !== undefined) {
    rollup.add("agent33_cost_micro_usd_total", { connector, effort }, costMicroUsd);
    rollup.add("agent33_tenant_cost_micro_usd_total", { tenant, effort }, costMicroUsd);
  }
  if (isUnpriced(call)) rollup.add("agent33_unpriced_calls_total", { connector });
}

function countEvent(event: StoredEvent, run: ToldRun, tenant: string, into: Counted): void {
  const { rollup, bounds } = into;
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are not counted
  switch (event.type) {
    case "run.started":
      rollup.add("agent33_tenant_runs_total", { tenant });
      rollup.add("agent33_effort_decisions_total", {
        effort: event.effort,
        source: bounds.of("source", event.effortSource),
      });
      return;
    case "run.finished":
      countEnd(event, run, into);
      return;
    case "escalation.decided":
      if (event.escalates && event.to !== null) {
        rollup.add("agent33_escalations_total", { from: event.from, to: event.to.effort });
      } else rollup.add("agent33_escalations_refused_total", { from: event.from });
      return;
    case "model.fell_back": {
      const failure = failureClassOf(event.error.code);
      rollup.add("agent33_model_fallbacks_total", { failure });
      return;
    }
    case "budget.reached":
      rollup.add("agent33_budget_thresholds_total", {
        limit: event.limit,
        percent: String(event.percent),
      });
      return;
    case "turn.completed":
      countQuestion("chat", event, event.model ?? run.model, into);
      return;
    case "judge.completed":
    case "condense.completed":
    case "sampling.completed":
    case "matching.completed":
      countQuestion("chat", event, run.model, into);
      return;
    case "turn.failed":
      countQuestion("chat", event, run.model, into);
      return;
    case "tool.completed":
      if (event.fromLog === undefined) countTool(event, into);
      if (event.injection !== undefined) {
        rollup.add("agent33_injections_total", { level: event.injection.level });
      }
      return;
    default:
      return;
  }
}

function countEnd(event: EventOf<"run.finished">, run: ToldRun, { rollup }: Counted): void {
  const labels = { effort: run.effort, run_outcome: event.outcome };
  rollup.add("agent33_runs_finished_total", labels);
  rollup.add("agent33_run_cost_micro_usd_total", labels, event.totals.costMicroUsd);
  const seconds = event.totals.durationMs / 1000;
  rollup.observe("gen_ai_invoke_agent_duration_seconds", labels, seconds);
  const failure = failureOfRun(event);
  if (failure !== undefined) rollup.add("agent33_run_failures_total", { failure });
}

interface Question {
  readonly durationMs?: number;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  readonly error?: { readonly code: string };
}

function countQuestion(
  operation: string,
  { durationMs = 0, usage, error }: Question,
  spec: string,
  { rollup, bounds }: Counted,
): void {
  // A provider goes with its model, and what is too much for the one is for both.
  const known = bounds.of("gen_ai_request_model", spec);
  const { provider, model } = providerOf(known);
  const labels = {
    gen_ai_operation_name: operation,
    gen_ai_provider_name: provider ?? "",
    gen_ai_request_model: model,
  };
  rollup.observe(
    "gen_ai_client_operation_duration_seconds",
    { ...labels, error_type: error === undefined ? "" : failureClassOf(error.code) },
    durationMs / 1000,
  );
  if (usage === undefined) return;
  const kinds = { input: usage.inputTokens, output: usage.outputTokens };
  for (const [kind, tokens] of Object.entries(kinds)) {
    rollup.observe("gen_ai_client_token_usage", { ...labels, gen_ai_token_type: kind }, tokens);
  }
}

function countTool(event: EventOf<"tool.completed">, { rollup, bounds }: Counted): void {
  const code = event.error?.code;
  const failure = code === undefined ? "F-EXE" : failureClassOf(code);
  const labels = {
    gen_ai_tool_name: bounds.of("gen_ai_tool_name", event.toolName),
    error_type: event.isError ? failure : "",
  };
  rollup.observe("gen_ai_execute_tool_duration_seconds", labels, event.durationMs / 1000);
}
