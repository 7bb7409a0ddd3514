import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { thisHost } from "../engine.ts";
import { systemCodeOf } from "../base/errors.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-codes.ts";
import { terminalPrompts } from "./prompts.ts";

/** A command's surroundings, without the exit code, which `main` returns. */
export type Machine = Omit<CliContext, "exit">;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a signal means now, innermost last. One list and one listener for the whole process. */
const handlers: (() => void)[] = [];
let listening = false;

function listenToSignals(): void {
  if (listening) return;
  listening = true;
  for (const signal of signals) {
    process.on(signal, () => {
      const handler = handlers.at(-1);
      if (handler === undefined) process.exit(exitCodes.cancelled);
      handler();
    });
  }
}

/** Not as a terminal's editor would: Ctrl-C stays a signal. */
function linesTyped(handler: (line: string) => void): () => void {
  const lines = createInterface({ input: process.stdin, terminal: false });
  lines.on("line", handler);
  return () => lines.close();
}

/** A program in the background of its shell is stopped by the system when it reads the terminal. */
function inForeground(): boolean {
  try {
    // After the name in brackets: state, parent, process group, session, terminal, its foreground
    // group (proc(5)).
    const stat = readFileSync("/proc/self/stat", "utf8");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch (error) {
    // Only Linux says it there.
    if (systemCodeOf(error) === "ENOENT") return true;
    throw error;
  }
}

/**
 * The real terminal and the real signals. While a command says what a signal means to it, that
 * holds; else a signal ends the program the way that lets its children be ended too (the default
 * way of Node would not run the sandbox's exit guard).
 */
export function processMachine(env: Readonly<Record<string, string | undefined>>): Machine {
  listenToSignals();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      // Whoever read the output has gone (`| head`, a closed terminal): nobody is left to tell.
      const gone = ["EPIPE", "EIO"].includes(systemCodeOf(error) ?? "");
      if (gone || stream === process.stderr) process.exit(exitCodes.brokenPipe);
      process.stderr.write(`error cli.output: The output cannot be written: ${error.message}\n`);
      process.exit(exitCodes.failed);
    });
  }
  return {
    host: thisHost(env),
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
    colours: process.stdout.isTTY && env["NO_COLOR"] === undefined,
    columns: process.stdout.columns ?? 100,
    onLine: process.stdin.isTTY && inForeground() ? linesTyped : undefined,
    prompts: process.stdin.isTTY && process.stdout.isTTY ? terminalPrompts : undefined,
    // npm sets this for its scripts; there the bare name would not be found.
    program: env["npm_lifecycle_event"] === undefined ? "agent33" : "npm run agent33 --",
    onInterrupt: (handler) => {
      handlers.push(handler);
      return () => {
        handlers.splice(handlers.lastIndexOf(handler), 1);
      };
    },
  };
}
