import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { baselineCommand } from "./baseline.ts";
import { continuityCommand } from "./continuity.ts";
import { regressionsCommand } from "./regressions.ts";
import { runCommand } from "./run.ts";
import { surfaceCommand } from "./surface.ts";

/** `agent33 gate`: golden tasks that a change must pass, and what got worse. */
export function gateCommand(program: Command, context: CliContext): void {
  const gate = program
    .command("gate")
    .description("what a change has to pass: golden tasks, what must work, and what got worse");
  runCommand(gate, context);
  surfaceCommand(gate, context);
  continuityCommand(gate, context);
  baselineCommand(gate, context);
  regressionsCommand(gate, context);
}
