import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { summaryOf } from "../src/observability/alerts/alert.ts";
import { alertmanagerConfig, prometheusRules } from "../src/observability/alerts/files.ts";
import { runbookAddress, type ActiveRule } from "../src/observability/alerts/rule.ts";
import { rulesWith } from "../src/observability/alerts/rules.ts";
import { type RuleCase, ruleCases } from "../test/alerts/rule-cases.ts";

/**
 * Writes what Prometheus and Alertmanager get of the alerts, and the tests of the rules for promtool:
 *
 *     node deploy/generate.ts
 */
const made = "Made by `node deploy/generate.ts`; your own settings: `agent33 alerts export`.";

/** Every file that is made here, by its path in this folder. */
export function deployedFiles(): Readonly<Record<string, string>> {
  const rules = rulesWith({});
  return {
    "prometheus/rules.yml": prometheusRules(rules, made),
    "prometheus/tests/alerts.yml": rulesTests(rules, 1),
    "prometheus/tests/alerts-long.yml": rulesTests(rules, 10),
    "alertmanager/alertmanager.yml": alertmanagerConfig(rules, new Map(), made),
  };
}

/** @param every minutes between two looks: those that take days are looked at less often */
function rulesTests(rules: readonly ActiveRule[], every: number): string {
  const groups = rules.flatMap((rule) =>
    Object.entries(ruleCases[rule.name] ?? {})
      .filter(([, one]) => (one.every ?? 1) === every)
      .map(([word, one]) => testOf(rule, word, one)),
  );
  const head = `# ${made}\nrule_files: [../rules.yml]\nevaluation_interval: ${every}m\ntests:`;
  return `${[head, ...groups].join("\n")}\n`;
}

function testOf(
  rule: ActiveRule,
  word: string,
  { series, at, every = 1, fires }: RuleCase,
): string {
  const quoted = (text: string): string => JSON.stringify(text);
  const inputs = series.map(
    ([name, values]) => `      - { series: ${quoted(name)}, values: ${quoted(values)} }`,
  );
  const expected = fires.map((labels) => {
    const { severity, owner, summary, runbook } = rule;
    const all = { ...labels, severity, owner };
    const annotations = {
      summary: summaryOf(summary, labels),
      runbook_url: runbookAddress(runbook),
    };
    return `          - exp_labels: ${JSON.stringify(all)}\n            exp_annotations: ${JSON.stringify(annotations)}`;
  });
  return [
    `  - name: ${quoted(`${rule.name}: ${word}`)}`,
    `    interval: ${every}m`,
    ...(inputs.length === 0 ? ["    input_series: []"] : ["    input_series:", ...inputs]),
    "    alert_rule_test:",
    `      - eval_time: ${at}m`,
    `        alertname: ${rule.name}`,
    ...(expected.length === 0 ? ["        exp_alerts: []"] : ["        exp_alerts:", ...expected]),
  ].join("\n");
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(deployedFiles())) {
    writeFileSync(join(import.meta.dirname, path), text);
  }
}
