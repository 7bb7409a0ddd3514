import type { Command } from "commander";
import { pinSkills } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { columns } from "../../output.ts";
import { skillData } from "./list.ts";

/** `agent33 skills pin` */
export function pinCommand(skills: Command, context: CliContext): void {
  addCommonOptions(skills.command("pin"))
    .description("take skills for good as they are: from then on a run asks about a changed one")
    .argument("[names...]", "skills by their names; all that runs get by default")
    .action((names: readonly string[], options: CommonOptions) => pin(context, names, options));
}

async function pin(
  context: CliContext,
  names: readonly string[],
  options: CommonOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const { file, entries } = await pinSkills(names, configOf(context, options), context.host);
  if (output.json) {
    output.out(JSON.stringify({ file, items: entries.map(skillData) }));
    return;
  }
  if (entries.length === 0) {
    output.out("There are no skills to pin.");
    return;
  }
  output.out(columns(entries.map(({ skill }) => [skill.name, skill.digest.slice(0, 12)])));
  output.out(`Pinned in ${file}: review it and keep it with the settings.`);
}
