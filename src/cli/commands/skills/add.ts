import type { Command } from "commander";
import { Agent33Error } from "../../../base/errors.ts";
import { formatSkillNotice, planAdditions, type SkillAddition } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { oneLine, type Output } from "../../output.ts";
import { skillRulesText } from "../../skill-text.ts";
import { counted } from "../../text.ts";

interface Options extends CommonOptions {
  readonly skill?: readonly string[];
  readonly to?: string;
  readonly replace?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** `agent33 skills add` */
export function addCommand(skills: Command, context: CliContext): void {
  addCommonOptions(skills.command("add"))
    .description("add skills from a folder or an archive, after a look at what they are")
    .argument("<source>", "a skill, a folder of skills, or a .zip, .skill, .tar or .tar.gz of them")
    .option("--skill <name...>", "only these skills of the source")
    .option("--to <folder>", "folder of skills; the first of the setting skills.folders by default")
    .option("--replace", "replace folders that are there; what they hold is kept beside them")
    .option("--yes", "add without being asked")
    .option("--dry-run", "show what would be added, and add nothing")
    .action((source: string, options: Options) => add(context, source, options));
}

async function add(context: CliContext, source: string, options: Options): Promise<void> {
  const output = outputOf(context, options);
  const request = {
    source,
    names: options.skill ?? [],
    to: options.to,
    replace: options.replace === true,
  };
  const config = configOf(context, options);
  const planned = await planAdditions(request, config, context.host);
  try {
    const { additions } = planned;
    if (!output.json) for (const addition of additions) preview(addition, output);
    const isAdded = options.dryRun !== true && (await agreed(context, options, additions, output));
    const kept = isAdded ? await planned.carryOut() : [];
    if (output.json) {
      output.out(JSON.stringify({ added: isAdded, items: additions.map(dataOf), kept }));
      return;
    }
    output.out(isAdded ? `Added ${counted(additions.length, "skill")}.` : "Nothing was added.");
    for (const folder of kept) output.out(`What was there is kept in ${folder}`);
  } finally {
    await planned.discard();
  }
}

/** @throws Agent33Error `skills.not_confirmed` where nobody can be asked */
async function agreed(
  { prompts }: CliContext,
  { yes }: Options,
  additions: readonly SkillAddition[],
  { json }: Output,
): Promise<boolean> {
  if (yes === true) return true;
  if (prompts !== undefined && !json) {
    return prompts.confirm(`Add ${counted(additions.length, "skill")}?`);
  }
  throw new Agent33Error("skills.not_confirmed", "Nobody said that the skills are to be added.", {
    hint: "Look at them with --dry-run, then add them with --yes.",
  });
}

function preview(
  { skill, notices, target, replaces, shadowedBy }: SkillAddition,
  { out, style }: Output,
): void {
  const version = skill.version === undefined ? "" : ` ${skill.version}`;
  const rules = skillRulesText(skill);
  const scripts = skill.files.filter((file) => file.startsWith("scripts/"));
  out(`${style.bold(`${skill.name}${version}`)}  ${oneLine(skill.description, 200)}`);
  out(`  ${replaces ? style.yellow("replaces") : "goes to"} ${target}`);
  out(
    `  ${counted(skill.files.length + 1, "file")}${scripts.length === 0 ? "" : `, of them ${counted(scripts.length, "script")}`} · digest ${skill.digest.slice(0, 12)}`,
  );
  if (rules !== "") out(`  ${rules}`);
  for (const folder of shadowedBy) {
    out(`  ${style.yellow("shadowed")} a skill of this name in ${folder} comes first`);
  }
  for (const notice of notices) out(`  ${style.dim(`note ${formatSkillNotice(notice)}`)}`);
}

function dataOf({ skill, notices, target, replaces, shadowedBy }: SkillAddition) {
  const { body: _body, dir: _dir, ...facts } = skill;
  return { ...facts, notices, target, replaces, shadowedBy };
}
