/** A series over time: `name{label="value"}`, and its values as promtool writes them. */
export type Series = readonly [series: string, values: string];

/** What is seen at a moment, and whether the alert fires then. */
export interface RuleCase {
  readonly series: readonly Series[];
  /** Minutes after the beginning. */
  readonly at: number;
  /** Minutes between two values. Default: one. */
  readonly every?: number;
  /** Labels of each alert that fires, without its severity and owner. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

/** A case in which it fires and one in which it has to be quiet, at least. */
export type RuleCases = Readonly<Record<string, RuleCase>> & {
  readonly fires: RuleCase;
  readonly quiet: RuleCase;
};

const info: Series = ['agent33_info{version="1",instance="a"}', "1x10000"];
const cost = (tenant: string, values: string, instance = "a"): Series => [
  `agent33_tenant_cost_micro_usd_total{tenant="${tenant}",effort="high",instance="${instance}"}`,
  values,
];
const budget = (tenant: string, values: string, instance = "a"): Series => [
  `agent33_tenant_budget_micro_usd{tenant="${tenant}",instance="${instance}"}`,
  values,
];
const reached = (percent: number): RuleCases => {
  const name = (instance: string) =>
    `agent33_budget_reached_percent{budget="team-month",limit="costMicroUsd",instance="${instance}"}`;
  const labels = { budget: "team-month", limit: "costMicroUsd" };
  return {
    fires: {
      series: [
        [name("a"), `0x9 ${percent}x20`],
        [name("b"), `0x9 ${percent}x20`],
      ],
      at: 15,
      fires: [labels],
    },
    quiet: { series: [[name("a"), `${percent - 1}x30`]], at: 15, fires: [] },
  };
};
const decisions = (effort: string, source: string, values: string): Series => [
  `agent33_effort_decisions_total{effort="${effort}",source="${source}",instance="a"}`,
  values,
];
const finished = (effort: string, outcome: string, values: string): Series => [
  `agent33_runs_finished_total{effort="${effort}",run_outcome="${outcome}",instance="a"}`,
  values,
];
const runCost = (outcome: string, values: string): Series => [
  `agent33_run_cost_micro_usd_total{effort="low",run_outcome="${outcome}",instance="a"}`,
  values,
];
const gauge = (name: string, values: string, labels = ""): Series => [
  `${name}{${labels}instance="a"}`,
  values,
];

/**
 * For each alert what makes it fire and what must not. Prometheus' own promtool and the engine are
 * both tried with every one of them.
 */
export const ruleCases: Readonly<Record<string, RuleCases>> = {
  TenantCostBurnFast: {
    // Two processes show the same money: it must count once.
    fires: {
      series: [
        cost("acme", "0+100000x60 6000000+4000000x60"),
        cost("acme", "0+100000x60 6000000+4000000x60", "b"),
        budget("acme", "3000000000x400"),
        budget("acme", "3000000000x400", "b"),
      ],
      at: 85,
      fires: [{ tenant: "acme" }],
    },
    // One dear task of a small tenant is a large share and little money.
    quiet: {
      series: [cost("tiny", "0x60 3000000x200"), budget("tiny", "100000000x400")],
      at: 65,
      fires: [],
    },
  },
  TenantCostBurnSlow: {
    fires: {
      series: [cost("acme", "0+1000000x600"), budget("acme", "3000000000x600")],
      at: 400,
      fires: [{ tenant: "acme" }],
    },
    // Money that is spent just as fast as it may be.
    quiet: {
      series: [cost("b", "0+69444x600"), budget("b", "3000000000x600")],
      at: 540,
      fires: [],
    },
  },
  TenantBudget50: reached(50),
  TenantBudget80: reached(80),
  TenantBudget95: reached(95),
  TenantBudget100: reached(100),
  RunawayInvocation: {
    fires: {
      series: [
        gauge("agent33_run_cost_highest_micro_usd", "9000000x20", 'effort="high",'),
        gauge("agent33_run_cost_usual_micro_usd", "2000000x20", 'effort="high",'),
      ],
      at: 5,
      fires: [{ effort: "high" }],
    },
    // Dear, but so are all runs of this tier; and cheap runs may differ by much.
    quiet: {
      series: [
        gauge("agent33_run_cost_highest_micro_usd", "9000000x20", 'effort="high",'),
        gauge("agent33_run_cost_usual_micro_usd", "3000000x20", 'effort="high",'),
        gauge("agent33_run_cost_highest_micro_usd", "4000000x20", 'effort="low",'),
        gauge("agent33_run_cost_usual_micro_usd", "10000x20", 'effort="low",'),
      ],
      at: 5,
      fires: [],
    },
  },
  CostPerSuccessHigh: {
    fires: {
      every: 10,
      series: [
        finished("low", "verified", "0+10x200"),
        runCost("verified", "0+10000000x114 1140000000+40000000x60"),
      ],
      at: 1_500,
      fires: [{}],
    },
    quiet: {
      every: 10,
      series: [finished("low", "verified", "0+10x200"), runCost("verified", "0+10000000x200")],
      at: 1_500,
      fires: [],
    },
  },
  SpendOnFailures: {
    fires: {
      series: [runCost("failed", "0+80000x600"), runCost("verified", "0+20000x600")],
      at: 420,
      fires: [{}],
    },
    quiet: {
      series: [runCost("failed", "0+50000x600"), runCost("verified", "0+50000x600")],
      at: 420,
      fires: [],
    },
  },
  EstimateDrift: {
    fires: { series: [gauge("agent33_run_estimate_ratio_median", "0.4x200")], at: 90, fires: [{}] },
    quiet: { series: [gauge("agent33_run_estimate_ratio_median", "1.9x200")], at: 90, fires: [] },
  },
  UnpricedModelCalls: {
    // The first call of a model that nobody saw before counts.
    fires: {
      series: [info, gauge("agent33_unpriced_calls_total", "_x29 1x40", 'connector="model:new",')],
      at: 35,
      fires: [{ connector: "model:new" }],
    },
    // A process that has just begun shows sums of long ago.
    quiet: {
      series: [
        ['agent33_info{version="1",instance="a"}', "_x29 1x60"],
        gauge("agent33_unpriced_calls_total", "_x29 7x60", 'connector="model:old",'),
      ],
      at: 32,
      fires: [],
    },
  },
  PriceTableStale: {
    fires: {
      every: 10,
      series: [gauge("agent33_price_table_timestamp_seconds", "-4000000x200")],
      at: 1_500,
      fires: [{}],
    },
    quiet: {
      every: 10,
      series: [gauge("agent33_price_table_timestamp_seconds", "-3000000x200")],
      at: 1_500,
      fires: [],
    },
  },
  HighEffortShare: {
    fires: {
      series: [decisions("high", "classifier", "0+1x90"), decisions("low", "classifier", "0+1x90")],
      at: 60,
      fires: [{}],
    },
    // Little, and six times what it was all week.
    leaps: {
      every: 10,
      series: [
        decisions("high", "classifier", "0+1x1000 1006+6x12"),
        decisions("low", "classifier", "0+19x1000 19014+14x12"),
      ],
      at: 10_060,
      fires: [{}],
    },
    // Little, and what it was all week.
    usual: {
      every: 10,
      series: [
        decisions("high", "classifier", "0+6x1012"),
        decisions("low", "classifier", "0+14x1012"),
      ],
      at: 10_060,
      fires: [],
    },
    // Half of very few.
    quiet: {
      series: [
        decisions("high", "classifier", "0+0.2x90"),
        decisions("low", "classifier", "0+0.2x90"),
      ],
      at: 60,
      fires: [],
    },
  },
  EscalationRateHigh: {
    fires: {
      series: [
        finished("low", "failed", "0+1x200"),
        gauge("agent33_escalations_total", "0+0.7x200", 'from="low",to="high",'),
      ],
      at: 150,
      fires: [{}],
    },
    quiet: {
      series: [
        finished("low", "failed", "0+1x200"),
        gauge("agent33_escalations_total", "0+0.4x200", 'from="low",to="high",'),
      ],
      at: 150,
      fires: [],
    },
  },
  ClassifierFallback: {
    fires: {
      series: [
        decisions("medium", "default", "0+1x90"),
        decisions("low", "classifier", "0+1x90"),
        gauge("agent33_routing_enabled", "1x90"),
      ],
      at: 60,
      fires: [{}],
    },
    // Nobody has asked for routing.
    quiet: {
      series: [decisions("medium", "default", "0+2x90"), gauge("agent33_routing_enabled", "0x90")],
      at: 60,
      fires: [],
    },
  },
  BreakerOpen: {
    fires: {
      series: [gauge("agent33_breakers", "2x30", 'state="open",')],
      at: 10,
      fires: [{ state: "open" }],
    },
    quiet: {
      series: [
        gauge("agent33_breakers", "3x30", 'state="closed",'),
        gauge("agent33_breakers", "1x3 0x30", 'state="open",'),
      ],
      at: 10,
      fires: [],
    },
  },
  StoreDamaged: {
    fires: { series: [gauge("agent33_store_sound", "1x5 0x20")], at: 10, fires: [{}] },
    quiet: { series: [gauge("agent33_store_sound", "1x20")], at: 10, fires: [] },
  },
  StoreRecovered: {
    fires: {
      series: [gauge("agent33_store_recovered_timestamp_seconds", "0x100")],
      at: 60,
      fires: [{}],
    },
    quiet: {
      series: [gauge("agent33_store_recovered_timestamp_seconds", "-100000x100")],
      at: 60,
      fires: [],
    },
  },
  StoreRowsLost: {
    fires: {
      series: [
        gauge("agent33_store_recovered_timestamp_seconds", "0x100"),
        gauge("agent33_store_lost_rows_total", "3x100"),
      ],
      at: 60,
      fires: [{}],
    },
    quiet: {
      series: [
        gauge("agent33_store_recovered_timestamp_seconds", "0x100"),
        gauge("agent33_store_lost_rows_total", "0x100"),
      ],
      at: 60,
      fires: [],
    },
  },
  TelemetryExportDropping: {
    fires: {
      series: [info, gauge("agent33_telemetry_dropped_total", "0x20 4x40", 'sink="otlp",')],
      at: 27,
      fires: [{ sink: "otlp" }],
    },
    quiet: {
      series: [info, gauge("agent33_telemetry_dropped_total", "4x60", 'sink="otlp",')],
      at: 27,
      fires: [],
    },
  },
  TelemetryOutboxLag: {
    fires: {
      series: [gauge("agent33_telemetry_lag_seconds", "1200x60", 'sink="otlp",')],
      at: 20,
      fires: [{ sink: "otlp" }],
    },
    quiet: {
      series: [gauge("agent33_telemetry_lag_seconds", "600x60", 'sink="otlp",')],
      at: 20,
      fires: [],
    },
  },
  TelemetrySilent: {
    fires: { series: [], at: 12, fires: [{}] },
    quiet: { series: [info], at: 12, fires: [] },
  },
  AlertDeliveryFailing: {
    fires: {
      series: [gauge("agent33_alert_notices_waiting_seconds", "900x20")],
      at: 5,
      fires: [{}],
    },
    quiet: { series: [gauge("agent33_alert_notices_waiting_seconds", "60x20")], at: 5, fires: [] },
  },
};
