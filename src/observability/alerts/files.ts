import { partsOf, spanText } from "./expression.ts";
import { promql, recordName, recordText } from "./promql.ts";
import { type ActiveRule, runbookAddress } from "./rule.ts";

/** How often Prometheus works the rules out. */
const interval = "30s";

/** A text as YAML takes it: what JSON writes is YAML. */
const quoted = (text: string): string => JSON.stringify(text);

/**
 * The rules for Prometheus (2.42 or newer). What counters grew is recorded in the same group as the
 * alerts that ask for it: in a group of its own it would be worked out at another moment.
 * @param made how the file was made, for its head
 * @param base where `agent33 serve` is, for links
 */
export function prometheusRules(rules: readonly ActiveRule[], made: string, base?: string): string {
  const records = new Map<string, string>();
  for (const { condition } of rules) {
    for (const part of partsOf(condition)) {
      if (part.kind === "increase") records.set(recordName(part), recordText(part));
    }
  }
  const recorded = [...records].map(([name, text]) =>
    [`      - record: ${quoted(name)}`, `        expr: ${quoted(text)}`].join("\n"),
  );
  const head = [`# ${made}`, "groups:", "  - name: agent33", `    interval: ${interval}`];
  return `${[...head, "    rules:", ...recorded, ...rules.map((rule) => alertText(rule, base))].join("\n")}\n`;
}

function alertText(rule: ActiveRule, base: string | undefined): string {
  const { name, condition, forMs, keepMs, severity, owner, summary, runbook } = rule;
  const lines = [
    `      - alert: ${name}`,
    `        expr: ${quoted(promql(condition))}`,
    ...(forMs === 0 ? [] : [`        for: ${spanText(forMs)}`]),
    `        keep_firing_for: ${spanText(keepMs)}`,
    `        labels: { severity: ${severity}, owner: ${quoted(owner)} }`,
    "        annotations:",
    `          summary: ${quoted(templateOf(summary))}`,
    `          runbook_url: ${quoted(runbookAddress(runbook, base))}`,
  ];
  return lines.join("\n");
}

/** A summary in Prometheus' own words. */
export function templateOf(summary: string): string {
  return summary.replace(/\{(\w+)\}/g, "{{ $$labels.$1 }}");
}

/** An address that Alertmanager can post to by itself. */
export interface WebhookAddress {
  readonly receiver: string;
  readonly url: string;
}

/**
 * Routes for Alertmanager, by owner. Who has no address in it is left for people to fill in.
 * @param webhooks the addresses of each owner
 */
export function alertmanagerConfig(
  rules: readonly ActiveRule[],
  webhooks: ReadonlyMap<string, readonly WebhookAddress[]>,
  made: string,
): string {
  const owners = [...new Set(rules.map(({ owner }) => owner))].toSorted();
  const once = rules.filter((rule) => rule.once).map(({ name }) => name);
  const routes = owners.map((owner) =>
    [
      `    - receiver: ${quoted(owner)}`,
      `      matchers: [${quoted(`owner=${quoted(owner)}`)}]`,
      "      routes:",
      ...(rules.some((rule) => rule.once && rule.owner === owner)
        ? [
            `        - matchers: [${quoted(`alertname=~${quoted(once.join("|"))}`)}]`,
            `          receiver: ${quoted(owner)}`,
            "          # Told once in a period of a budget.",
            "          repeat_interval: 720h",
          ]
        : []),
      `        - matchers: [${quoted('severity="page"')}]`,
      `          receiver: ${quoted(owner)}`,
      "          group_wait: 10s",
      "          repeat_interval: 1h",
    ].join("\n"),
  );
  const receivers = owners.map((owner) => {
    const known = webhooks.get(owner) ?? [];
    const name = `  - name: ${quoted(owner)}`;
    if (known.length === 0) return `${name}\n    # webhook_configs: [{ url: https://… }]`;
    const urls = known.map(({ url }) => `      - url: ${quoted(url)}\n        send_resolved: true`);
    return `${name}\n    webhook_configs:\n${urls.join("\n")}`;
  });
  return `${[
    `# ${made}`,
    "route:",
    `  receiver: ${quoted(owners[0] ?? "nobody")}`,
    '  group_by: ["owner", "alertname"]',
    "  group_wait: 30s",
    "  group_interval: 5m",
    "  repeat_interval: 4h",
    "  routes:",
    ...routes,
    "inhibit_rules:",
    "  # Who is woken for the fast one need not be told of the slow one.",
    `  - source_matchers: [${quoted('alertname="TenantCostBurnFast"')}]`,
    `    target_matchers: [${quoted('alertname="TenantCostBurnSlow"')}]`,
    '    equal: ["tenant"]',
    "receivers:",
    ...(owners.length === 0 ? ['  - name: "nobody"'] : receivers),
  ].join("\n")}\n`;
}
