import { sha256 } from "../../base/digest.ts";
import { keyOf } from "./evaluate.ts";
import type { AlertSeverity, AlertUnit } from "./rule.ts";

/** Who has taken an alert on. Milliseconds since the Unix epoch. */
export interface Acknowledgement {
  readonly by: string;
  readonly at: number;
  readonly note: string;
}

/** One alert as it stands. Times are milliseconds since the Unix epoch. */
export interface Alert {
  /** Of its rule and labels: the same whenever it fires. */
  readonly id: string;
  readonly rule: string;
  /** The tenant that it is about; null where it is about the installation. */
  readonly aboutTenant: string | null;
  readonly state: "pending" | "firing" | "resolved";
  readonly updatedAt: number;
  readonly labels: Record<string, string>;
  readonly severity: AlertSeverity;
  readonly owner: string;
  readonly summary: string;
  readonly value: number;
  /** Counts the times that it fired. */
  readonly episode: number;
  readonly beganAt: number;
  readonly seenAt: number;
  readonly firedAt: number | null;
  readonly resolvedAt: number | null;
  readonly acknowledged: Acknowledgement | null;
}

/** What became of an alert. */
export interface AlertNews {
  readonly alertId: string;
  readonly rule: string;
  readonly aboutTenant: string | null;
  readonly at: number;
  readonly kind: "fired" | "resolved" | "told" | "telling_failed";
  readonly by: string | null;
  readonly note: string;
}

/** What is silenced: every label has to be equal; `rule`, `owner` and `severity` count as labels. */
export interface Silence {
  readonly aboutTenant: string | null;
  readonly matchers: Readonly<Record<string, string>>;
}

/** The id of an alert. */
export function alertId(rule: string, labels: Readonly<Record<string, string>>): string {
  return sha256(`${rule} ${keyOf({ labels })}`).slice(0, 16);
}

/** A summary with the labels' values in it. */
export function summaryOf(template: string, labels: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, label: string) => labels[label] ?? "?");
}

/** Whether a silence is about an alert. */
export function isSilencedBy(alert: Alert, { aboutTenant, matchers }: Silence): boolean {
  if (aboutTenant !== null && alert.aboutTenant !== aboutTenant) return false;
  const { rule, owner, severity } = alert;
  const facts: Readonly<Record<string, string>> = { ...alert.labels, rule, owner, severity };
  return Object.entries(matchers).every(([label, value]) => facts[label] === value);
}

/** A value as people read it. */
export function valueText(value: number, unit: AlertUnit): string {
  if (!Number.isFinite(value)) return "beyond measure";
  switch (unit) {
    case "share":
      return `${Number((100 * value).toPrecision(3))} %`;
    case "usd":
      return `${(value / 1_000_000).toFixed(2)} USD`;
    case "seconds":
      return secondsText(value);
    case "number":
      return String(Number(value.toPrecision(6)));
    default:
      return unit satisfies never;
  }
}

function secondsText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
