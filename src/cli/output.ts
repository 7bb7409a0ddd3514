import type { Agent33Error } from "../base/errors.ts";

/** Where a command writes. Results go to `out`, everything about them to `err`. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether results are read by a program: one JSON document or line each, no decoration. */
  readonly json: boolean;
  readonly style: Style;
  /** Columns of the terminal. */
  readonly width: number;
  /** How this person calls the program, for commands to be pasted. */
  readonly program: string;
  /** The flags, with a blank before each, that make another command look at the same store. */
  readonly sameStore: string;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

const paint = (enabled: boolean, open: number, close: number) => (text: string) =>
  enabled ? `\u001b[${open}m${text}\u001b[${close}m` : text;

/** Colours (ECMA-48 SGR), or none where nobody would see them. */
export function createStyle(enabled: boolean): Style {
  return {
    bold: paint(enabled, 1, 22),
    dim: paint(enabled, 2, 22),
    red: paint(enabled, 31, 39),
    green: paint(enabled, 32, 39),
    yellow: paint(enabled, 33, 39),
  };
}

/** An error as a person reads it: code, message, what to do. */
export function showError(output: Output, error: Agent33Error): void {
  if (output.json) {
    output.err(JSON.stringify({ error: error.toJSON() }));
    return;
  }
  output.err(`${output.style.red("error")} ${output.style.bold(error.code)}: ${error.message}`);
  if (error.hint !== undefined) output.err(`  ${output.style.dim("→")} ${error.hint}`);
}

/** Text in columns, padded; the last column is left as it is. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * Takes everything out of a text that could move the cursor, retitle the window or hide what is
 * written, but for line breaks and the colours of {@link createStyle}. The last gate before the
 * terminal: text from outside reaches it in many ways.
 */
export function printable(text: string): string {
  return text
    .split(ownColour)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(unprintable, "")))
    .join("");
}

// oxlint-disable-next-line no-control-regex -- the one sequence that is ours
const ownColour = /(\u001b\[(?:1|2|22|31|32|33|39)m)/;
const unprintable =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is taken out
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text from outside safe and short for a terminal: control characters would move the cursor
 * or colour the screen, line breaks would break the layout.
 */
export function oneLine(text: string, maxLength: number): string {
  const clean = text.replaceAll(/\s+/g, " ").replace(unprintable, "").trim();
  return clean.length <= maxLength ? clean : `${clean.slice(0, Math.max(1, maxLength - 1))}…`;
}
