import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Machine } from "../../src/cli/machine.ts";
import { main } from "../../src/cli/main.ts";
import { testGrant } from "./egress.ts";
import { testHost } from "./engine.ts";
import { temporaryFolder } from "./temporary.ts";

const root = resolve(import.meta.dirname, "../..");
export const projectRoot = root;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcess;
  /** Resolves when the text has appeared on standard output. */
  seen(text: string): Promise<void>;
  readonly ended: Promise<CliResult>;
}

/** A fresh folder for one test, which is removed after it. */
export function freshFolder(): string {
  return temporaryFolder("e2e");
}

const grant = testGrant("starts the program as its users do", { spawn: true });

/** Starts the real program as a user would, without the tester's keys and settings. */
export function startCli(
  words: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Record<string, string>;
    /** All that its standard input holds; without it, nothing. */
    readonly input?: string;
  } = {},
): CliProcess {
  const child = grant.run(() =>
    spawn(process.execPath, [join(root, "bin/agent33.js"), ...words], {
      cwd: options.cwd ?? root,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: process.env["HOME"] ?? "",
        TMPDIR: tmpdir(),
        ...options.env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    }),
  );
  child.stdin.end(options.input ?? "");
  let stdout = "";
  let stderr = "";
  const waiting: {
    readonly text: string;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    for (const wait of waiting) if (stdout.includes(wait.text)) wait.resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<CliResult>((done) => {
    child.on("close", (code) => {
      for (const wait of waiting)
        wait.reject(new Error(`ended before "${wait.text}":\n${stdout}\n${stderr}`));
      done({ code, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    seen: (text) =>
      new Promise((resolve, reject) => {
        if (stdout.includes(text)) resolve();
        else waiting.push({ text, resolve, reject });
      }),
  };
}

/** Runs a command inside this process: the same program, without the time that a start takes. */
export async function runInProcess(
  words: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
  terminal: Pick<Machine, "onLine" | "prompts"> = {},
): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  const code = await main(words, {
    host: testHost(cwd, env),
    write: (text) => {
      stdout += text;
    },
    writeError: (text) => {
      stderr += text;
    },
    colours: false,
    columns: 100,
    program: "agent33",
    onInterrupt: () => () => undefined,
    ...terminal,
  });
  return { code, stdout, stderr };
}

export function runCli(
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<CliResult> {
  return startCli(words, options).ended;
}
