/** A word, a text or a character of a TypeScript source. */
export interface Token {
  /** `text` is a string or a template, `sign` a single character of punctuation. */
  readonly kind: "name" | "text" | "sign";
  /** A text's characters; each `${…}` of a template is written as `…`. */
  readonly value: string;
  /** The sources of a template's `${…}`. */
  readonly holes: readonly string[];
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0" };

/**
 * The tokens of a TypeScript source, without its comments and regular expressions. TypeScript 7 has
 * no API to parse with, and finding calls and their literal arguments needs no more than this.
 * @throws Error for a text, a template or a regular expression that does not end
 */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at, at + 2);
    const char = source.charAt(at);
    if (/\s/.test(char)) at += 1;
    else if (rest === "//") at = endOf(source, "\n", at);
    else if (rest === "/*") at = endOf(source, "*/", at);
    else if (char === '"' || char === "'" || char === "`") {
      const { token, end } = readText(source, at);
      tokens.push(token);
      at = end;
    } else if (char === "/" && mayBeginRegex(tokens.at(-1))) at = skipRegex(source, at);
    else if (/[\w$#]/.test(char)) {
      let end = at + 1;
      while (/[\w$#]/.test(source.charAt(end))) end += 1;
      tokens.push({ kind: "name", value: source.slice(at, end), holes: [] });
      at = end;
    } else {
      tokens.push({ kind: "sign", value: char, holes: [] });
      at += 1;
    }
  }
  return tokens;
}

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from + mark.length);
  return found === -1 ? source.length : found + mark.length;
}

function readText(source: string, from: number): { readonly token: Token; readonly end: number } {
  const quote = source.charAt(from);
  const holes: string[] = [];
  let value = "";
  let at = from + 1;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === quote) return { token: { kind: "text", value, holes }, end: at + 1 };
    if (char === "\\") {
      const escaped = source.charAt(at + 1);
      value += escapes[escaped] ?? escaped;
      at += 2;
    } else if (quote === "`" && source.startsWith("${", at)) {
      const end = holeEnd(source, at + 2);
      holes.push(source.slice(at + 2, end));
      value += "…";
      at = end + 1;
    } else {
      value += char;
      at += 1;
    }
  }
  throw new Error(`A text that begins at character ${from} does not end.`);
}

/** The place of the brace that closes a `${`. */
function holeEnd(source: string, from: number): number {
  let depth = 1;
  let at = from;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === '"' || char === "'" || char === "`") {
      at = readText(source, at).end;
      continue;
    }
    if (char === "{") depth += 1;
    if (char === "}") depth -= 1;
    if (depth === 0) return at;
    at += 1;
  }
  throw new Error(`A template's hole that begins at character ${from} does not end.`);
}

/** After a value a slash divides; after anything else it begins a regular expression. */
function mayBeginRegex(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === "sign") return !")]}".includes(before.value);
  return before.kind === "name" && /^(?:return|typeof|case|in|of)$/.test(before.value);
}

function skipRegex(source: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < source.length; at += 1) {
    const char = source.charAt(at);
    if (char === "\\") at += 1;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return at + 1;
  }
  throw new Error(`A regular expression that begins at character ${from} does not end.`);
}

const openers = "([{";
const closers = ")]}";

/**
 * The parts between an opening bracket and its closing one, split at the commas on that level.
 * @param open place of the opening bracket
 */
export function partsOf(tokens: readonly Token[], open: number): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 1;
  for (let at = open + 1; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === "sign" && openers.includes(token.value)) depth += 1;
    if (token.kind === "sign" && closers.includes(token.value)) depth -= 1;
    if (depth === 0) break;
    if (depth === 1 && isSign(token, ",")) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

/** Whether a token is this character of punctuation. */
export function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === "sign" && token.value === sign;
}

/** Whether a token is this word of the program's own. */
export function isName(token: Token | undefined, name: string): boolean {
  return token?.kind === "name" && token.value === name;
}
