import { Agent33Error } from "../../base/errors.ts";

/** One instruction of a Dockerfile, variables not yet replaced. */
export interface DockerInstruction {
  /** Where it begins, from 1. */
  readonly line: number;
  /** In capitals: `COPY`. */
  readonly keyword: string;
  /** `--chown=…` and the like, with their dashes. */
  readonly flags: readonly string[];
  /** Everything after keyword and flags, continuation lines joined. */
  readonly rest: string;
  /** Files or scripts that stand in the Dockerfile itself (`<<EOF`), in their order. */
  readonly heredocs: readonly Heredoc[];
}

/** A here-document. */
export interface Heredoc {
  readonly word: string;
  /** Whether variables in it are to be replaced: not where its word is in quotes. */
  readonly expands: boolean;
  /** Its lines, each with its end; without leading tabs where it began with `<<-`. */
  readonly text: string;
}

const withFlags = new Set(["ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"]);
const withHeredocs = new Set(["ADD", "COPY", "RUN"]);

/**
 * Splits a Dockerfile into instructions. Source: the Dockerfile reference (continuation lines,
 * the `escape` directive, comments within instructions, here-documents).
 * @param path for messages only
 * @throws Agent33Error `evaluation.dockerfile_malformed` with the line
 */
export function parseDockerfile(text: string, path: string): DockerInstruction[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const escape = escapeCharacter(lines);
  const instructions: DockerInstruction[] = [];
  let at = 0;
  while (at < lines.length) {
    const start = at;
    const { joined, next } = joinLines(lines, at, escape);
    at = next;
    if (joined === "") continue;
    const match = /^([A-Za-z]+)(?:\s+([\s\S]*))?$/.exec(joined);
    if (match === null) {
      throw dockerfileMalformed(path, start + 1, `"${joined.slice(0, 40)}" is no instruction`);
    }
    const keyword = (match[1] ?? "").toUpperCase();
    const { flags, rest } = takeFlags(keyword, (match[2] ?? "").trim());
    const ends = withHeredocs.has(keyword) ? heredocEnds(rest) : [];
    const heredocs = ends.map((end) => {
      const { next: after, text } = takeHeredoc(lines, at, end, path, start + 1);
      at = after;
      return { word: end.word, expands: end.expands, text };
    });
    instructions.push({ line: start + 1, keyword, flags, rest, heredocs });
  }
  return instructions;
}

/** The error for what a Dockerfile gets wrong. */
export function dockerfileMalformed(path: string, line: number, what: string): Agent33Error {
  return new Agent33Error("evaluation.dockerfile_malformed", `${path}, line ${line}: ${what}.`, {
    hint: "Correct the Dockerfile; building it with a container tool shows the same error.",
    details: { file: path, line },
  });
}

/** Directives stand before everything else, one a line: `# escape=`` ` ``. */
function escapeCharacter(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^#\s*([a-z]+)\s*=\s*(\S+)\s*$/i.exec(line);
    if (directive === null) break;
    if (directive[1]?.toLowerCase() === "escape" && directive[2] === "`") return "`";
  }
  return "\\";
}

/** The instruction that begins at a line, its continuation lines joined and comments left out. */
function joinLines(
  lines: readonly string[],
  start: number,
  escape: string,
): { readonly joined: string; readonly next: number } {
  let joined = "";
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const isComment = /^\s*#/.test(line);
    // Comments and empty lines within an instruction do not end it.
    if (at > start && (isComment || line.trim() === "")) continue;
    if (isComment) return { joined: "", next: at + 1 };
    const text = line.trimEnd();
    if (!text.endsWith(escape)) return { joined: (joined + text).trim(), next: at + 1 };
    joined += text.slice(0, -1);
  }
  return { joined: joined.trim(), next: at };
}

function takeFlags(keyword: string, text: string): Pick<DockerInstruction, "flags" | "rest"> {
  const flags: string[] = [];
  let rest = text;
  while (withFlags.has(keyword)) {
    const flag = /^(--[a-z][a-z-]*(?:=\S+)?)(?:\s+|$)/.exec(rest);
    if (flag?.[1] === undefined) break;
    flags.push(flag[1]);
    rest = rest.slice(flag[0].length);
  }
  return { flags, rest };
}

interface HeredocEnd {
  readonly word: string;
  readonly stripTabs: boolean;
  readonly expands: boolean;
}

const heredocMark = /(?:^|\s)\d*<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_]*)\2/g;

function heredocEnds(rest: string): HeredocEnd[] {
  return [...rest.matchAll(heredocMark)].map(([, dash, quote, word = ""]) => ({
    word,
    stripTabs: dash === "-",
    expands: quote === "",
  }));
}

function takeHeredoc(
  lines: readonly string[],
  start: number,
  end: HeredocEnd,
  path: string,
  line: number,
): { readonly next: number; readonly text: string } {
  let taken = "";
  for (let at = start; at < lines.length; at += 1) {
    const raw = lines[at] ?? "";
    const text = end.stripTabs ? raw.replace(/^\t+/, "") : raw;
    if (text === end.word) return { next: at + 1, text: taken };
    taken += `${text}\n`;
  }
  throw dockerfileMalformed(path, line, `the here-document "${end.word}" never ends`);
}

/**
 * Splits the rest of an instruction into words: double and single quotes group, as a shell's do.
 * Variables are replaced outside single quotes.
 */
export function dockerWords(text: string, variables: ReadonlyMap<string, string>): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    if (quote === "" && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
    } else if (quote === "" ? char === '"' || char === "'" : char === quote) {
      quote = quote === "" ? char : "";
      word ??= "";
      at += 1;
    } else if (char === "\\" && quote !== "'" && at + 1 < text.length) {
      word = (word ?? "") + text.charAt(at + 1);
      at += 2;
    } else if (char === "$" && quote !== "'") {
      const { value, end } = variable(text, at, variables);
      word = (word ?? "") + value;
      at = end;
    } else {
      word = (word ?? "") + char;
      at += 1;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+instead}`; an unknown name is empty. */
function variable(
  text: string,
  start: number,
  variables: ReadonlyMap<string, string>,
): { readonly value: string; readonly end: number } {
  const pattern = /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::([-+])([^}]*))?\})/y;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match === null) return { value: "$", end: start + 1 };
  const value = variables.get(match[1] ?? match[2] ?? "") ?? "";
  const other = match[4] ?? "";
  const end = pattern.lastIndex;
  if (match[3] === "-") return { value: value === "" ? other : value, end };
  if (match[3] === "+") return { value: value === "" ? "" : other, end };
  return { value, end };
}

/** Replaces variables in the text of a here-document; everything else stays as it is. */
export function replaceVariables(text: string, variables: ReadonlyMap<string, string>): string {
  let replaced = "";
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    if (char === "\\" && text.charAt(at + 1) === "$") {
      replaced += "$";
      at += 2;
    } else if (char === "$") {
      const { value, end } = variable(text, at, variables);
      replaced += value;
      at = end;
    } else {
      replaced += char;
      at += 1;
    }
  }
  return replaced;
}
