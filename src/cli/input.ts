import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import { repeatedName } from "../base/repeated-name.ts";
import type { CliContext } from "./context.ts";

/** What one text or one line may have; a signal has room for far less. */
const maxBytes = 1024 * 1024;
const newline = 0x0a;

/** One line of an input, or why it cannot be read. Lines count from 1. */
export type InputLine =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly problem: string };

/**
 * The whole text of a file, or of standard input for `-`.
 * @throws Agent33Error `cli.unreadable_input`, `cli.input_too_long`
 */
export async function readText(context: CliContext, path: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bytesOf(context, path)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLong(path);
    parts.push(chunk);
  }
  const text = decoded(Buffer.concat(parts));
  if (text === undefined) throw unreadable(path, "it is not UTF-8 text");
  return text;
}

/**
 * The JSON value in a file, or in standard input for `-`.
 * @throws Agent33Error as {@link readText}, and `cli.unreadable_input` for what is not JSON, or has a
 * name twice
 */
export async function readJson(context: CliContext, path: string): Promise<unknown> {
  const text = await readText(context, path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, `it is not JSON: ${messageOf(cause)}`, cause);
  }
  const twice = repeatedName(text);
  if (twice === undefined) return value;
  throw unreadable(path, `it has the name ${JSON.stringify(twice)} twice in one object`);
}

/**
 * The lines of a file, or of standard input for `-`, in the memory of one line. Blank ones are left
 * out.
 * @throws Agent33Error `cli.unreadable_input`
 */
export async function* readLines(context: CliContext, path: string): AsyncGenerator<InputLine> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let line = 0;
  const keep = (piece: Uint8Array): void => {
    if (held <= maxBytes) parts.push(piece);
    held += piece.length;
  };
  const take = (): InputLine | undefined => {
    line += 1;
    const text = held > maxBytes ? undefined : decoded(Buffer.concat(parts));
    const problem = held > maxBytes ? `is longer than ${maxBytes} bytes` : "is not UTF-8 text";
    parts = [];
    held = 0;
    if (text === undefined) return { line, problem };
    return text.trim() === "" ? undefined : { line, text };
  };
  for await (const chunk of bytesOf(context, path)) {
    let place = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, place)) {
      keep(chunk.subarray(place, end));
      place = end + 1;
      const taken = take();
      if (taken !== undefined) yield taken;
    }
    if (place < chunk.length) keep(chunk.subarray(place));
  }
  const last = held === 0 ? undefined : take();
  if (last !== undefined) yield last;
}

async function* bytesOf(context: CliContext, path: string): AsyncGenerator<Uint8Array> {
  if (path === "-" && process.stdin.isTTY) {
    context.writeError("Reading what you type; end with Ctrl-D on a line of its own.\n");
  }
  const stream: AsyncIterable<Uint8Array> =
    path === "-" ? process.stdin : createReadStream(resolve(context.host.cwd, path));
  try {
    yield* stream;
  } catch (thrown) {
    throw unreadable(path, words[systemCodeOf(thrown) ?? ""] ?? messageOf(thrown), thrown);
  }
}

const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
};

/** The text of bytes; undefined where they are not UTF-8. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    if (thrown instanceof TypeError) return undefined;
    throw thrown;
  }
}

function nameOf(path: string): string {
  return path === "-" ? "Standard input" : `The file ${path}`;
}

function unreadable(path: string, why: string, cause?: unknown): Agent33Error {
  return new Agent33Error("cli.unreadable_input", `${nameOf(path)} cannot be read: ${why}.`, {
    hint: "Give the path of a file, or - for standard input.",
    cause,
  });
}

function tooLong(path: string): Agent33Error {
  return new Agent33Error(
    "cli.input_too_long",
    `${nameOf(path)} has more than ${maxBytes} bytes.`,
    { hint: "Give the part that matters; the rest can stay in a file that the text names." },
  );
}
