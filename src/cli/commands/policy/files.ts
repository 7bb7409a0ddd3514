import { writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Agent33Error, messageOf } from "../../../base/errors.ts";
import type { CliContext } from "../../context.ts";

/** A place in a file as a person reads it: from the folder that they are in, where it is below. */
export function shownPlace(
  at: { readonly file: string; readonly line: number; readonly column: number } | undefined,
  cwd: string,
): string {
  if (at === undefined) return "settings";
  const near = relative(cwd, at.file);
  return `${near.startsWith("..") ? at.file : near}:${at.line}:${at.column}`;
}

/**
 * Writes what a command found to a file: a text as it is, anything else as JSON.
 * @throws Agent33Error `cli.unwritable`
 */
export function writeResult(context: CliContext, file: string, result: unknown): void {
  const path = resolve(context.host.cwd, file);
  const text = typeof result === "string" ? result : `${JSON.stringify(result, null, 2)}\n`;
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new Agent33Error("cli.unwritable", `${path} cannot be written: ${messageOf(cause)}`, {
      hint: "Give a file in a folder that is there and that you may write to.",
      cause,
    });
  }
}
