import { z } from "zod";
import { alertFiles, runbookAddress } from "../../engine.ts";
import { actorOf, alertSchema, alertView, reachOf, silenceSchema } from "../alerts-view.ts";
import { moment, pageOf, pageQuery, shownPage } from "../input.ts";
import { requireInstallation, runsInstallation } from "../installation.ts";
import { defineRoute, type Route } from "../route.ts";
import { silenceView } from "./alert-silences.ts";

const tag = "alerts";
const params = z.strictObject({
  id: z.string().min(1).max(100).describe("the alert's id, or its beginning"),
});

const entrySchema = z
  .strictObject({
    id: z.string(),
    alertId: z.string(),
    rule: z.string(),
    tenant: z.string().nullable(),
    at: moment,
    kind: z.string().describe("fired, resolved, acknowledged, told, silenced and their like"),
    by: z.string().nullable(),
    note: z.string(),
  })
  .meta({ id: "AlertHistoryEntry" });
const ruleSchema = z
  .strictObject({
    name: z.string(),
    severity: z.enum(["page", "ticket", "info"]),
    owner: z.string(),
    receivers: z.array(z.string()).describe("for those who run the installation"),
    summary: z.string(),
    forSeconds: z.number(),
    thresholds: z.record(z.string(), z.number()),
    runbook: z.string(),
  })
  .meta({ id: "AlertRule" });

function entryView<T extends { readonly aboutTenant: string | null }>({ aboutTenant, ...rest }: T) {
  return { ...rest, tenant: aboutTenant };
}

const list = defineRoute({
  name: "listAlerts",
  method: "GET",
  path: "/v1/alerts",
  tag,
  scope: "alerts:read",
  effect: "read",
  summary: "List alerts, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    state: z.enum(["pending", "firing", "resolved"]).exactOptional(),
    rule: z.string().min(1).max(100).exactOptional(),
  }),
  answer: { status: 200, schema: pageOf(alertSchema) },
  handle: (call) =>
    shownPage(call.engines.own.alerts.list({ ...call.query, ...reachOf(call) }), (alert) =>
      alertView(call, alert),
    ),
});

const rules = defineRoute({
  name: "listAlertRules",
  method: "GET",
  path: "/v1/alerts/rules",
  tag,
  scope: "alerts:read",
  effect: "read",
  summary: "List the alerts that are on, with their owners and thresholds",
  answer: { status: 200, schema: z.strictObject({ items: z.array(ruleSchema) }) },
  handle: (call) => {
    const { alerts } = call.engines.own;
    const items = alerts.rules.map(
      ({ name, severity, owner, summary, forMs, thresholds, runbook }) => ({
        name,
        severity,
        owner,
        receivers: runsInstallation(call) ? [...alerts.receiversOf(owner)] : [],
        summary,
        forSeconds: forMs / 1_000,
        thresholds: { ...thresholds },
        runbook: runbookAddress(runbook),
      }),
    );
    return { items };
  },
});

const history = defineRoute({
  name: "listAlertHistory",
  method: "GET",
  path: "/v1/alerts/history",
  tag,
  scope: "alerts:read",
  effect: "read",
  summary: "List what became of alerts, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    alert: z.string().min(1).max(100).exactOptional().describe("of one alert, by its id"),
  }),
  answer: { status: 200, schema: pageOf(entrySchema) },
  problems: [404, 409],
  handle: (call) => {
    const { alert, ...page } = call.query;
    const { alerts } = call.engines.own;
    const reach = reachOf(call);
    const of = alert === undefined ? {} : { alertId: alerts.show(alert, reach).alert.id };
    return shownPage(alerts.history({ ...page, ...of, ...reach }), entryView);
  },
});

const files = defineRoute({
  name: "exportAlertRules",
  method: "GET",
  path: "/v1/alerts/files",
  tag,
  // Addresses of webhooks are in it, which may be all that it takes to post there.
  scope: "alerts:write",
  effect: "read",
  summary: "Get the rules for Prometheus and the routes for Alertmanager",
  answer: {
    status: 200,
    schema: z.strictObject({ "rules.yml": z.string(), "alertmanager.yml": z.string() }),
  },
  problems: [403],
  handle: (call) => {
    requireInstallation(call);
    return alertFiles(call.config.settings);
  },
});

const check = defineRoute({
  name: "checkAlerts",
  method: "POST",
  path: "/v1/alerts/check",
  tag,
  scope: "alerts:write",
  effect: "write",
  summary: "Look at all alerts now, and tell of them",
  answer: {
    status: 200,
    schema: z.strictObject({
      looked: z.boolean().describe("false where another process was at it"),
      firing: z.array(alertSchema),
    }),
  },
  problems: [403],
  seconds: 120,
  handle: async (call) => {
    requireInstallation(call);
    const { alerts } = call.engines.own;
    const looked = await alerts.check();
    const { items } = alerts.list({ state: "firing", limit: 1_000 });
    return { looked, firing: items.map((alert) => alertView(call, alert)) };
  },
});

const show = defineRoute({
  name: "showAlert",
  method: "GET",
  path: "/v1/alerts/{id}",
  tag,
  scope: "alerts:read",
  effect: "read",
  summary: "Look at an alert: who was told, what became of it",
  params,
  answer: {
    status: 200,
    schema: z.strictObject({
      alert: alertSchema,
      history: z.array(entrySchema),
      silences: z.array(silenceSchema),
      notices: z
        .array(
          z.strictObject({
            receiver: z.string(),
            state: z.enum(["due", "told", "done"]),
            attempts: z.int().nonnegative(),
            toldAt: moment.nullable(),
            lastError: z.string().nullable(),
          }),
        )
        .describe("who is still to be told; for those who run the installation"),
    }),
  },
  problems: [404, 409],
  handle: (call) => {
    const details = call.engines.own.alerts.show(call.params.id, reachOf(call));
    const notices = runsInstallation(call) ? details.notices : [];
    const silences = details.silences.filter(
      ({ aboutTenant }) => runsInstallation(call) || aboutTenant !== null,
    );
    return {
      alert: alertView(call, details.alert),
      history: details.history.map(entryView),
      silences: silences.map(silenceView),
      notices: notices.map(({ receiver, state, attempts, toldAt, lastError }) => ({
        receiver,
        state,
        attempts,
        toldAt,
        lastError,
      })),
    };
  },
});

const acknowledge = defineRoute({
  name: "acknowledgeAlert",
  method: "POST",
  path: "/v1/alerts/{id}/acknowledge",
  tag,
  scope: "alerts:write",
  effect: "write",
  summary: "Take an alert on: it is not told again while it fires",
  params,
  body: z.strictObject({ note: z.string().max(1_000).default("") }),
  answer: { status: 200, schema: alertSchema },
  problems: [404, 409],
  handle: (call) => {
    const { alerts } = call.engines.own;
    const { id } = call.params;
    return alertView(call, alerts.acknowledge(id, call.body.note, actorOf(call), reachOf(call)));
  },
});

const unacknowledge = defineRoute({
  name: "unacknowledgeAlert",
  method: "POST",
  path: "/v1/alerts/{id}/unacknowledge",
  tag,
  scope: "alerts:write",
  effect: "write",
  summary: "Give an alert back: it is told again",
  params,
  answer: { status: 200, schema: alertSchema },
  problems: [404, 409],
  handle: (call) => {
    const { alerts } = call.engines.own;
    return alertView(call, alerts.unacknowledge(call.params.id, actorOf(call), reachOf(call)));
  },
});

/** Alerts: what fires and who has taken it on. */
export const alertRoutes: readonly Route[] = [
  list,
  rules,
  history,
  files,
  check,
  show,
  acknowledge,
  unacknowledge,
];
