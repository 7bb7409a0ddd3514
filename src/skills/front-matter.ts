import { parse, YAMLParseError } from "yaml";
import { messageOf } from "../base/errors.ts";

/** A Markdown text taken apart. */
export interface FrontMatter {
  /** What the YAML holds; not yet checked. */
  readonly data: unknown;
  readonly body: string;
  /** Set where the YAML had to be read in a forgiving way, saying what is wrong with it. */
  readonly repaired: YamlFault | undefined;
  /** Blank lines before it, which the format does not have. */
  readonly linesBefore: number;
  /** Line of a top-level key in the whole text, from 1. */
  lineOf(key: string): number | undefined;
  /** How often a top-level key is written. */
  timesOf(key: string): number;
}

/** Why front matter cannot be read, and where. */
export interface YamlFault {
  readonly message: string;
  /** In the whole text, from 1. */
  readonly line: number | undefined;
}

/** The specification's fields take some 2,000 characters; beyond this it is no front matter. */
const longestFrontMatter = 64 * 1024;
/** A front matter has no use for more, and an alias of aliases is how a small one becomes huge. */
const mostAliases = 50;

/**
 * Splits a text with YAML front matter between two `---` lines.
 * @returns undefined where there is no front matter, or what is wrong where it cannot be read
 */
export function splitFrontMatter(text: string): FrontMatter | YamlFault | undefined {
  const match =
    /^\uFEFF?(\s*?\n)?---[ \t]*\r?\n([\s\S]*?)(?:\r?\n)?^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/m.exec(
      text,
    );
  if (match === null || match.index !== 0) return undefined;
  const [whole, blank = "", source = ""] = match;
  const linesBefore = blank.split("\n").length - 1;
  if (source.length > longestFrontMatter) {
    const message = `the front matter has ${source.length} characters, more than ${longestFrontMatter}`;
    return { message, line: undefined };
  }
  const lines = source.split(/\r?\n/);
  const isKey = (key: string) => (line: string) => line.startsWith(`${key}:`);
  const taken = {
    body: text.slice(whole.length).trim(),
    linesBefore,
    lineOf: (key: string): number | undefined => {
      const at = lines.findIndex(isKey(key));
      return at < 0 ? undefined : at + linesBefore + 2;
    },
    timesOf: (key: string): number => lines.filter(isKey(key)).length,
  };
  const strict = readYaml(source, linesBefore, true);
  if (strict.ok) return { data: strict.data, ...taken, repaired: undefined };
  for (const attempt of [source, quoteValues(lines), foldTexts(lines)]) {
    const forgiving = readYaml(attempt, linesBefore, false);
    if (forgiving.ok) return { data: forgiving.data, ...taken, repaired: strict.fault };
  }
  return strict.fault;
}

type YamlOutcome =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly fault: YamlFault };

/** @param strict whether a key that stands twice is an error */
function readYaml(source: string, linesBefore: number, strict: boolean): YamlOutcome {
  try {
    const options = { maxAliasCount: mostAliases, uniqueKeys: strict, logLevel: "error" } as const;
    return { ok: true, data: parse(source, options) };
  } catch (cause) {
    const at = cause instanceof YAMLParseError ? cause.linePos?.[0].line : undefined;
    // The first line of the message; the rest draws the place. What else the library throws is
    // about aliases, or about a nesting that nobody writes.
    const what = (messageOf(cause).split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
    const line = at === undefined ? undefined : at + linesBefore + 1;
    return { ok: false, fault: { message: what, line } };
  }
}

/**
 * Many published skills write `description: Use this: …` without quotes, which is not YAML. Each
 * plain value that stands on the line of its key is put in quotes.
 */
function quoteValues(lines: readonly string[]): string {
  return lines
    .map((line) => {
      const match = /^([A-Za-z_-]+):[ \t]+([^"'|>[{&*!\s].*)$/.exec(line);
      return match === null ? line : `${match[1]}: ${JSON.stringify(match[2]?.trim())}`;
    })
    .join("\n");
}

/**
 * The same for the two texts that a skill cannot do without, whatever they begin with and over
 * however many lines they go, up to the next line that looks like a key.
 */
function foldTexts(lines: readonly string[]): string {
  const folded: string[] = [];
  let text: string | undefined;
  const end = (): void => {
    if (text === undefined) return;
    const plain = text.replace(/\s+/g, " ").trim();
    const key = folded.pop() ?? "";
    const isQuoted = /^(["']).*\1$/.test(plain);
    folded.push(`${key} ${JSON.stringify(isQuoted ? plain.slice(1, -1) : plain)}`);
    text = undefined;
  };
  for (const line of lines) {
    const [, key, value = ""] =
      /^(name|description):(?![ \t]*(?:[|>][-+]?[ \t]*$|[[{]))[ \t]*(.*)$/.exec(line) ?? [];
    if (/^[A-Za-z_-]+:(?:[ \t]|$)/.test(line)) end();
    if (key !== undefined) {
      folded.push(`${key}:`);
      text = value;
    } else if (text !== undefined) text += ` ${line}`;
    else folded.push(line);
  }
  end();
  return folded.join("\n");
}
