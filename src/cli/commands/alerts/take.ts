import type { Command } from "commander";
import type { Alert, Alerts } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { showResult } from "../../page.ts";

interface AckOptions extends CommonOptions {
  readonly note?: string;
}

export function takeCommands(alerts: Command, context: CliContext): void {
  addCommonOptions(alerts.command("ack"))
    .description("take an alert on: it is not told again while it fires")
    .argument("<alert>", "the alert's id, or its beginning")
    .option("--note <text>", "for those who look at it too")
    .action((prefix: string, options: AckOptions) =>
      act(context, options, "is taken on", (all, user) =>
        all.acknowledge(prefix, options.note ?? "", { user }),
      ),
    );
  addCommonOptions(alerts.command("unack"))
    .description("give an alert back: it is told again")
    .argument("<alert>", "the alert's id, or its beginning")
    .action((prefix: string, options: CommonOptions) =>
      act(context, options, "is given back", (all, user) => all.unacknowledge(prefix, { user })),
    );
}

async function act(
  context: CliContext,
  options: CommonOptions,
  words: string,
  change: (alerts: Alerts, user: string) => Alert,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  await withEngine(context, config, async ({ alerts }) => {
    const alert = change(alerts, config.settings.user);
    showResult(
      output,
      alert,
      () => `${alert.rule} (${alert.id}) ${words} by ${config.settings.user}.`,
    );
  });
}
