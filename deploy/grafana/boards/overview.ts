import { type Board, growth, level, quantile, rate, share, usd } from "../chart.ts";

const spentPerHour = `${usd(rate("agent33_cost_micro_usd_total"))} * 3600`;

/** What an operator looks at first. */
export const overview: Board = {
  uid: "agent33-overview",
  title: "AGENT-33: overview",
  about: "What runs, what it costs, what fails and who waits.",
  rows: [
    {
      title: "Now",
      charts: [
        {
          title: "Runs open",
          about: "Runs that have not ended, those that wait for a person too.",
          kind: "stat",
          unit: "short",
          queries: [{ expr: level("agent33_runs_open"), legend: "open" }],
        },
        {
          title: "Questions waiting",
          about: "A person has to decide: agent33 approvals list.",
          kind: "stat",
          unit: "short",
          redFrom: 1,
          queries: [{ expr: level("agent33_approvals_waiting"), legend: "waiting" }],
        },
        {
          title: "Spent in 24 hours",
          about: "By the audit. Calls without a known price are in no sum.",
          kind: "stat",
          unit: "currencyUSD",
          queries: [
            {
              expr: usd(growth("agent33_cost_micro_usd_total", [], { range: "24h" })),
              legend: "USD",
            },
          ],
        },
        {
          title: "Calls that failed",
          about: "Share of all calls, denied ones too.",
          kind: "stat",
          unit: "percentunit",
          redFrom: 0.2,
          queries: [
            {
              expr: share(rate("agent33_call_failures_total"), rate("agent33_calls_total")),
              legend: "share",
            },
          ],
        },
        {
          title: "Breakers open",
          about: "Systems that are not asked for now: agent33 connectors breakers.",
          kind: "stat",
          unit: "short",
          redFrom: 1,
          queries: [
            {
              expr: `sum(${level("agent33_breakers", ["state"], 'state=~"open|forced_open"')}) or vector(0)`,
              legend: "open",
            },
          ],
        },
        {
          title: "Store sound",
          about: "1 where the last reading of the whole store found nothing: agent33 doctor.",
          kind: "stat",
          unit: "short",
          redBelow: 1,
          queries: [{ expr: level("agent33_store_sound"), legend: "sound" }],
        },
      ],
    },
    {
      title: "Flow",
      charts: [
        {
          title: "Calls by outcome",
          about: "Calls a second; ok, or the code of the error.",
          kind: "time",
          unit: "reqps",
          queries: [{ expr: rate("agent33_calls_total", ["outcome"]), legend: "{{outcome}}" }],
        },
        {
          title: "Spend by tenant",
          about: "US dollars an hour, at the pace of now.",
          kind: "time",
          unit: "currencyUSD",
          queries: [
            {
              expr: `${usd(rate("agent33_tenant_cost_micro_usd_total", ["tenant"]))} * 3600`,
              legend: "{{tenant}}",
            },
            { expr: spentPerHour, legend: "all" },
          ],
        },
        {
          title: "Runs that ended",
          about: "A second, by outcome.",
          kind: "time",
          unit: "short",
          queries: [
            {
              expr: rate("agent33_runs_finished_total", ["run_outcome"]),
              legend: "{{run_outcome}}",
            },
          ],
        },
        {
          title: "Alerts",
          about: "Of the engine itself, by severity and whether they fire.",
          kind: "time",
          unit: "short",
          queries: [
            {
              expr: level("agent33_alerts", ["severity", "state"]),
              legend: "{{severity}} {{state}}",
            },
          ],
        },
        {
          title: "How long models take",
          about: "Half and 95 of 100 of the questions to a model are answered faster.",
          kind: "time",
          unit: "s",
          queries: [0.5, 0.95].map((part) => ({
            expr: quantile(part, "gen_ai_client_operation_duration_seconds"),
            legend: `p${part * 100}`,
          })),
        },
      ],
    },
  ],
};
