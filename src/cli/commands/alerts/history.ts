import type { Command } from "commander";
import { type CliContext, configOf, outputOf, withEngine } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { addListOptions, given, type ListOptions, showPage } from "../../page.ts";
import { utc } from "../../text.ts";
import { kindText } from "./alert-text.ts";

interface Options extends ListOptions {
  readonly alert?: string;
}

export function historyCommand(alerts: Command, context: CliContext): void {
  addListOptions(alerts.command("history"))
    .description("what became of alerts and who did it, newest first")
    .option("--alert <alert>", "of one alert: its id, or its beginning")
    .action((options: Options) => history(context, options));
}

async function history(context: CliContext, options: Options): Promise<void> {
  const output = outputOf(context, options);
  const { limit, cursor } = options;
  await withEngine(context, configOf(context, options), async ({ alerts }) => {
    const alertId = options.alert === undefined ? undefined : alerts.show(options.alert).alert.id;
    showPage(output, alerts.history(given({ limit, cursor, alertId })), options, {
      command: "alerts history",
      flags: { "--alert": options.alert },
      head: ["WHEN", "RULE", "WHAT", "BY", "ALERT", "NOTE"],
      row: ({ at, rule, kind, by, alertId: id, note }) => [
        utc(at),
        rule,
        kindText(kind),
        by ?? "-",
        id,
        oneLine(note, 100),
      ],
      none: "No alert has fired so far.",
    });
  });
}
