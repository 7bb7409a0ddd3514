import type { Command } from "commander";
import { listSettingsRecoveries, recoverSettingsStore } from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { withProgress } from "../progress.ts";
import { recoveriesText, recoverText } from "../render-recover.ts";

interface Options extends CommonOptions {
  readonly dryRun?: boolean;
  readonly list?: boolean;
}

/** The command that makes a store anew of its backups, its journal and what its damaged file has. */
export function recoverCommand(store: Command, context: CliContext): void {
  addCommonOptions(store.command("recover"))
    .description("make a damaged store whole; the damaged files are kept")
    .option("--dry-run", "do all of it but put the result in place")
    .option("--list", "only say what was recovered before")
    .action((options: Options) =>
      options.list === true ? list(context, options) : recover(context, options),
    );
}

async function recover(context: CliContext, options: Options): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const dryRun = options.dryRun === true;
  const report = await withProgress(context, (onProgress) =>
    recoverSettingsStore(config, context.host, { dryRun, onProgress }),
  );
  context.exit(report.lost.length + report.orphans === 0 ? exitCodes.ok : exitCodes.failed);
  output.out(output.json ? JSON.stringify(report) : recoverText(report));
  // An engine that opens the store lets it remember what happened to it.
  if (!dryRun) await withEngine(context, config, async () => undefined);
}

function list(context: CliContext, options: Options): void {
  const output = outputOf(context, options);
  const reports = listSettingsRecoveries(configOf(context, options), context.host);
  output.out(output.json ? JSON.stringify(reports) : recoveriesText(reports));
}
