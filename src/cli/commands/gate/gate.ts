import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { baselineCommand } from "./baseline.ts";
import { regressionsCommand } from "./regressions.ts";
import { runCommand } from "./run.ts";

/** `agent33 gate`: golden tasks that a change must pass, and what got worse. */
export function gateCommand(program: Command, context: CliContext): void {
  const gate = program
    .command("gate")
    .description("golden tasks that a change has to pass, baselines, and what got worse");
  runCommand(gate, context);
  baselineCommand(gate, context);
  regressionsCommand(gate, context);
}
