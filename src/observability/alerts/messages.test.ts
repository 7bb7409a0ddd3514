import { expect, test } from "vitest";
import type { Alert } from "./alert.ts";
import { messageText, webhookBody } from "./messages.ts";

const alert = (over: Partial<Alert> = {}): Alert => ({
  id: "0123456789abcdef",
  rule: "TenantCostBurnFast",
  aboutTenant: "acme",
  state: "firing",
  updatedAt: 3,
  labels: { tenant: "acme" },
  severity: "page",
  owner: "platform-oncall",
  summary: "acme spends too fast",
  value: 0.0338,
  episode: 1,
  beganAt: 1_000,
  seenAt: 3_000,
  firedAt: 2_000,
  resolvedAt: null,
  acknowledged: null,
  ...over,
});
const facts = { runbook: "tenant-cost-burn", unit: "share" } as const;
const message = (alerts: readonly Alert[]) => ({
  receiver: "ops",
  owner: "platform-oncall",
  rule: "TenantCostBurnFast",
  alerts,
  notices: [],
});

test("a message of several alerts fires while one of them does, and says what they have alike", () => {
  const over = alert({ state: "resolved", resolvedAt: 9_000, labels: { tenant: "globex" } });
  const body = webhookBody(message([alert(), over]), facts);
  expect(body).toMatchObject({
    status: "firing",
    commonLabels: { alertname: "TenantCostBurnFast", owner: "platform-oncall", severity: "page" },
    alerts: [
      { status: "firing", startsAt: "1970-01-01T00:00:02.000Z", endsAt: "0001-01-01T00:00:00Z" },
      { status: "resolved", endsAt: "1970-01-01T00:00:09.000Z" },
    ],
  });
  expect(body["commonLabels"]).not.toHaveProperty("tenant");
});

test("names a hundred alerts at most, and says how many more there are", () => {
  const many = Array.from({ length: 130 }, (_, at) => alert({ id: `id-${at}` }));
  const body = webhookBody(message(many), facts);
  expect(body["alerts"]).toHaveLength(100);
  expect(body["truncatedAlerts"]).toBe(30);
});

test("for people it is one line as a subject, whatever a tenant is called", () => {
  const odd = alert({ labels: { tenant: "a\r\nBcc: x" }, summary: "a\r\nBcc: x spends too fast" });
  const { subject, text } = messageText(message([odd]), facts);
  expect(subject).toBe("[FIRING (1)] TenantCostBurnFast: a Bcc: x spends too fast");
  expect(text).not.toContain("\r");
  expect(text).toContain("3.38 %");
  expect(text).toContain("docs/operations/alerts/tenant-cost-burn.md");
  const linked = { ...facts, base: "https://agents.example:8033/" };
  const address = "https://agents.example:8033/docs/operations/alerts/tenant-cost-burn.md";
  expect(messageText(message([odd]), linked).text).toContain(`what to do: ${address}\n`);
  expect(webhookBody(message([odd]), linked)).toMatchObject({
    commonAnnotations: { runbook_url: address },
  });
  expect(text).toContain("agent33 alerts ack 0123456789abcdef");
});
