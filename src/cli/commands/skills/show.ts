import type { Command } from "commander";
import { showSkillEntry } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { columns } from "../../output.ts";
import { skillRulesText } from "../../skill-text.ts";
import { skillData, statusText } from "./list.ts";

/** `agent33 skills show` */
export function showCommand(skills: Command, context: CliContext): void {
  addCommonOptions(skills.command("show"))
    .description("one skill: what is known of it, and its text")
    .argument("<name>", "the skill by its name")
    .action((name: string, options: CommonOptions) => show(context, name, options));
}

async function show(context: CliContext, name: string, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  const entry = await showSkillEntry(name, configOf(context, options), context.host);
  const { skill } = entry;
  if (output.json) {
    output.out(JSON.stringify({ ...skillData(entry), body: skill.body }));
    return;
  }
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["name", skill.name],
    ["version", skill.version],
    ["status", statusText(entry)],
    ["folder", skill.dir],
    ["digest", skill.digest],
    ["license", skill.license],
    ["needs", skill.compatibility],
    ["builds on", skill.dependencies.map((one) => one.name).join(", ")],
    ["tools", skillRulesText(skill)],
    ["files", skill.files.join(", ")],
    ["about", skill.description],
  ];
  const told = facts.filter(([, value]) => value !== undefined && value !== "");
  output.out(columns(told.map(([label, value = ""]) => [output.style.dim(label), value])));
  output.out(`\n${skill.body}`);
}
