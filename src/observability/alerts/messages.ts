import type { JsonObject } from "../../base/json.ts";
import { type Alert, valueText } from "./alert.ts";
import type { Message } from "./notices.ts";
import { type AlertUnit, runbookAddress } from "./rule.ts";

/** What is known of a rule that a message is about. */
export interface MessageFacts {
  readonly runbook: string;
  /** Where `agent33 serve` is, for links. */
  readonly base?: string | undefined;
  readonly unit: AlertUnit;
}

/** No message has more alerts than this by name. */
const mostAlerts = 100;

/**
 * A message as Alertmanager's webhook writes it (version 4), so that what takes its notices takes
 * these.
 */
export function webhookBody(message: Message, facts: MessageFacts): JsonObject {
  const { receiver, owner, rule, alerts } = message;
  const shown = alerts.slice(0, mostAlerts);
  const labels = shown.map(labelsOf);
  const annotations = shown.map((alert) => annotationsOf(alert, facts));
  return {
    version: "4",
    groupKey: `{}/{owner="${owner}"}:{alertname="${rule}"}`,
    truncatedAlerts: alerts.length - shown.length,
    status: alerts.some(({ state }) => state === "firing") ? "firing" : "resolved",
    receiver,
    groupLabels: { alertname: rule, owner },
    commonLabels: common(labels),
    commonAnnotations: common(annotations),
    externalURL: "",
    alerts: shown.map((alert, at) => ({
      status: alert.state === "firing" ? "firing" : "resolved",
      labels: labels[at] ?? {},
      annotations: annotations[at] ?? {},
      startsAt: new Date(alert.firedAt ?? alert.beganAt).toISOString(),
      endsAt:
        alert.resolvedAt === null
          ? "0001-01-01T00:00:00Z"
          : new Date(alert.resolvedAt).toISOString(),
      generatorURL: "",
      fingerprint: alert.id,
    })),
  };
}

function labelsOf({ rule, owner, severity, labels }: Alert): Record<string, string> {
  return { ...labels, alertname: rule, owner, severity };
}

function annotationsOf(
  alert: Alert,
  { runbook, base, unit }: MessageFacts,
): Record<string, string> {
  const { summary, value } = alert;
  const taken = alert.acknowledged;
  return {
    summary,
    value: valueText(value, unit),
    runbook_url: runbookAddress(runbook, base),
    ...(taken === null ? {} : { acknowledged_by: taken.by }),
  };
}

/** What all of them have alike. */
function common(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((one) => one[name] === value)),
  );
}

/** A message for people: one line as its subject, and the rest. */
export function messageText(
  message: Message,
  facts: MessageFacts,
): { readonly subject: string; readonly text: string } {
  const { rule, owner, alerts } = message;
  const firing = alerts.filter(({ state }) => state === "firing");
  const [first] = alerts;
  const state = firing.length > 0 ? `FIRING (${firing.length})` : "RESOLVED";
  const severity = first?.severity ?? "";
  const subject = plain(`[${state}] ${rule}: ${first?.summary ?? ""}`).slice(0, 180);
  const shown = alerts.slice(0, 20).map((alert) => {
    const labels = Object.entries(alert.labels).map(([name, value]) => `${name}=${value}`);
    const word = alert.state === "firing" ? "fires" : "is over";
    const about = labels.length === 0 ? "" : ` (${labels.join(", ")})`;
    const taken = alert.acknowledged === null ? "" : `, taken on by ${alert.acknowledged.by}`;
    const value = valueText(alert.value, facts.unit);
    return plain(`- ${alert.summary}${about}: ${value}, ${word}${taken} [${alert.id}]`);
  });
  const more = alerts.length > shown.length ? [`and ${alerts.length - shown.length} more`] : [];
  const text = [
    subject,
    "",
    ...shown,
    ...more,
    "",
    `severity ${severity}, owner ${owner}`,
    `what to do: ${runbookAddress(facts.runbook, facts.base)}`,
    ...(firing[0] === undefined ? [] : [`take it on: agent33 alerts ack ${firing[0].id}`]),
  ].join("\n");
  return { subject, text: text.slice(0, 3_900) };
}

/** In one line, whatever somebody called a tenant. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
