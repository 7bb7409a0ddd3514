import type { Command } from "commander";
import { withoutPassword } from "../../base/place.ts";
import {
  copyPlaces,
  exportPlace,
  moveIn,
  recountPlace,
  storeStatus,
  upgradePlace,
} from "../../engine.ts";
import { addCommonOptions, type CliContext, configOf, outputOf } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { withProgress } from "../progress.ts";
import { moveInText } from "../render-move.ts";
import { copyText, exportText, recountText, statusText, upgradeText } from "../render-store.ts";
import { shellWord, usageError } from "../usage.ts";
import { backupCommands } from "./store-backup.ts";
import { quarantineCommand } from "./store-quarantine.ts";
import { retentionCommand } from "./store-retention.ts";
import { recoverCommand } from "./store-recover.ts";

interface Options {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

interface MigrateOptions extends Options {
  readonly from?: string;
  readonly to?: string;
  readonly dryRun?: boolean;
}

export function storeCommand(program: Command, context: CliContext): void {
  const store = program.command("store").description("look after what AGENT-33 keeps");
  addCommonOptions(store.command("status"))
    .description("what a store is and how much is in it")
    .argument("[place]", "its folder, or a postgres:// address; the settings' store by default")
    .action((place: string | undefined, options: Options) => status(context, place, options));
  addCommonOptions(store.command("migrate"))
    .description("bring a store up to date, or take state from a file over; a backup comes first")
    .argument("[place]", "the store to bring up to date; the settings' store by default")
    .option("--from <file>", "an export (JSONL), or the Python engine's JSON or SQLite state")
    .option("--to <place>", "with --from: the store that takes it in, by folder or address")
    .option("--dry-run", "say what would happen and change nothing")
    .action((place: string | undefined, options: MigrateOptions) =>
      migrate(context, place, options),
    );
  addCommonOptions(store.command("copy"))
    .description("copy a whole store into an empty one, and compare the two; run it again to go on")
    .argument("<from>", "a store's folder, or a postgres:// address")
    .argument("<to>", "a folder or an address")
    .action((from: string, to: string, options: Options) => copy(context, from, to, options));
  addCommonOptions(store.command("export"))
    .description("write a whole store as lines of JSON")
    .argument("<file>", "a new file")
    .option("--from <place>", "a store's folder or address; the settings' store by default")
    .action((file: string, options: Options & { readonly from?: string }) =>
      writeExport(context, file, options),
    );
  addCommonOptions(store.command("recount"))
    .description("make the counts behind summaries anew, of the signals, where they are wrong")
    .argument("[place]", "the store's folder or address; the settings' store by default")
    .option("--dry-run", "say where they are wrong and change nothing")
    .action((place: string | undefined, options: MigrateOptions) =>
      recount(context, place, options),
    );
  retentionCommand(store, context);
  backupCommands(store, context);
  recoverCommand(store, context);
  quarantineCommand(store, context);
}

function show(output: Output, value: unknown, text: string): void {
  output.out(output.json ? JSON.stringify(value) : text);
}

/** The words, with a blank before, that make another command look at the same store. */
function namedBy(place: string | undefined, { sameStore }: Output): string {
  return place === undefined ? sameStore : ` ${shellWord(withoutPassword(place))}`;
}

async function status(
  context: CliContext,
  place: string | undefined,
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  const found = await storeStatus(place ?? configOf(context, options).settings.data, context.host);
  show(output, found, statusText(found, namedBy(place, output), output));
}

async function migrate(
  context: CliContext,
  place: string | undefined,
  options: MigrateOptions,
): Promise<void> {
  const output = outputOf(context, options);
  checkWords(context, place, options);
  const config = configOf(context, options);
  const dryRun = options.dryRun === true;
  const { from: file, to = config.settings.data } = options;
  if (file === undefined) {
    const report = await upgradePlace(place ?? to, config, context.host, { dryRun });
    show(output, report, upgradeText(report));
    return;
  }
  const moved = await withProgress(context, (onProgress) =>
    moveIn({ file, to, dryRun, onProgress }, config, context.host),
  );
  context.exit(moved.complete ? exitCodes.ok : exitCodes.failed);
  show(output, moved, moveInText(moved, namedBy(options.to, output), output));
}

/** `--to` goes with `--from`; a place goes without. @throws Agent33Error `cli.usage` */
function checkWords(
  { program }: CliContext,
  place: string | undefined,
  { from, to }: MigrateOptions,
): void {
  if (from === undefined && to !== undefined) {
    throw usageError(
      "--to names the store that takes in what --from names, and there is no --from.",
      `To bring that store up to date: ${program} store migrate ${shellWord(withoutPassword(to))}`,
    );
  }
  if (from !== undefined && place !== undefined) {
    throw usageError(
      `With --from, --to names the store, so "${withoutPassword(place)}" means nothing.`,
      `${program} store migrate --from ${shellWord(from)} --to ${shellWord(withoutPassword(place))}`,
    );
  }
}

async function recount(
  context: CliContext,
  place: string | undefined,
  options: MigrateOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const report = await recountPlace(
    place ?? configOf(context, options).settings.data,
    context.host,
    { dryRun: options.dryRun === true },
  );
  show(output, report, recountText(report));
}

async function copy(
  context: CliContext,
  from: string,
  to: string,
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  const report = await withProgress(context, (onProgress) =>
    copyPlaces({ from, to }, context.host, onProgress),
  );
  context.exit(report.equal ? exitCodes.ok : exitCodes.failed);
  show(output, report, copyText(report, output));
}

async function writeExport(
  context: CliContext,
  file: string,
  options: Options & { readonly from?: string },
): Promise<void> {
  const output = outputOf(context, options);
  const place = options.from ?? configOf(context, options).settings.data;
  const report = await withProgress(context, (onProgress) =>
    exportPlace(place, file, context.host, onProgress),
  );
  show(output, { file, ...report }, exportText(file, report));
}
