import type { Command } from "commander";
import { listQuarantine, showQuarantined } from "../../engine.ts";
import { addCommonOptions, type CliContext, configOf, outputOf } from "../context.ts";
import { quarantinedText, quarantineText } from "../render-quarantine.ts";
import { withoutPassword } from "../../base/place.ts";
import { shellWord, wholeNumber } from "../usage.ts";

interface Options {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

interface ListOptions extends Options {
  readonly limit: number;
  readonly cursor?: string;
}

const placeHelp = "the store's folder or address; the settings' store by default";

export function quarantineCommand(store: Command, context: CliContext): void {
  const quarantine = store
    .command("quarantine")
    .description("records that could not be taken over, with the reason");
  addCommonOptions(quarantine.command("list", { isDefault: true }))
    .description("what was set aside, newest first, of all tenants")
    .argument("[place]", placeHelp)
    .option("--limit <n>", "how many, at most 1000", wholeNumber("--limit"), 20)
    .option("--cursor <cursor>", "go on from here")
    .action((place: string | undefined, options: ListOptions) => list(context, place, options));
  addCommonOptions(quarantine.command("show"))
    .description("one record, with all that is kept of it")
    .argument("<id>", "its number in the list", wholeNumber("The number"))
    .argument("[place]", placeHelp)
    .action((id: number, place: string | undefined, options: Options) =>
      show(context, id, place, options),
    );
}

async function list(
  context: CliContext,
  place: string | undefined,
  options: ListOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const { limit, cursor } = options;
  const request = { limit, ...(cursor === undefined ? {} : { cursor }) };
  const page = await listQuarantine(place ?? config.settings.data, config, context.host, request);
  const store = place === undefined ? output.sameStore : ` ${shellWord(withoutPassword(place))}`;
  output.out(output.json ? JSON.stringify(page) : quarantineText(page, limit, store, output));
}

async function show(
  context: CliContext,
  id: number,
  place: string | undefined,
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const found = await showQuarantined(id, place ?? config.settings.data, config, context.host);
  output.out(output.json ? JSON.stringify(found) : quarantinedText(found));
}
