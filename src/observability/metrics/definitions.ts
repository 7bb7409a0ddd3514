/** How many values a label may have at most, "other" included. */
export const labelBounds = {
  level: 2,
  tenant: 21,
  connector: 20,
  outcome: 24,
  decision: 3,
  effort: 5,
  from: 4,
  to: 4,
  source: 10,
  failure: 11,
  run_outcome: 6,
  limit: 4,
  percent: 4,
  budget: 20,
  state: 4,
  sink: 4,
  version: 1,
  severity: 3,
  gen_ai_operation_name: 5,
  gen_ai_request_model: 20,
  gen_ai_provider_name: 1,
  gen_ai_token_type: 2,
  gen_ai_tool_name: 40,
  error_type: 11,
} as const;

export type Label = keyof typeof labelBounds;

/** Most sets of labels that one metric may have. */
export const mostSeries = 1500;

export interface MetricDefinition {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly Label[];
  /** Upper ends of the buckets of a histogram. */
  readonly buckets?: readonly number[];
}

/** Of the conventions: a hundredth of a second, doubled up to 82 seconds. */
const seconds = Array.from({ length: 14 }, (_, power) => 0.01 * 2 ** power);
/** Of the conventions: a token, four times as many up to 67 million. */
const tokens = Array.from({ length: 14 }, (_, power) => 4 ** power);
/** Runs take longer than calls. */
const runSeconds = [1, 5, 15, 60, 300, 900, 3_600, 14_400];

/**
 * Every metric that there is. Names with gen_ai_ are those of OpenTelemetry's conventions for
 * generative AI (version 1.42) as Prometheus writes them; in these `error_type` is the class of the
 * failure. A provider goes with its model, so that the two count once.
 */
export const metrics = {
  agent33_calls_total: counter("Calls that are over, denied ones too", [
    "connector",
    "outcome",
    "decision",
  ]),
  agent33_call_duration_seconds: histogram(
    "How long calls took, with their retries",
    ["connector"],
    seconds,
  ),
  agent33_call_retries_total: counter("Attempts beyond the first", ["connector"]),
  agent33_call_failures_total: counter("Calls that failed, by the class of the failure", [
    "connector",
    "failure",
  ]),
  agent33_call_tokens_total: counter("Tokens that calls used", ["connector", "effort"]),
  agent33_cost_micro_usd_total: counter(
    "What calls cost in millionths of a US dollar, as the audit has it",
    ["connector", "effort"],
  ),
  agent33_unpriced_calls_total: counter(
    "Calls of models that have no known price: they are in no sum of money",
    ["connector"],
  ),
  agent33_tenant_calls_total: counter("Calls by tenant", ["tenant"]),
  agent33_tenant_cost_micro_usd_total: counter(
    "What calls cost in millionths of a US dollar, by tenant",
    ["tenant", "effort"],
  ),
  agent33_effort_decisions_total: counter("Decisions on effort, by tier and by who decided", [
    "effort",
    "source",
  ]),
  agent33_tenant_runs_total: counter("Runs that began, by tenant", ["tenant"]),
  agent33_escalations_total: counter("Failed attempts that were made again one tier up", [
    "from",
    "to",
  ]),
  agent33_escalations_refused_total: counter("Failed attempts that were not made again", ["from"]),
  agent33_runs_finished_total: counter("Runs that ended", ["effort", "run_outcome"]),
  agent33_run_cost_micro_usd_total: counter(
    "What runs that ended cost in millionths of a US dollar",
    ["effort", "run_outcome"],
  ),
  agent33_run_failures_total: counter("Runs that failed, by the class of the failure", ["failure"]),
  agent33_model_fallbacks_total: counter("Models that could not answer and were left", ["failure"]),
  agent33_injections_total: counter("Results of tools that look as if they gave models orders", [
    "level",
  ]),
  agent33_budget_thresholds_total: counter("Shares of budgets that were reached", [
    "limit",
    "percent",
  ]),
  gen_ai_client_operation_duration_seconds: histogram(
    "How long questions to a model took",
    ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type"],
    seconds,
  ),
  gen_ai_client_token_usage: histogram(
    "Tokens of one question to a model",
    ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_token_type"],
    tokens,
  ),
  gen_ai_execute_tool_duration_seconds: histogram(
    "How long tools took",
    ["gen_ai_tool_name", "error_type"],
    seconds,
  ),
  gen_ai_invoke_agent_duration_seconds: histogram(
    "How long runs took from their beginning to their end",
    ["effort", "run_outcome"],
    runSeconds,
  ),
  agent33_runs_open: gauge("Runs that have not ended", []),
  agent33_approvals_waiting: gauge("Questions that wait for a person", []),
  agent33_breakers: gauge("Circuit breakers that have ever opened or been forced, by state", [
    "state",
  ]),
  agent33_breaker_openings_total: counter("How often circuit breakers opened", []),
  agent33_budget_used: gauge(
    "Used of the budget that is fullest in its period: micro-USD, tokens, calls or milliseconds",
    ["budget", "limit"],
  ),
  agent33_budget_allowed: gauge("What that budget allows, in the same unit", ["budget", "limit"]),
  agent33_store_sound: gauge("1 where the last reading of the whole store found nothing", []),
  agent33_store_checked_timestamp_seconds: gauge("When the whole store was read last", []),
  agent33_store_damage_total: counter("How often the store was found damaged and recovered", []),
  agent33_store_recovered_timestamp_seconds: gauge("When the store was recovered last", []),
  agent33_store_lost_rows_total: counter("Rows that recoveries know to be lost", []),
  agent33_price_table_timestamp_seconds: gauge("Of when the built-in prices of models are", []),
  agent33_telemetry_exported_total: counter("Records that were handed over", ["sink"]),
  agent33_telemetry_dropped_total: counter("Spans that a collector refused for good", ["sink"]),
  agent33_telemetry_failures_total: counter("Times that records could not be handed over", [
    "sink",
  ]),
  agent33_telemetry_lag_seconds: gauge("Age of the oldest record that was not handed over", [
    "sink",
  ]),
  agent33_telemetry_lag_calls: gauge("Calls that were not handed over yet", ["sink"]),
  agent33_tenant_budget_micro_usd: gauge(
    "Money that a tenant may spend in 30 days, as the settings say, in millionths of a US dollar",
    ["tenant"],
  ),
  agent33_budget_reached_percent: gauge(
    "Highest share that any budget of this name has reached in its period: 50, 80, 95 or 100",
    ["budget", "limit"],
  ),
  agent33_run_cost_highest_micro_usd: gauge(
    "Cost of the dearest run that goes on or ended within an hour",
    ["effort"],
  ),
  agent33_run_cost_usual_micro_usd: gauge(
    "95th percentile of what ended runs cost in a week; 0 while they are few",
    ["effort"],
  ),
  agent33_run_estimate_ratio_median: gauge(
    "Median of what runs cost by what was estimated before them, over 24 hours",
    [],
  ),
  agent33_routing_enabled: gauge("1 where effort is decided by what is asked", []),
  agent33_alerts: gauge("Alerts of the engine that are pending or fire", ["severity", "state"]),
  agent33_alert_notices_waiting_seconds: gauge(
    "How long the oldest notice of an alert has waited for its receiver",
    [],
  ),
  agent33_info: gauge("The version that runs", ["version"]),
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metrics;

function counter<const L extends readonly Label[]>(help: string, labels: L) {
  return { type: "counter", help, labels } as const;
}

function gauge<const L extends readonly Label[]>(help: string, labels: L) {
  return { type: "gauge", help, labels } as const;
}

function histogram<const L extends readonly Label[]>(
  help: string,
  labels: L,
  buckets: readonly number[],
) {
  return { type: "histogram", help, labels, buckets } as const;
}
