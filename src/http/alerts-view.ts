import { z } from "zod";
import type { Alert, AlertReach } from "../engine.ts";
import { alertValueText } from "../engine.ts";
import type { AlertActor } from "../engine/alerts.ts";
import { moment } from "./input.ts";
import { runsInstallation } from "./installation.ts";
import type { RouteContext } from "./route.ts";

const labels = z.record(z.string(), z.string());

/** An alert as the API shows it. */
export const alertSchema = z
  .strictObject({
    id: z.string(),
    rule: z.string(),
    state: z.enum(["pending", "firing", "resolved"]),
    severity: z.enum(["page", "ticket", "info"]),
    owner: z.string(),
    summary: z.string(),
    tenant: z.string().nullable().describe("whom it is about; null is the installation"),
    labels,
    value: z.number(),
    valueText: z.string().describe("the value with its unit"),
    times: z.int().nonnegative().describe("how often it fired"),
    beganAt: moment,
    firedAt: moment.nullable(),
    resolvedAt: moment.nullable(),
    updatedAt: moment,
    acknowledged: z.strictObject({ by: z.string(), at: moment, note: z.string() }).nullable(),
  })
  .meta({ id: "Alert" });

/** A silence as the API shows it. */
export const silenceSchema = z
  .strictObject({
    id: z.string(),
    tenant: z.string().nullable().describe("where only what is about this tenant is silenced"),
    matchers: labels,
    reason: z.string(),
    by: z.string(),
    createdAt: moment,
    startsAt: moment,
    endsAt: moment,
    endedBy: z.string().nullable(),
  })
  .meta({ id: "AlertSilence" });

type Asking = Pick<RouteContext, "caller" | "config" | "engines">;

/** What of the installation's alerts a caller may see: all, or those about their own tenant. */
export function reachOf(asking: Asking): AlertReach {
  return runsInstallation(asking) ? {} : { aboutTenant: asking.caller.tenant };
}

/** Who does it, told apart from somebody of that name in another tenant. */
export function actorOf(asking: Asking): AlertActor {
  const { tenant, user, key } = asking.caller;
  return { user: runsInstallation(asking) ? user : `${tenant}/${user}`, key };
}

export function alertView(asking: Asking, alert: Alert): z.input<typeof alertSchema> {
  const { rules } = asking.engines.own.alerts;
  const unit = rules.find(({ name }) => name === alert.rule)?.unit ?? "number";
  const { aboutTenant, episode, seenAt: _seen, ...rest } = alert;
  const valueText = alertValueText(alert.value, unit);
  return { ...rest, tenant: aboutTenant, times: episode, valueText };
}
