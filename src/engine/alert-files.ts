import type { Settings } from "../config/schema.ts";
import {
  alertmanagerConfig,
  prometheusRules,
  type WebhookAddress,
} from "../observability/alerts/files.ts";
import type { ActiveRule } from "../observability/alerts/rule.ts";
import { rulesWith } from "../observability/alerts/rules.ts";
import { receiversByOwner } from "./alert-receivers.ts";

/** The rules that the settings make, and who is told of each owner's. Nothing is opened. */
export interface AlertPlan {
  readonly rules: readonly ActiveRule[];
  readonly receivers: ReadonlyMap<string, readonly string[]>;
}

/** @throws Agent33Error as `createAlerts` for rules, owners and receivers */
export function alertPlan({ alerts }: Pick<Settings, "alerts">): AlertPlan {
  const rules = rulesWith(alerts.rules);
  return { rules, receivers: receiversByOwner(alerts, rules) };
}

/** What Prometheus and Alertmanager are given of the same rules. */
export interface AlertFiles {
  readonly "rules.yml": string;
  readonly "alertmanager.yml": string;
}

const made = "Made by `agent33 alerts export` of the settings.";

/**
 * The files of the settings' rules. Alertmanager gets the addresses of webhooks; messages of
 * connectors are the engine's own, because their keys are.
 * @throws Agent33Error as {@link alertPlan}
 */
export function alertFiles(settings: Pick<Settings, "alerts">): AlertFiles {
  const { rules, receivers } = alertPlan(settings);
  const webhooks = new Map(
    [...receivers].map(([owner, names]) => [
      owner,
      names.flatMap((receiver): readonly WebhookAddress[] => {
        const one = settings.alerts.receivers[receiver];
        return one !== undefined && "webhook" in one ? [{ receiver, url: one.webhook }] : [];
      }),
    ]),
  );
  return {
    "rules.yml": prometheusRules(rules, made, settings.alerts.serveUrl),
    "alertmanager.yml": alertmanagerConfig(rules, webhooks, made),
  };
}
