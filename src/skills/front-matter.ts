import { parse, YAMLParseError } from "yaml";

/** A Markdown text taken apart. */
export interface FrontMatter {
  /** What the YAML holds; not yet checked. */
  readonly data: unknown;
  readonly body: string;
  /** Set where the YAML had to be read in a forgiving way, saying what is wrong with it. */
  readonly repaired: string | undefined;
}

/**
 * Splits a text with YAML front matter between two `---` lines.
 * @returns undefined where there is no front matter, or a message where it cannot be read at all
 */
export function splitFrontMatter(text: string): FrontMatter | string | undefined {
  const match = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)(?:\r?\n)?^---[ \t]*(?:\r?\n|$)/m.exec(text);
  if (match === null || match.index !== 0) return undefined;
  const source = match[1] ?? "";
  const body = text.slice(match[0].length).trim();
  const strict = readYaml(source);
  if (strict.ok) return { data: strict.data, body, repaired: undefined };
  const forgiving = readYaml(quoteValues(source));
  if (forgiving.ok) return { data: forgiving.data, body, repaired: strict.message };
  return strict.message;
}

type YamlOutcome =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly message: string };

function readYaml(source: string): YamlOutcome {
  try {
    return { ok: true, data: parse(source) };
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw cause;
    const line = cause.linePos?.[0].line;
    // The first line of the message; the rest draws the place.
    const what = (cause.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
    return { ok: false, message: line === undefined ? what : `line ${line + 1}: ${what}` };
  }
}

/**
 * Many published skills write `description: Use this: …` without quotes, which is not YAML. Each
 * plain value that stands on the line of its key is put in quotes.
 */
function quoteValues(source: string): string {
  return source
    .split(/\r?\n/)
    .map((line) => {
      const match = /^([A-Za-z_-]+):[ \t]+([^"'|>[{&*!\s].*)$/.exec(line);
      return match === null ? line : `${match[1]}: ${JSON.stringify(match[2]?.trim())}`;
    })
    .join("\n");
}
