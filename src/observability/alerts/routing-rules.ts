import { above, all, atLeast, either, increase, level, over, times } from "./expression.ts";
import type { AlertRule } from "./rule.ts";

const decisions = "agent33_effort_decisions_total";

const highEffort = {
  name: "HighEffortShare",
  severity: "ticket",
  owner: "routing-owner",
  runbook: "high-effort-share",
  summary: "many runs are decided to need high effort",
  unit: "share",
  for: "10m",
  thresholds: {
    share: { value: 0.4, help: "part of the decisions in 30 minutes, 0 to 1" },
    times: { value: 2, help: "times the part of the last seven days, from which it is said too" },
    least: { value: 0.1, help: "part up to which nothing is said of the week, 0 to 1" },
    decisions: { value: 20, help: "decisions in 30 minutes up to which nothing is said" },
  },
  when: (value) => {
    const whole = increase(decisions, "30m");
    const shareOf = (span: "30m" | "7d") =>
      over(increase(decisions, span, { match: { effort: ["high"] } }), increase(decisions, span));
    const leaps = all(
      above(shareOf("30m"), times(shareOf("7d"), value("times"))),
      above(shareOf("30m"), value("least")),
    );
    return all(
      either(above(shareOf("30m"), value("share")), leaps),
      above(whole, value("decisions")),
    );
  },
} as const satisfies AlertRule;

const escalationRate = {
  name: "EscalationRateHigh",
  severity: "ticket",
  owner: "routing-owner",
  runbook: "escalation",
  summary: "most runs of low effort are made again with more",
  unit: "share",
  for: "15m",
  thresholds: {
    // In a replay of 500 tasks 40 % was usual.
    share: { value: 0.5, help: "escalations by ended runs of low effort in an hour, 0 to 1" },
    runs: { value: 20, help: "ended runs of low effort in an hour below which nothing is said" },
  },
  when: (value) => {
    const low = increase("agent33_runs_finished_total", "1h", { match: { effort: ["low"] } });
    const up = increase("agent33_escalations_total", "1h", { match: { from: ["low"] } });
    return all(above(over(up, low), value("share")), atLeast(low, value("runs")));
  },
} as const satisfies AlertRule;

const classifierFallback = {
  name: "ClassifierFallback",
  severity: "ticket",
  owner: "routing-owner",
  runbook: "fallback",
  summary: "effort is often decided by nothing but the default, though routing is on",
  unit: "share",
  for: "10m",
  thresholds: {
    share: { value: 0.2, help: "part of the decisions in 15 minutes, 0 to 1" },
    decisions: { value: 10, help: "decisions in 15 minutes below which nothing is said" },
  },
  when: (value) => {
    const whole = increase(decisions, "15m");
    const plain = increase(decisions, "15m", { match: { source: ["default"] } });
    return all(
      above(over(plain, whole), value("share")),
      atLeast(whole, value("decisions")),
      above(level("agent33_routing_enabled"), 0),
    );
  },
} as const satisfies AlertRule;

/** How effort is decided. */
export const routingRules = [highEffort, escalationRate, classifierFallback] as const;
