import type { Command } from "commander";
import { type ActiveRule, alertPlan, runbookAddress, spanText } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { columns } from "../../output.ts";
import { showResult } from "../../page.ts";

export function rulesCommand(alerts: Command, context: CliContext): void {
  addCommonOptions(alerts.command("rules"))
    .description(
      "every alert that is on: its severity, owner, who is told, its thresholds and page",
    )
    .action((options: CommonOptions) => {
      const { rules, receivers } = alertPlan(configOf(context, options).settings);
      const shown = rules.map((rule) => view(rule, receivers.get(rule.owner) ?? []));
      showResult(outputOf(context, options), { items: shown }, () =>
        columns([
          ["RULE", "SEVERITY", "OWNER", "TOLD", "FOR", "THRESHOLDS", "PAGE"],
          ...shown.map((rule) => [
            rule.name,
            rule.severity,
            rule.owner,
            rule.receivers.length === 0 ? "nobody" : rule.receivers.join(", "),
            rule.forMs === 0 ? "at once" : spanText(rule.forMs),
            Object.entries(rule.thresholds)
              .map(([name, value]) => `${name}=${value}`)
              .join(" "),
            rule.page,
          ]),
        ]),
      );
    });
}

function view(rule: ActiveRule, receivers: readonly string[]) {
  const { name, severity, owner, summary, forMs, thresholds, runbook } = rule;
  const page = runbookAddress(runbook);
  return { name, severity, owner, receivers, summary, forMs, thresholds, page };
}
