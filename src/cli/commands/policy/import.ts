import type { Command } from "commander";
import { importPolicy, type PolicySource } from "../../../engine.ts";
import { addCommonOptions, type CliContext, outputOf } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { usageError } from "../../usage.ts";
import { shownPlace, writeResult } from "./files.ts";

interface Options {
  readonly name?: string;
  readonly out?: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function importCommand(policy: Command, context: CliContext): void {
  const group = policy
    .command("import")
    .description("make a pack of another product's policy; what packs cannot say is refused");
  const from = (source: PolicySource, description: string, file: string): void => {
    addCommonOptions(group.command(source))
      .description(description)
      .argument("<file>", file)
      .option("--name <pack>", "name of the pack", source)
      .option("--out <file>", "write the pack to a file instead of showing it")
      .action((path: string, options: Options) => importFrom(context, source, path, options));
  };
  from("claude-code", "of the permissions of Claude Code", "a settings.json with permissions");
  from("cedar", "of Cedar policies", "a file of Cedar policies");
}

async function importFrom(
  context: CliContext,
  source: PolicySource,
  file: string,
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  const { name = source } = options;
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    throw usageError(
      `"${name}" cannot be a pack's name.`,
      "Use lower-case letters, digits and hyphens.",
    );
  }
  const imported = await importPolicy(source, file, name, context.host);
  if (!imported.ok) {
    context.exit(exitCodes.failed);
    if (output.json) {
      output.out(JSON.stringify(imported));
      return;
    }
    const { style } = output;
    for (const { at, message, hint } of imported.refused) {
      output.err(`${shownPlace(at, context.host.cwd)}: ${style.red("refused")} ${message}`);
      output.err(`  ${style.dim("→")} ${hint}`);
    }
    output.err(`Nothing was imported: ${imported.refused.length} refused.`);
    return;
  }
  const { text, rules, notes } = imported;
  if (options.out !== undefined) writeResult(context, options.out, text);
  if (output.json) {
    output.out(JSON.stringify(imported));
    return;
  }
  if (options.out === undefined) output.out(text.trimEnd());
  else output.out(`${options.out}: the pack "${name}" with ${rules} rules`);
  for (const note of notes) output.err(note);
}
