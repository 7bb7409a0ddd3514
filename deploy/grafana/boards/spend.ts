import { type Board, growth, level, rate, share, usd } from "../chart.ts";

const tenants = 'tenant=~"$tenant"';

/** What is spent, by whom and on what, and how near the limits are. */
export const spend: Board = {
  uid: "agent33-spend",
  title: "AGENT-33: spend",
  about: "By tenant, model, effort and outcome, with budgets. All of it equals the audit.",
  byTenant: true,
  rows: [
    {
      title: "Who and what",
      charts: [
        {
          title: "Tenants",
          about: "US dollars in the time that is shown. The 20 that cost most have their names.",
          kind: "bars",
          unit: "currencyUSD",
          queries: [
            {
              expr: usd(
                growth("agent33_tenant_cost_micro_usd_total", ["tenant"], { where: tenants }),
              ),
              legend: "{{tenant}}",
            },
          ],
        },
        {
          title: "Models and other connectors",
          about: "US dollars in the time that is shown.",
          kind: "bars",
          unit: "currencyUSD",
          queries: [
            {
              expr: usd(growth("agent33_cost_micro_usd_total", ["connector"])),
              legend: "{{connector}}",
            },
          ],
        },
        {
          title: "Effort",
          about: "US dollars an hour, by tier.",
          kind: "time",
          unit: "currencyUSD",
          queries: [
            {
              expr: `${usd(rate("agent33_tenant_cost_micro_usd_total", ["effort"], tenants))} * 3600`,
              legend: "{{effort}}",
            },
          ],
        },
        {
          title: "What came of it",
          about: "US dollars of runs that ended in the time that is shown, by outcome.",
          kind: "bars",
          unit: "currencyUSD",
          queries: [
            {
              expr: usd(growth("agent33_run_cost_micro_usd_total", ["run_outcome"])),
              legend: "{{run_outcome}}",
            },
          ],
        },
        {
          title: "Cost of a verified run",
          about: "All that runs cost, by those that were verified.",
          kind: "stat",
          unit: "currencyUSD",
          queries: [
            {
              expr: usd(
                share(
                  growth("agent33_run_cost_micro_usd_total"),
                  growth("agent33_runs_finished_total", [], { where: 'run_outcome="verified"' }),
                ),
              ),
              legend: "USD",
            },
          ],
        },
        {
          title: "Spent on failures",
          about: "Share of what runs cost that went into refuted and failed ones.",
          kind: "stat",
          unit: "percentunit",
          redFrom: 0.6,
          queries: [
            {
              expr: share(
                growth("agent33_run_cost_micro_usd_total", [], {
                  where: 'run_outcome=~"failed|refuted"',
                }),
                growth("agent33_run_cost_micro_usd_total"),
              ),
              legend: "share",
            },
          ],
        },
        {
          title: "Calls without a price",
          about: "They are in no sum: give the model a price under prices in the settings.",
          kind: "stat",
          unit: "short",
          redFrom: 1,
          queries: [
            {
              expr: growth("agent33_unpriced_calls_total", ["connector"]),
              legend: "{{connector}}",
            },
          ],
        },
        {
          title: "Age of the prices",
          about: "Of the built-in table.",
          kind: "stat",
          unit: "s",
          redFrom: 45 * 86_400,
          queries: [
            { expr: `time() - ${level("agent33_price_table_timestamp_seconds")}`, legend: "age" },
          ],
        },
      ],
    },
    {
      title: "Budgets",
      charts: [
        {
          title: "Used of each budget",
          about: "Of each name the one that is fullest in its period. At 1 calls are refused.",
          kind: "bars",
          unit: "percentunit",
          redFrom: 0.95,
          queries: [
            {
              expr: share(
                level("agent33_budget_used", ["budget", "limit"]),
                level("agent33_budget_allowed", ["budget", "limit"]),
              ),
              legend: "{{budget}} {{limit}}",
            },
          ],
        },
        {
          title: "Shares that were reached",
          about: "50, 80, 95 and 100 of 100, each once in its period, in the time that is shown.",
          kind: "table",
          unit: "short",
          queries: [
            {
              expr: growth("agent33_budget_thresholds_total", ["limit", "percent"]),
              legend: "{{limit}} {{percent}} %",
            },
          ],
        },
      ],
    },
  ],
};
