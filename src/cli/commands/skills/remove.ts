import type { Command } from "commander";
import { removeSkill } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { shellWord } from "../../usage.ts";

/** `agent33 skills remove` */
export function removeCommand(skills: Command, context: CliContext): void {
  addCommonOptions(skills.command("remove"))
    .description("take a skill away; its folder is kept, and can be added again")
    .argument("<name>", "the skill by its name")
    .action((name: string, options: CommonOptions) => remove(context, name, options));
}

async function remove(context: CliContext, name: string, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  const kept = await removeSkill(name, configOf(context, options), context.host);
  if (output.json) output.out(JSON.stringify({ name, kept }));
  else {
    output.out(`Removed ${name}. To have it again:`);
    output.out(`  ${output.program} skills add ${shellWord(kept)}`);
  }
}
