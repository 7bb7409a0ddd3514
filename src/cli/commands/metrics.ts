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
    .option("--openmetrics", "as OpenMetrics, with the newest call of each series of calls")
    .action(async (options: CommonOptions & { readonly openmetrics?: boolean }) => {
      await withEngine(context, configOf(context, options), async ({ metrics }) => {
        const form = options.openmetrics === true ? "openmetrics" : "prometheus";
        const text = await metrics.text(form);
        const contentType = metrics.contentType(form);
        context.write(options.json === true ? `${JSON.stringify({ contentType, text })}\n` : text);
      });
    });
}
