import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { compareCommand } from "./compare.ts";
import { importCommand } from "./import.ts";
import { listCommand } from "./list.ts";
import { reportCommand } from "./report.ts";
import { resumeCommand } from "./resume.ts";
import { runCommand } from "./run.ts";
import { trajectoryCommand } from "./trajectory.ts";

/** `agent33 eval`: what many trials come to, and how that compares. */
export function evalCommand(program: Command, context: CliContext): void {
  const evaluation = program
    .command("eval")
    .description(
      "make and judge trials: jobs, reports, comparisons, and what other programs wrote",
    );
  runCommand(evaluation, context);
  resumeCommand(evaluation, context);
  listCommand(evaluation, context);
  reportCommand(evaluation, context);
  compareCommand(evaluation, context);
  importCommand(evaluation, context);
  trajectoryCommand(evaluation, context);
}
