import { type Board, growth, level, rate } from "../chart.ts";

/** Whether what is kept is whole, and what is handed over arrives. */
export const store: Board = {
  uid: "agent33-store",
  title: "AGENT-33: store and telemetry",
  about: "Checks and damage of the store; how far each export is; which engines are scraped.",
  rows: [
    {
      title: "Store",
      charts: [
        {
          title: "Sound",
          about: "1 where the last reading of the whole store found nothing.",
          kind: "stat",
          unit: "short",
          redBelow: 1,
          queries: [{ expr: level("agent33_store_sound"), legend: "sound" }],
        },
        {
          title: "Since the last reading",
          about: "store.checkEveryHours says how often the whole store is read.",
          kind: "stat",
          unit: "s",
          redFrom: 3 * 86_400,
          queries: [
            {
              expr: `time() - ${level("agent33_store_checked_timestamp_seconds")}`,
              legend: "age",
            },
          ],
        },
        {
          title: "Found damaged and recovered",
          about: "Ever: agent33 store recover --dry-run, and docs/operations/recover.md.",
          kind: "stat",
          unit: "short",
          redFrom: 1,
          queries: [{ expr: level("agent33_store_damage_total"), legend: "times" }],
        },
        {
          title: "Rows known to be lost",
          about: "By all recoveries together.",
          kind: "stat",
          unit: "short",
          redFrom: 1,
          queries: [{ expr: level("agent33_store_lost_rows_total"), legend: "rows" }],
        },
      ],
    },
    {
      title: "Telemetry that is handed over",
      charts: [
        {
          title: "Behind",
          about: "Age of the oldest record that was not handed over.",
          kind: "time",
          unit: "s",
          queries: [{ expr: level("agent33_telemetry_lag_seconds", ["sink"]), legend: "{{sink}}" }],
        },
        {
          title: "Calls to hand over",
          about: "Nothing is lost while a collector is away; it comes later.",
          kind: "time",
          unit: "short",
          queries: [{ expr: level("agent33_telemetry_lag_calls", ["sink"]), legend: "{{sink}}" }],
        },
        {
          title: "Handed over",
          about: "Records a second.",
          kind: "time",
          unit: "short",
          queries: [
            { expr: rate("agent33_telemetry_exported_total", ["sink"]), legend: "{{sink}}" },
          ],
        },
        {
          title: "Refused and failed",
          about:
            "Spans that a collector refused for good, and times that nothing could be handed over.",
          kind: "bars",
          unit: "short",
          redFrom: 1,
          queries: [
            {
              expr: growth("agent33_telemetry_dropped_total", ["sink"]),
              legend: "{{sink}} refused",
            },
            {
              expr: growth("agent33_telemetry_failures_total", ["sink"]),
              legend: "{{sink}} failed",
            },
          ],
        },
      ],
    },
    {
      title: "Engines",
      charts: [
        {
          title: "Scraped",
          about: "Engines that answered the last scrape.",
          kind: "stat",
          unit: "short",
          redBelow: 1,
          queries: [{ expr: 'count(up{job="agent33"} == 1) or vector(0)', legend: "engines" }],
        },
        {
          title: "Versions",
          about: "How many engines run which version.",
          kind: "bars",
          unit: "short",
          queries: [{ expr: "count by (version) (agent33_info)", legend: "{{version}}" }],
        },
      ],
    },
  ],
};
