import type { Command } from "commander";
import { backUpStore, listStoreBackups, restoreFromBackup, verifyBackups } from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { momentOf } from "../moment.ts";
import { withProgress } from "../progress.ts";
import { backupsText, backupText, restoreText, verifyText } from "../render-backup.ts";
import { usageError, wholeNumber } from "../usage.ts";

interface FromOptions extends CommonOptions {
  readonly from?: string;
}

interface RestoreOptions extends FromOptions {
  readonly at?: string;
  readonly seq?: number;
  readonly migrate?: boolean;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
}

const fromHelp = "folder of the backups; the settings' by default";
const nameHelp =
  "its id, the beginning of one, its kind for the newest of it, or a path to its folder";

/** The commands that make backups, look at them and bring them back. */
export function backupCommands(store: Command, context: CliContext): void {
  addCommonOptions(store.command("backup"))
    .description("make a backup of the store while it is in use, and read it back")
    .option("--to <folder>", "folder of the backups; the settings' by default")
    .action((options: CommonOptions & { readonly to?: string }) => backUp(context, options));
  addCommonOptions(store.command("backups"))
    .description("the backups that there are, newest first")
    .option("--from <folder>", fromHelp)
    .action((options: FromOptions) => list(context, options));
  addCommonOptions(store.command("verify"))
    .description("read backups and the journal from end to end, and say what of them is whole")
    .argument("[backup]", `${nameHelp}; all of them by default`)
    .option("--from <folder>", fromHelp)
    .action((name: string | undefined, options: FromOptions) => verify(context, name, options));
  addCommonOptions(store.command("restore"))
    .description("put a backup in the store's place, once all of it was checked")
    .argument("[backup]", `${nameHelp}; by default the newest, with what was written since`)
    .option("--from <folder>", fromHelp)
    .option("--at <time>", "as it was then: 90m, 12h or 7d ago, or 2026-11-01T12:30 (UTC)")
    .option("--seq <n>", "as it was after the change of this number", wholeNumber("--seq"))
    .option("--migrate", "bring a backup of an older schema up to date on the way")
    .option("--wait", "wait until no other process uses the store")
    .option("--dry-run", "do all of it but put the result in place")
    .action((name: string | undefined, options: RestoreOptions) => restore(context, name, options));
}

async function backUp(
  context: CliContext,
  options: CommonOptions & { readonly to?: string },
): Promise<void> {
  const output = outputOf(context, options);
  const made = await backUpStore(configOf(context, options), context.host, { to: options.to });
  output.out(output.json ? JSON.stringify(made) : backupText(made));
}

function list(context: CliContext, options: FromOptions): void {
  const output = outputOf(context, options);
  const found = listStoreBackups(configOf(context, options), context.host, options.from);
  output.out(output.json ? JSON.stringify(found) : backupsText(found));
}

async function verify(
  context: CliContext,
  name: string | undefined,
  options: FromOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const verified = await withProgress(context, (onProgress) =>
    verifyBackups(config, context.host, { name, from: options.from, onProgress }),
  );
  context.exit(verified.whole ? exitCodes.ok : exitCodes.failed);
  output.out(output.json ? JSON.stringify(verified) : verifyText(verified));
}

async function restore(
  context: CliContext,
  name: string | undefined,
  options: RestoreOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const waiting = () => output.err("waiting for the processes that use the store to end");
  const report = await withProgress(context, (onProgress) =>
    restoreFromBackup(config, context.host, {
      name,
      target: targetOf(options, context.host.clock.now()),
      from: options.from,
      migrate: options.migrate === true,
      dryRun: options.dryRun === true,
      onProgress,
      ...(options.wait === true ? { onWaiting: waiting } : {}),
    }),
  );
  output.out(output.json ? JSON.stringify(report) : restoreText(report));
}

/** @throws Agent33Error `cli.usage` */
function targetOf({ at, seq }: RestoreOptions, now: number) {
  if (at === undefined && seq === undefined) return undefined;
  if (at !== undefined && seq !== undefined) {
    throw usageError("--at and --seq name two moments.", "Give one of them.");
  }
  return at === undefined ? { seq } : { at: momentOf("--at", at, now) };
}
