import type { Command } from "commander";
import { addCommonOptions, type CommonOptions } from "./context.ts";
import { columns, type Output } from "./output.ts";
import { shellWord, wholeNumber } from "./usage.ts";

export interface ListOptions extends CommonOptions {
  readonly limit: number;
  readonly cursor?: string;
}

export function addListOptions(command: Command): Command {
  return addCommonOptions(command)
    .option("--limit <n>", "how many, at most 1000", wholeNumber("--limit"), 20)
    .option("--cursor <cursor>", "go on from here");
}

/** How a list is shown. */
export interface Listing<T> {
  /** The words of the command: `learn list`. */
  readonly command: string;
  /** What was asked for, by flag, to be asked again for the next page. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly head: readonly string[];
  readonly row: (item: T) => readonly string[];
  /** What to say where there is nothing at all, and how to begin. */
  readonly none: string;
}

/** Shows a result: as one JSON document to a program, or in the words that `tell` finds for it. */
export function showResult(output: Output, result: unknown, tell: () => string): void {
  output.out(output.json ? JSON.stringify(result) : tell());
}

/** What of a list cannot be read: it must not look as if it were not there. */
export function damagedLines({ damaged = [] }: { readonly damaged?: readonly string[] }): string {
  return damaged.map((line) => `damaged, and not shown: ${line}\n`).join("");
}

/** The items of a page, and the command that shows the next one. */
export function showPage<T>(
  output: Output,
  page: {
    readonly items: readonly T[];
    readonly nextCursor: string | null;
    readonly damaged?: readonly string[];
  },
  { limit, cursor }: ListOptions,
  { command, flags, head, row, none }: Listing<T>,
): void {
  const given = Object.entries(flags).flatMap(([flag, value]) => wordsOf(flag, value));
  showResult(output, page, () => {
    const damaged = damagedLines(page);
    if (page.items.length === 0 && damaged === "") {
      return given.length > 0 || cursor !== undefined ? "Nothing matches." : none;
    }
    const table = `${damaged}${columns([head, ...page.items.map(row)])}`;
    if (page.nextCursor === null) return table;
    const next = [...given, "--limit", String(limit), "--cursor", page.nextCursor].join(" ");
    return `${table}\nmore: ${output.program} ${command} ${next}${output.sameStore}`;
  });
}

function wordsOf(flag: string, value: string | boolean | undefined): readonly string[] {
  if (value === undefined || value === false) return [];
  return value === true ? [flag] : [flag, shellWord(value)];
}

/** An object without what was not given. */
export function given<T extends object>(
  values: T,
): { readonly [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
