import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { checkCommand } from "./check.ts";
import { exportCommand } from "./export.ts";
import { historyCommand } from "./history.ts";
import { listCommands } from "./list.ts";
import { rulesCommand } from "./rules.ts";
import { silenceCommands } from "./silences.ts";
import { takeCommands } from "./take.ts";

/** `agent33 alerts`: what fires, who has taken it on, what is silenced, what was. */
export function alertsCommand(program: Command, context: CliContext): void {
  const alerts = program
    .command("alerts")
    .description("what fires, who has taken it on, what is silenced, what was");
  listCommands(alerts, context);
  rulesCommand(alerts, context);
  checkCommand(alerts, context);
  takeCommands(alerts, context);
  silenceCommands(alerts, context);
  historyCommand(alerts, context);
  exportCommand(alerts, context);
}
