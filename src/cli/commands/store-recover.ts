import type { Command } from "commander";
import { recoverSettingsStore } from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { withProgress } from "../progress.ts";
import { recoverText } from "../render-recover.ts";

interface Options extends CommonOptions {
  readonly dryRun?: boolean;
}

/** The command that makes a store anew of what its damaged file has. */
export function recoverCommand(store: Command, context: CliContext): void {
  addCommonOptions(store.command("recover"))
    .description("make a new store of all that can be read of a damaged one, which is kept")
    .option("--dry-run", "do all of it but put the result in place")
    .action((options: Options) => recover(context, options));
}

async function recover(context: CliContext, options: Options): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const report = await withProgress(context, async (onProgress) =>
    recoverSettingsStore(config, context.host, { dryRun: options.dryRun === true, onProgress }),
  );
  context.exit(report.lost.length + report.orphans === 0 ? exitCodes.ok : exitCodes.failed);
  output.out(output.json ? JSON.stringify(report) : recoverText(report));
}
