import { join } from "node:path";
import type { Command } from "commander";
import { checkSkills, type SkillCheck } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { columns, type Output } from "../../output.ts";
import { counted } from "../../text.ts";

interface Options extends CommonOptions {
  readonly lenient?: boolean;
}

/** `agent33 skills validate` */
export function validateCommand(skills: Command, context: CliContext): void {
  addCommonOptions(skills.command("validate"))
    .description("hold skills to the Agent Skills specification; fails where one breaks it")
    .argument("[folders...]", "skills, or folders of skills; all of the settings by default")
    .option("--lenient", "tell what a run would put up with; fails only where there is no skill")
    .action((folders: readonly string[], options: Options) => validate(context, folders, options));
}

async function validate(
  context: CliContext,
  folders: readonly string[],
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  const how = options.lenient === true ? "lenient" : "strict";
  const found = await checkSkills(folders, how, configOf(context, options), context.host);
  const errors = found.faults.filter(({ severity }) => severity === "error").length;
  context.exit(errors === 0 ? exitCodes.ok : exitCodes.failed);
  if (output.json) output.out(JSON.stringify(found));
  else show(found, errors, output);
}

function show({ checked, faults, kinds }: SkillCheck, errors: number, output: Output): void {
  const { style } = output;
  for (const { severity, code, folder, file, line, message, hint } of faults) {
    const place = `${join(folder, file ?? "SKILL.md")}${line === undefined ? "" : `:${line}`}`;
    const word = severity === "error" ? style.red("error") : style.yellow("warning");
    output.out(`${place}: ${word} ${code}: ${message}`);
    if (hint !== undefined) output.out(`  ${style.dim("→")} ${hint}`);
  }
  if (kinds.length > 1) {
    output.out(columns(kinds.map(({ code, count }) => [`${count}`, code])));
  }
  output.out(
    `${counted(checked, "skill")}, ${counted(errors, "error")}, ${counted(faults.length - errors, "warning")}`,
  );
}
