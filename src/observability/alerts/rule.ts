import type { Label } from "../metrics/definitions.ts";
import type { Expression, Span } from "./expression.ts";

/** `page`: somebody is woken; `ticket`: within a working day; `info`: to be known. */
export const alertSeverities = ["page", "ticket", "info"] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

/** What a value is, so that people can be told it. */
export type AlertUnit = "share" | "usd" | "seconds" | "number";

/** A number that settings can change. */
export interface Threshold {
  readonly value: number;
  /** With its unit. */
  readonly help: string;
}

/** One alert: when it fires, who is told and what they are to read. */
export interface AlertRule<Name extends string = string> {
  /** As Alertmanager calls it: `TenantCostBurnFast`. */
  readonly name: Name;
  readonly severity: AlertSeverity;
  readonly owner: string;
  /** A page in docs/operations/alerts, without `.md`. */
  readonly runbook: string;
  /** One line for people; `{label}` stands for the label's value. */
  readonly summary: string;
  readonly unit: AlertUnit;
  /** How long it has to hold before it fires. */
  readonly for?: Span;
  /** How long it has to be over before that is said. Default: five minutes. */
  readonly keep?: Span;
  /** Whether it is told once for each set of labels and never again, and not when it is over. */
  readonly once?: boolean;
  /** The label that says whom it is about. */
  readonly about?: Label;
  readonly thresholds: Readonly<Record<string, Threshold>>;
  /** @param value of each threshold */
  readonly when: (value: (threshold: string) => number) => Expression;
}

/** A rule as the settings have it: its numbers and its owner are decided. */
export interface ActiveRule {
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly owner: string;
  readonly runbook: string;
  readonly summary: string;
  readonly unit: AlertUnit;
  readonly forMs: number;
  readonly keepMs: number;
  readonly once: boolean;
  readonly about: Label | undefined;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly condition: Expression;
}

/**
 * Where a rule's page is: `agent33 serve` has it under this path, and so has the repository.
 * @param base the address of `agent33 serve`, for links of notices and Prometheus
 */
export function runbookAddress(runbook: string, base?: string): string {
  const path = `docs/operations/alerts/${runbook}.md`;
  return base === undefined ? path : `${base.replace(/\/+$/, "")}/${path}`;
}
