import { err, ok, type Result } from "../../../base/result.ts";
import type { Refusal } from "./imported-pack.ts";

/** A test of one command in CEL, whose variable is `c`. */
export type CommandTest = string;

/**
 * What stands in the brackets of `Bash(…)`: a command as it is written, where `*` stands for any
 * characters. ` *` and `:*` at the end mean the command alone or with arguments.
 * Source: https://code.claude.com/docs/en/permissions.
 */
export function commandTest(specifier: string): Result<CommandTest, Refusal> {
  const text = specifier.trim();
  if (/^command\s*:/.test(text)) {
    return refuse(text, "Claude Code passes over rules about the command by its parameter's name.");
  }
  if (text.includes("\\")) {
    return refuse(text, "what a backslash means there is not documented.");
  }
  if (/[;|&<>\n`()]|\$[({]/.test(text)) {
    return refuse(
      text,
      "a rule is held against each command of a line, so one about several, or with redirections or substitutions, matches none.",
      "Write a rule for each of the commands.",
    );
  }
  const [, prefix] = /^(.*?)(?::\*| \*)$/s.exec(text) ?? [];
  const whole = prefix ?? text;
  if (whole.trim() === "")
    return refuse(text, "it names no command.", "Write Bash for all of them.");
  const said = JSON.stringify(whole);
  if (!whole.includes("*")) {
    const alone = `c == ${said}`;
    return ok(
      prefix === undefined ? alone : `${alone} || c.startsWith(${JSON.stringify(`${whole} `)})`,
    );
  }
  const alone = `c.like(${said})`;
  return ok(prefix === undefined ? alone : `${alone} || c.like(${JSON.stringify(`${whole} *`)})`);
}

/** A line is allowed where each of its commands passes a test, and where it is nothing but these. */
export function allOf(tests: readonly CommandTest[]): string {
  return `plainCommands(args.command).all(c, ${tests.join(" || ")})`;
}

/** A line is denied or asked about where any of its commands passes, however deep it is in it. */
export function anyOf(test: CommandTest): string {
  return `everyCommand(args.command).exists(c, ${test})`;
}

function refuse(text: string, why: string, hint = "Take the rule out."): Result<never, Refusal> {
  return err({ message: `the specifier "${text}" cannot be said: ${why}`, hint });
}
