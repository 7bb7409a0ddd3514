import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testGrant } from "./egress.ts";
import { projectRoot, runInProcess } from "./cli.ts";

/** A command as a page shows it: what is typed, and what it is said to print. */
export interface PageCommand {
  readonly line: string;
  readonly shown: string;
}

/** What a command printed, beside what its page says. */
export interface PageResult extends PageCommand {
  readonly printed: string;
  readonly code: number | null;
  /** Whether the two agree. */
  readonly agrees: boolean;
}

const grant = testGrant("runs what pages show in a shell", { spawn: true });

/** The commands of a page's `console` blocks, in order. */
export function commandsOf(page: string): readonly PageCommand[] {
  const text = readFileSync(join(projectRoot, page), "utf8");
  return [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap((block) =>
    (block[1] ?? "")
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf("\n");
        return { line: part.slice(0, end), shown: part.slice(end + 1) };
      }),
  );
}

/**
 * Runs the commands of a page one after the other in a folder: the program's own in this process,
 * all others in a shell.
 */
export async function runPage(page: string, cwd: string): Promise<readonly PageResult[]> {
  const results: PageResult[] = [];
  for (const command of commandsOf(page)) {
    const { code, printed } = command.line.startsWith("agent33 ")
      ? await runOurs(command.line, cwd)
      : runShell(command.line, cwd);
    results.push({ ...command, printed, code, agrees: patternOf(command.shown).test(printed) });
  }
  return results;
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

/** `[…]` stands for anything, runs of blanks for each other. */
function patternOf(shown: string): RegExp {
  const parts = shown.trim().split("[…]");
  const quoted = parts.map((part) =>
    part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ +/g, " +"),
  );
  return new RegExp(`^\\s*${quoted.join("[^]*?")}\\s*$`);
}
