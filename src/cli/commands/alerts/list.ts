import type { Command } from "commander";
import type { Alert } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { addListOptions, given, type ListOptions, showPage, showResult } from "../../page.ts";
import { oneWord } from "../../usage.ts";
import { alertHead, alertRow, alertText } from "./alert-text.ts";

const states = ["firing", "pending", "resolved"] as const;

interface Options extends ListOptions {
  readonly all?: boolean;
  readonly state?: Alert["state"];
  readonly rule?: string;
  readonly tenant?: string;
}

export function listCommands(alerts: Command, context: CliContext): void {
  addListOptions(alerts.command("list"))
    .description("alerts that fire, newest first")
    .option("--all", "those that are pending or over, too")
    .option("--state <state>", states.join(", "), oneWord("--state", states))
    .option("--rule <name>", "of one rule")
    .option("--tenant <name>", "about one tenant")
    .action((options: Options) => list(context, options));
  addCommonOptions(alerts.command("show"))
    .description("one alert: since when, who was told, who has taken it on, what became of it")
    .argument("<alert>", "the alert's id, or its beginning")
    .action((prefix: string, options: CommonOptions) => show(context, prefix, options));
}

async function list(context: CliContext, options: Options): Promise<void> {
  const output = outputOf(context, options);
  const { all = false, rule, tenant, limit, cursor } = options;
  const state = options.state ?? (all ? undefined : "firing");
  await withEngine(context, configOf(context, options), async ({ alerts }) => {
    const page = alerts.list(given({ state, rule, aboutTenant: tenant, limit, cursor }));
    showPage(output, page, options, {
      command: "alerts list",
      flags: { "--all": all, "--state": options.state, "--rule": rule, "--tenant": tenant },
      head: alertHead,
      row: (alert) => alertRow(alert, alerts.rules),
      none: "No alert fires. `agent33 alerts check` looks at all of them now; `--all` lists those that are over.",
    });
  });
}

async function show(context: CliContext, prefix: string, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ alerts }) => {
    const details = alerts.show(prefix);
    showResult(output, details, () => alertText(details));
  });
}
