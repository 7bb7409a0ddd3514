import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "./cli.ts";
import { testGrant } from "./egress.ts";
import { patternOf, type StandIns } from "./page-commands.ts";

/** A command of a page that is followed in one shell, what is shown of it, and what it printed. */
export interface SessionResult {
  readonly line: string;
  readonly shown: string;
  readonly printed: string;
  readonly code: number;
  /** Whether it printed what is shown and went well. */
  readonly agrees: boolean;
}

const grant = testGrant("follows a page in a shell", { spawn: true });
/** How long a whole page may take. Milliseconds. */
const limitMs = 240_000;

/**
 * Follows a page as somebody does who knows nothing else: the files that it shows, each named in the
 * first line of its block, are written, and all commands are typed into one shell, one after the
 * other. Blocks of other languages than `yaml` and `console` are a fault of the page.
 * @param standIns words of the page that are others here, such as a port that is free
 */
export function followPage(
  page: string,
  cwd: string,
  standIns: StandIns = {},
): readonly SessionResult[] {
  const text = Object.entries(standIns).reduce(
    (so, [from, to]) => so.replaceAll(from, to),
    readFileSync(join(projectRoot, page), "utf8"),
  );
  const commands: { readonly line: string; readonly shown: string }[] = [];
  for (const [, language = "", block = ""] of text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)) {
    if (language === "yaml") writeBlock(cwd, page, block);
    else if (language === "console") commands.push(...commandsOf(page, block));
    else throw new Error(`${page}: a block of "${language}" is not followed`);
  }
  return typed(commands, cwd);
}

function writeBlock(cwd: string, page: string, block: string): void {
  const name = /^# (\S+)\n/.exec(block)?.[1];
  if (name === undefined) throw new Error(`${page}: a file has no name in its first line`);
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), block);
}

function commandsOf(page: string, block: string) {
  const parts = `\n${block}`.split("\n$ ");
  if (parts[0] !== "") throw new Error(`${page}: a block of commands begins with \`$ \``);
  return parts.slice(1).map((part) => {
    const [line = "", ...rest] = part.split("\n");
    return { line, shown: rest.join("\n").trimEnd() };
  });
}

function typed(
  commands: readonly { readonly line: string; readonly shown: string }[],
  cwd: string,
): readonly SessionResult[] {
  const bin = join(cwd, ".bin");
  mkdirSync(bin);
  const program = join(bin, "agent33");
  const source = join(projectRoot, "bin/agent33.js");
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${source}' "$@"\n`);
  chmodSync(program, 0o755);
  const script = commands.map(
    ({ line }, index) =>
      `printf '\\n@@ %s @@\\n' ${index}\n${line}\nprintf '\\n@@ ends %s @@\\n' $?`,
  );
  const { stdout } = grant.run(() =>
    spawnSync("bash", ["-c", `exec 2>&1\ntrap 'kill $(jobs -p)' EXIT\n${script.join("\n")}\n`], {
      cwd,
      encoding: "utf8",
      timeout: limitMs,
      env: {
        PATH: `${bin}:${process.env["PATH"] ?? ""}`,
        HOME: cwd,
        TMPDIR: process.env["TMPDIR"] ?? "/tmp",
      },
    }),
  );
  return commands.map(({ line, shown }, index) => {
    const found = new RegExp(`\\n@@ ${index} @@\\n([^]*?)\\n@@ ends (\\d+) @@`).exec(stdout);
    const printed = (found?.[1] ?? "").trim();
    const code = Number(found?.[2] ?? Number.NaN);
    return { line, shown, printed, code, agrees: code === 0 && patternOf(shown).test(printed) };
  });
}
