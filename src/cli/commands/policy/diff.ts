import type { Command } from "commander";
import {
  pairPolicies,
  type PolicyPair,
  replayExport,
  type ReplayReport,
  replayStore,
} from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { progressOn } from "../../progress.ts";
import { replayText, ruleChangesText } from "./diff-text.ts";

interface Options {
  /** True where the flag stands without a file. */
  readonly replay?: string | boolean;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function diffCommand(policy: Command, context: CliContext): void {
  addCommonOptions(policy.command("diff"))
    .description("what two policies say differently: rule by rule, and of calls that were made")
    .argument("<old>", "packs by name or file, joined with +; or: settings")
    .argument("<new>", "the same")
    .option(
      "--replay [export]",
      "decide about the calls in the audit again: of this store, or of an export of one",
    )
    .action((before: string, after: string, options: Options) =>
      diff(context, { before, after }, options),
    );
}

async function diff(
  context: CliContext,
  words: { readonly before: string; readonly after: string },
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  const pair = pairPolicies(configOf(context, options), context.host, words);
  const replay = await replayed(context, pair, options);
  if (output.json) {
    const data = { rules: pair.rules, ...(replay === undefined ? {} : { replay }) };
    output.out(JSON.stringify(data));
    return;
  }
  const texts = [ruleChangesText(pair.rules, output)];
  if (replay !== undefined) texts.push(replayText(replay, output));
  output.out(texts.join("\n\n"));
}

async function replayed(
  context: CliContext,
  pair: PolicyPair,
  options: Options,
): Promise<ReplayReport | undefined> {
  const { replay: source = false } = options;
  if (source === false) return undefined;
  const config = configOf(context, options);
  const progress = progressOn(context);
  try {
    if (typeof source === "string") {
      return await replayExport(pair, source, config, context.host, progress.show);
    }
    return await withEngine(context, config, async ({ store }) =>
      replayStore(pair, store, progress.show),
    );
  } finally {
    progress.end();
  }
}
