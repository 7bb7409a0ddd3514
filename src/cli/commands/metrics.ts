import type { Command } from "commander";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  withEngine,
} from "../context.ts";

export function metricsCommand(program: Command, context: CliContext): void {
  addCommonOptions(program.command("metrics"))
    .description("calls, money, decisions, failures and limits, in the text format of Prometheus")
    .action(async (options: CommonOptions) => {
      await withEngine(context, configOf(context, options), async ({ metrics }) => {
        const text = await metrics.text();
        const { contentType } = metrics;
        context.write(options.json === true ? `${JSON.stringify({ contentType, text })}\n` : text);
      });
    });
}
