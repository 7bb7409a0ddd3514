import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { addCommand } from "./add.ts";
import { listCommand } from "./list.ts";
import { matchCommand } from "./match.ts";
import { pinCommand } from "./pin.ts";
import { removeCommand } from "./remove.ts";
import { showCommand } from "./show.ts";
import { validateCommand } from "./validate.ts";

/** `agent33 skills`: what agents can be told of how work is done. Nothing is run. */
export function skillsCommand(program: Command, context: CliContext): void {
  const skills = program
    .command("skills")
    .description("Agent Skills: list, show, check, match, add and remove them");
  listCommand(skills, context);
  showCommand(skills, context);
  validateCommand(skills, context);
  matchCommand(skills, context);
  pinCommand(skills, context);
  addCommand(skills, context);
  removeCommand(skills, context);
}
