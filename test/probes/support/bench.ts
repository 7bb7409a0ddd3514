import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Where the sources are. */
export const projectRoot = resolve(import.meta.dirname, "../../..");

/** How a command of the real program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as one JSON value. */
  readonly json: () => Fields;
  /** Its lines that are JSON objects: the events of a run. */
  readonly lines: () => readonly Fields[];
}

/** JSON as the program prints it; what is not there is undefined. */
export interface Fields {
  readonly [name: string]: unknown;
}

/** What a probe has to work with. */
export interface Bench {
  /** Its own folder, empty at the start. */
  readonly folder: string;
  /** Whether what it looks at is to be spoilt. */
  readonly sabotaged: boolean;
  /** Writes a file below its folder: a text as it is, anything else as JSON (which is YAML). */
  readonly put: (path: string, content: unknown) => void;
  /** Runs `agent33` in its folder, without the settings and keys of whoever started it. */
  readonly agent33: (...words: readonly string[]) => Promise<Ended>;
  /** The file of the program `agent33`, for who starts it by `start`. */
  readonly program: string;
  /** Starts any program there. */
  readonly start: (program: string, words: readonly string[]) => Started;
}

/** A program that runs. */
export interface Started {
  readonly ended: Promise<Ended>;
  /** What it has printed until now. */
  readonly printed: () => string;
  readonly end: (signal?: NodeJS.Signals) => void;
}

/**
 * Runs one probe and prints what it saw as JSON. Started as `node PROBE FOLDER [--sabotage]`; what it
 * throws is printed and ends it with 1, which no probe expects.
 */
export async function probe(look: (bench: Bench) => Promise<Fields>): Promise<void> {
  const [folder, ...words] = process.argv.slice(2);
  if (folder === undefined || words.some((word) => word !== "--sabotage")) {
    throw new Error("takes a folder, and --sabotage or nothing");
  }
  const put = (path: string, content: unknown): void => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, null, 1));
  };
  const start = (program: string, args: readonly string[]) => started(folder, program, args);
  const bin = join(projectRoot, "bin/agent33.js");
  const seen = await look({
    folder,
    sabotaged: words.length > 0,
    put,
    start,
    program: bin,
    agent33: (...args) => start(process.execPath, [bin, ...args]).ended,
  });
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

function started(cwd: string, program: string, args: readonly string[]): Started {
  const { PATH = "", TMPDIR } = process.env;
  // The cache of compiled sources is in TMPDIR; HOME has settings of git and npm.
  const env = { PATH, HOME: cwd, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done, failed) => {
    child.once("error", failed);
    child.once("close", (code) => done(endedAs(code, stdout, stderr)));
  });
  return { ended, printed: () => stdout + stderr, end: (signal) => child.kill(signal) };
}

function endedAs(code: number | null, stdout: string, stderr: string): Ended {
  const parsed = (text: string): Fields => {
    try {
      return JSON.parse(text) as Fields;
    } catch (cause) {
      throw new Error(`no JSON: ${text.slice(0, 500)}\n${stderr.slice(0, 2_000)}`, { cause });
    }
  };
  return {
    code,
    stdout,
    stderr,
    json: () => parsed(stdout),
    lines: () =>
      [...stdout.split("\n"), ...stderr.split("\n")]
        .filter((line) => line.startsWith("{"))
        .map(parsed),
  };
}

/** What stands at a path of names and places in JSON; undefined where there is nothing. */
export function within(value: unknown, ...path: readonly (string | number)[]): unknown {
  let part: unknown = value;
  for (const step of path) {
    if (typeof part !== "object" || part === null) return undefined;
    part = (part as Readonly<Record<string | number, unknown>>)[step];
  }
  return part;
}

/** The same as a list; empty where there is none. */
export function listWithin(value: unknown, ...path: readonly (string | number)[]): unknown[] {
  const found = within(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Events of one type. */
export function ofType(events: readonly Fields[], type: string): readonly Fields[] {
  return events.filter((event) => event["type"] === type);
}
