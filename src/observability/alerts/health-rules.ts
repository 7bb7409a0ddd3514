import { above, absent, all, below, increase, level, minus, now } from "./expression.ts";
import type { AlertRule } from "./rule.ts";

const hourSeconds = 3_600;
const sinceRecovery = minus(now, level("agent33_store_recovered_timestamp_seconds"));

const breakerOpen = {
  name: "BreakerOpen",
  severity: "ticket",
  owner: "connectors-owner",
  runbook: "breaker-open",
  summary: "a circuit breaker stays open: what it guards is not called",
  unit: "number",
  for: "5m",
  thresholds: { breakers: { value: 0, help: "open breakers that nothing is said of" } },
  when: (value) => {
    const match = { state: ["open", "forced_open"] };
    const open = level("agent33_breakers", { by: ["state"], match, detail: ["tenant", "breaker"] });
    return above(open, value("breakers"));
  },
} as const satisfies AlertRule;

const storeDamaged = {
  name: "StoreDamaged",
  severity: "page",
  owner: "store-owner",
  runbook: "store-damaged",
  summary: "the reading of the whole store found damage",
  unit: "number",
  thresholds: {},
  when: () => below(level("agent33_store_sound"), 1),
} as const satisfies AlertRule;

const storeRecovered = {
  name: "StoreRecovered",
  severity: "ticket",
  owner: "store-owner",
  runbook: "store-recovered",
  summary: "a damaged store was made whole: look at the disk, and at what came back",
  unit: "seconds",
  thresholds: { hours: { value: 24, help: "hours after a recovery in which it is said" } },
  when: (value) => below(sinceRecovery, value("hours") * hourSeconds),
} as const satisfies AlertRule;

const storeRowsLost = {
  name: "StoreRowsLost",
  severity: "page",
  owner: "store-owner",
  runbook: "store-rows-lost",
  summary: "rows of the store are lost for good",
  unit: "number",
  thresholds: { hours: { value: 24, help: "hours after a recovery in which it is said" } },
  when: (value) =>
    all(
      above(level("agent33_store_lost_rows_total"), 0),
      below(sinceRecovery, value("hours") * hourSeconds),
    ),
} as const satisfies AlertRule;

const exportDropping = {
  name: "TelemetryExportDropping",
  severity: "ticket",
  owner: "observability-owner",
  runbook: "telemetry-drop",
  summary: "{sink} refuses records for good: they are left out",
  unit: "number",
  for: "5m",
  thresholds: { records: { value: 0, help: "records in 10 minutes that nothing is said of" } },
  when: (value) => {
    const dropped = increase("agent33_telemetry_dropped_total", "10m", {
      by: ["sink"],
      fromZero: true,
    });
    return above(dropped, value("records"));
  },
} as const satisfies AlertRule;

const outboxLag = {
  name: "TelemetryOutboxLag",
  severity: "ticket",
  owner: "observability-owner",
  runbook: "telemetry-lag",
  summary: "{sink} has not been handed what happened for a while",
  unit: "seconds",
  for: "5m",
  thresholds: { minutes: { value: 15, help: "age of the oldest record, in minutes" } },
  when: (value) =>
    above(level("agent33_telemetry_lag_seconds", { by: ["sink"] }), value("minutes") * 60),
} as const satisfies AlertRule;

const silent = {
  name: "TelemetrySilent",
  severity: "page",
  owner: "observability-owner",
  runbook: "telemetry-silent",
  summary: "there are no metrics at all",
  unit: "number",
  for: "10m",
  thresholds: {},
  when: () => absent("agent33_info"),
} as const satisfies AlertRule;

const deliveryFailing = {
  name: "AlertDeliveryFailing",
  severity: "page",
  owner: "observability-owner",
  runbook: "alert-delivery",
  summary: "a receiver of alerts cannot be told",
  unit: "seconds",
  for: "1m",
  thresholds: { minutes: { value: 5, help: "age of the oldest notice that waits, in minutes" } },
  when: (value) => above(level("agent33_alert_notices_waiting_seconds"), value("minutes") * 60),
} as const satisfies AlertRule;

/** Whether the engine itself is well. */
export const healthRules = [
  breakerOpen,
  storeDamaged,
  storeRecovered,
  storeRowsLost,
  exportDropping,
  outboxLag,
  silent,
  deliveryFailing,
] as const;
