import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { checklistsCommand } from "./checklists.ts";
import { intakesCommand } from "./intakes.ts";
import { lessonsCommand } from "./lessons.ts";
import { metricsCommand } from "./metrics.ts";
import { recordCommand } from "./record.ts";
import { refreshesCommand } from "./refreshes.ts";
import { signalCommands } from "./signals.ts";
import { summaryCommand } from "./summary.ts";

/** `agent33 learn`: what was seen, what is looked into, what was learned. */
export function learnCommand(program: Command, context: CliContext): void {
  const learn = program
    .command("learn")
    .description(
      "what was seen and learned; every command first reads what runs taught since the last time",
    );
  recordCommand(learn, context);
  signalCommands(learn, context);
  summaryCommand(learn, context);
  intakesCommand(learn, context);
  lessonsCommand(learn, context);
  checklistsCommand(learn, context);
  metricsCommand(learn, context);
  refreshesCommand(learn, context);
}
