import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What a child says of itself. */
export interface Note {
  readonly note: string;
  readonly [fact: string]: unknown;
}

/** A child program of a suite, with what it said and printed. */
export interface StoreChild {
  readonly process: ChildProcess;
  readonly notes: readonly Note[];
  /** Resolves with the first note of a name that comes, or has come, after `from` notes. */
  said(name: string, from?: number): Promise<Note>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** The whole lines that it has printed so far. A kill may have left a part of the last one. */
  printed(): readonly string[];
  /** Its standard error that was no note. */
  complaints(): string;
  tell(line: string): void;
}

const programs = {
  "store-importer": import.meta.resolve("./children/store-importer.ts"),
  "store-keeper": import.meta.resolve("./children/store-keeper.ts"),
  "store-recoverer": import.meta.resolve("./children/store-recoverer.ts"),
  "store-upgrader": import.meta.resolve("./children/store-upgrader.ts"),
  "store-writer": import.meta.resolve("./children/store-writer.ts"),
} as const;

/** Starting takes a third of the time with it. */
export const compileCache = join(tmpdir(), "agent33-heavy-compiled");

interface ChildOptions {
  /** The size that no file which it writes may pass, as `ulimit -f` sets it. */
  readonly maxFileKiB?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts a program of `children/`.
 * @param printsTo the file that is its standard output: what it prints outlives it
 */
export function startChild(
  program: keyof typeof programs,
  order: object,
  printsTo: string,
  { maxFileKiB, environment = {} }: ChildOptions = {},
): StoreChild {
  const path = fileURLToPath(programs[program]);
  const output = openSync(printsTo, "a");
  const words = ["--disable-warning=ExperimentalWarning", path, JSON.stringify(order)];
  // The signal would end the process; without it the write fails, as it does on other systems.
  const limited = `trap '' XFSZ; ulimit -S -f ${maxFileKiB}; exec "$0" "$@"`;
  const child = spawn(
    maxFileKiB === undefined ? process.execPath : "/bin/bash",
    maxFileKiB === undefined ? words : ["--norc", "-c", limited, process.execPath, ...words],
    {
      stdio: ["pipe", output, "pipe"],
      env: {
        PATH: process.env["PATH"] ?? "",
        NODE_COMPILE_CACHE: compileCache,
        ...environment,
      },
    },
  );
  closeSync(output);
  const { stdin, stderr } = child;
  if (stdin === null || stderr === null) throw new TypeError("The child has no pipes.");
  const notes: Note[] = [];
  const others: string[] = [];
  const waiting = new Set<() => void>();
  let over = false;
  const wake = () => {
    for (const look of waiting) look();
  };
  createInterface({ input: stderr }).on("line", (line) => {
    if (line.startsWith('{"note":')) notes.push(JSON.parse(line) as Note);
    else others.push(line);
    wake();
  });
  // A child that was killed leaves a broken pipe.
  stdin.on("error", () => stdin.destroy());
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      over = true;
      wake();
      resolve({ code, signal });
    });
  });
  return {
    process: child,
    notes,
    ended,
    said: (name, from = 0) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = notes.slice(from).find((one) => one.note === name);
          if (found === undefined && !over) return;
          waiting.delete(look);
          if (found !== undefined) resolve(found);
          else reject(new Error(`${program} ended before "${name}": ${others.join("\n")}`));
        };
        waiting.add(look);
        look();
      }),
    printed: () => readFileSync(printsTo, "utf8").split("\n").slice(0, -1),
    complaints: () => others.join("\n"),
    tell: (line) => stdin.write(`${line}\n`),
  };
}
