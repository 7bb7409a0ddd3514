import {
  above,
  all,
  atLeast,
  below,
  either,
  increase,
  level,
  minus,
  now,
  over,
  times,
} from "./expression.ts";
import type { AlertRule, AlertSeverity } from "./rule.ts";

const tenantCost = "agent33_tenant_cost_micro_usd_total";
const tenantBudget = level("agent33_tenant_budget_micro_usd", { by: ["tenant"] });
const microUsd = 1_000_000;
const daySeconds = 86_400;
const successes = { run_outcome: ["verified", "unverified"] } as const;

/**
 * A budget is meant to be spent, tasks differ by ten times and days have nights: so a share of thirty
 * days' money has to be gone in a long and in a short window, and more money than one task costs.
 */
const burnFast = {
  name: "TenantCostBurnFast",
  severity: "page",
  owner: "platform-oncall",
  runbook: "tenant-cost-burn",
  summary: "{tenant} spends its money for 30 days within two",
  unit: "share",
  for: "2m",
  about: "tenant",
  thresholds: {
    share: { value: 0.02, help: "part of 30 days' money that is gone in an hour, 0 to 1" },
    usd: { value: 10, help: "US dollars in that hour below which nobody is woken" },
  },
  when: (value) => {
    const hour = increase(tenantCost, "1h", { by: ["tenant"] });
    const minutes = increase(tenantCost, "5m", { by: ["tenant"] });
    return all(
      above(over(hour, tenantBudget), value("share")),
      above(over(times(minutes, 12), tenantBudget), value("share")),
      above(hour, value("usd") * microUsd),
    );
  },
} as const satisfies AlertRule;

const burnSlow = {
  name: "TenantCostBurnSlow",
  severity: "ticket",
  owner: "platform-oncall",
  runbook: "tenant-cost-burn",
  summary: "{tenant} spends its money for 30 days within five",
  unit: "share",
  for: "15m",
  about: "tenant",
  thresholds: {
    share: { value: 0.05, help: "part of 30 days' money that is gone in six hours, 0 to 1" },
    usd: { value: 10, help: "US dollars in these hours below which nothing is said" },
  },
  when: (value) => {
    const hours = increase(tenantCost, "6h", { by: ["tenant"] });
    const half = increase(tenantCost, "30m", { by: ["tenant"] });
    return all(
      above(over(hours, tenantBudget), value("share")),
      above(over(times(half, 12), tenantBudget), value("share")),
      above(hours, value("usd") * microUsd),
    );
  },
} as const satisfies AlertRule;

/** Told once in a period of a budget: that a share was reached does not end before its period does. */
function budgetRule<const Name extends string>(
  name: Name,
  percent: number,
  severity: AlertSeverity,
) {
  return {
    name,
    severity,
    owner: "platform-oncall",
    runbook: "tenant-budget",
    summary: `the budget {budget} is at ${percent} % of its {limit}`,
    unit: "number",
    once: true,
    about: "tenant",
    thresholds: {},
    when: () => {
      const by = ["budget", "limit"] as const;
      const detail = ["tenant", "who", "period"];
      return atLeast(level("agent33_budget_reached_percent", { by, detail }), percent);
    },
  } as const satisfies AlertRule;
}

const runaway = {
  name: "RunawayInvocation",
  severity: "page",
  owner: "agent-oncall",
  runbook: "runaway",
  summary: "a run of effort {effort} costs several times what such runs cost",
  unit: "usd",
  about: "tenant",
  thresholds: {
    times: { value: 4, help: "times the 95th percentile of the runs of its effort in a week" },
    usd: { value: 5, help: "US dollars below which no run counts" },
  },
  when: (value) => {
    const options = { by: ["effort"], detail: ["tenant", "run"] } as const;
    const highest = level("agent33_run_cost_highest_micro_usd", options);
    return all(
      above(highest, value("usd") * microUsd),
      above(highest, times(level("agent33_run_cost_usual_micro_usd", options), value("times"))),
    );
  },
} as const satisfies AlertRule;

const costPerSuccess = {
  name: "CostPerSuccessHigh",
  severity: "ticket",
  owner: "routing-owner",
  runbook: "cost-per-success",
  summary: "a run that succeeds costs much more than in the week before",
  unit: "usd",
  for: "30m",
  thresholds: {
    times: { value: 1.5, help: "times the cost of a success over seven days" },
    runs: { value: 20, help: "successes in seven days below which nothing is said" },
  },
  when: (value) => {
    const costOf = (span: "6h" | "7d") =>
      over(
        increase("agent33_run_cost_micro_usd_total", span),
        increase("agent33_runs_finished_total", span, { match: successes }),
      );
    return all(
      above(costOf("6h"), times(costOf("7d"), value("times"))),
      atLeast(increase("agent33_runs_finished_total", "7d", { match: successes }), value("runs")),
    );
  },
} as const satisfies AlertRule;

const failedSpend = {
  name: "SpendOnFailures",
  severity: "ticket",
  owner: "agent-quality",
  runbook: "failed-spend",
  summary: "most of the money goes into runs that fail",
  unit: "share",
  for: "30m",
  thresholds: {
    share: { value: 0.6, help: "part of the money of ended runs in six hours, 0 to 1" },
    usd: { value: 5, help: "US dollars in these hours below which nothing is said" },
  },
  when: (value) => {
    const cost = "agent33_run_cost_micro_usd_total";
    const failed = increase(cost, "6h", { match: { run_outcome: ["failed", "refuted"] } });
    const whole = increase(cost, "6h");
    return all(above(over(failed, whole), value("share")), above(whole, value("usd") * microUsd));
  },
} as const satisfies AlertRule;

const estimateDrift = {
  name: "EstimateDrift",
  severity: "ticket",
  owner: "pricing-owner",
  runbook: "estimate",
  summary: "runs cost something else than was estimated before them",
  unit: "number",
  for: "1h",
  thresholds: {
    high: { value: 2, help: "median of cost by estimate over 24 hours, at most" },
    low: { value: 0.5, help: "the same, at least" },
  },
  when: (value) => {
    const ratio = level("agent33_run_estimate_ratio_median");
    return either(above(ratio, value("high")), below(ratio, value("low")));
  },
} as const satisfies AlertRule;

const unpriced = {
  name: "UnpricedModelCalls",
  severity: "ticket",
  owner: "pricing-owner",
  runbook: "unpriced-model",
  summary: "calls of {connector} have no price: sums of money are too low",
  unit: "number",
  thresholds: {
    calls: { value: 0, help: "such calls in 15 minutes that nothing is said of" },
  },
  when: (value) => {
    const calls = increase("agent33_unpriced_calls_total", "15m", {
      by: ["connector"],
      fromZero: true,
    });
    return above(calls, value("calls"));
  },
} as const satisfies AlertRule;

const stalePrices = {
  name: "PriceTableStale",
  severity: "ticket",
  owner: "pricing-owner",
  runbook: "stale-prices",
  summary: "the built-in prices of models are old",
  unit: "seconds",
  for: "1d",
  thresholds: { days: { value: 45, help: "days since they were right" } },
  when: (value) => {
    const age = minus(now, level("agent33_price_table_timestamp_seconds"));
    return above(age, value("days") * daySeconds);
  },
} as const satisfies AlertRule;

/** What is spent. */
export const costRules = [
  burnFast,
  burnSlow,
  budgetRule("TenantBudget50", 50, "info"),
  budgetRule("TenantBudget80", 80, "ticket"),
  budgetRule("TenantBudget95", 95, "ticket"),
  budgetRule("TenantBudget100", 100, "page"),
  runaway,
  costPerSuccess,
  failedSpend,
  estimateDrift,
  unpriced,
  stalePrices,
] as const;
