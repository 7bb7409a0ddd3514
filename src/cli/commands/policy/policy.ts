import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { diffCommand } from "./diff.ts";
import { explainCommand } from "./explain.ts";
import { importCommand } from "./import.ts";
import { lintCommand } from "./lint.ts";
import { testCommand } from "./test.ts";

/** `agent33 policy`: asks, checks, tests, compares and imports policies. Nothing is called. */
export function policyCommand(program: Command, context: CliContext): void {
  const policy = program
    .command("policy")
    .description("ask, check, test, compare and import policies; nothing is called");
  explainCommand(policy, context);
  lintCommand(policy, context);
  testCommand(policy, context);
  diffCommand(policy, context);
  importCommand(policy, context);
}
