import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testGrant } from "./egress.ts";
import { projectRoot, runInProcess } from "./cli.ts";

/** A command as a page shows it: what is typed, and what it is said to print. */
export interface PageCommand {
  readonly line: string;
  readonly shown: string;
  /** The code that it is said to end with: 0 unless the last line shown is `[exit code N]`. */
  readonly exit: number;
}

/** What a command printed, beside what its page says. */
export interface PageResult extends PageCommand {
  readonly printed: string;
  readonly code: number | null;
  /** Whether the two agree, the code too. */
  readonly agrees: boolean;
}

/** Words of a page that stand for others on this machine, such as the address of a database. */
export type StandIns = Readonly<Record<string, string>>;

const grant = testGrant("runs what pages show in a shell", { spawn: true });

/** Blocks that show a file or a text, and no command. */
const shownOnly: ReadonlySet<string> = new Set(["yaml", "json", "text"]);

/**
 * The commands of a page, in order. A block that nobody would run is a fault of the page: whoever
 * follows it would miss a step.
 */
export function commandsOf(page: string): readonly PageCommand[] {
  return commandsIn(readFileSync(join(projectRoot, page), "utf8"), page);
}

/** The same of a page's text. @throws Error for a block that is not run as it stands */
export function commandsIn(text: string, page: string): readonly PageCommand[] {
  const lines = text.split("\n");
  const commands: PageCommand[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^(\s*>?\s*)(`{3,}|~{3,})\s*(\S*)/.exec(lines[index] ?? "");
    if (fence === null) continue;
    const [, indent = "", marks = "", language = ""] = fence;
    const begin = index;
    const refuse = (why: string): never => {
      throw new Error(`${page}:${begin + 1}: ${why}`);
    };
    index += 1;
    while (index < lines.length && lines[index]?.trim() !== marks) index += 1;
    if (index === lines.length) refuse("the block has no end");
    if (shownOnly.has(language)) continue;
    if (language !== "console") refuse(`a block of "${language}" is not run; make it console`);
    if (indent !== "" || marks !== "```")
      refuse("a block of commands begins with ``` and no blank");
    const block = lines.slice(begin + 1, index).join("\n");
    if (!block.startsWith("$ ")) refuse("a block of commands begins with `$ `");
    for (const part of `\n${block}`.split("\n$ ").slice(1)) commands.push(commandIn(part));
  }
  return commands;
}

function commandIn(part: string): PageCommand {
  const [line = "", ...rest] = part.split("\n");
  if (line.endsWith("\\")) throw new Error(`A command is one line: ${line}`);
  if (isOurs(line) && /[|<>;&`$]/.test(line.replaceAll(/'[^']*'|"[^"$`]*"/g, ""))) {
    throw new Error(`The program is run without a shell: ${line}`);
  }
  const exit = /^\[exit code (\d+)\]$/.exec(rest.at(-1) ?? "");
  const shown = exit === null ? rest : rest.slice(0, -1);
  return { line, shown: shown.join("\n"), exit: Number(exit?.[1] ?? 0) };
}

/**
 * Runs the commands of a page one after the other in a folder: the program's own in this process,
 * all others in a shell.
 */
export async function runPage(
  page: string,
  cwd: string,
  standIns: StandIns = {},
): Promise<readonly PageResult[]> {
  const results: PageResult[] = [];
  for (const command of commandsOf(page)) {
    const line = replaced(command.line, Object.entries(standIns));
    const { code, printed } = isOurs(line) ? await runOurs(line, cwd) : runShell(line, cwd);
    const agrees = patternOf(command.shown).test(printed) && code === command.exit;
    results.push({ ...command, printed, code, agrees });
  }
  return results;
}

function isOurs(line: string): boolean {
  return line.startsWith("agent33 ");
}

function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((so, [from, to]) => so.replaceAll(from, to), text);
}

async function runOurs(line: string, cwd: string) {
  const { code, stdout, stderr } = await runInProcess(wordsOf(line).slice(1), cwd, {});
  return { code, printed: stdout + stderr };
}

function runShell(line: string, cwd: string) {
  const { status, stdout, stderr } = grant.run(() =>
    spawnSync("/bin/sh", ["-c", line], { cwd, encoding: "utf8" }),
  );
  return { code: status, printed: stdout + stderr };
}

/** The words of a command line, as a shell takes blanks and quotes. */
function wordsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)];
  return words.map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** What a page shows as a pattern: `[…]` stands for anything, runs of blanks for each other. */
export function patternOf(shown: string): RegExp {
  const parts = shown.trim().split("[…]");
  const quoted = parts.map((part) =>
    part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ +/g, " +"),
  );
  return new RegExp(`^\\s*${quoted.join("[^]*?")}\\s*$`);
}
