import { err, ok, type Result } from "../../../base/result.ts";
import { bareCommands, linesWithin, unknownProgram } from "./bare-command.ts";
import { shellWords } from "./shell-words.ts";

/**
 * The commands of a shell line that consists of nothing but plain commands, joined by `&&`, `||`,
 * `;`, `|`, `&` and line breaks: what is in the list is all that the line runs by itself. Anything
 * by which a line could do more (substitutions, redirections, subshells, assignments, here-documents,
 * line continuations) gives the reason why there is no such list. For rules that allow.
 *
 * After the POSIX shell grammar (IEEE Std 1003.1-2024, XCU 2.2, 2.3, 2.9) and Bash's additions to it.
 */
export function plainCommands(line: string): Result<readonly string[], string> {
  return read(line, true);
}

/**
 * Every command that a shell line could run, in substitutions, subshells and loops too: as it is
 * written, and without assignments, redirections, words such as `then` and wrappers such as
 * `timeout 5` before it. Rather too many than one too few. For rules that deny or ask.
 */
export function everyCommand(line: string): Result<readonly string[], string> {
  return withInner(line, 0);
}

function withInner(line: string, depth: number): Result<readonly string[], string> {
  if (depth > mostLinesWithin) return err("there are too many lines within lines");
  const found = read(line, false);
  if (!found.ok) return found;
  const bare = new Set<string>();
  for (const command of found.value) {
    const variants = bareCommands(command);
    if (variants === undefined) return err("a command has too many wrappers");
    for (const variant of variants) {
      const problem = unknownProgram(variant, line);
      if (problem !== undefined) return err(problem);
      bare.add(variant).add(shellWords(variant).words.join(" "));
    }
    for (const inner of new Set(variants.flatMap(linesWithin))) {
      const within = withInner(inner, depth + 1);
      if (!within.ok) return within;
      for (const one of within.value) bare.add(one);
    }
  }
  return ok([...bare]);
}

function read(line: string, isPlain: boolean): Result<readonly string[], string> {
  const reader = new ShellLine(line, isPlain);
  const problem = reader.read(undefined, 0);
  if (problem !== undefined) return err(problem);
  return reader.commands.length === 0 ? err("there is no command in it") : ok(reader.commands);
}

/** Shells that are told to run a shell that is told to run a shell. */
const mostLinesWithin = 3;

/** Nobody writes deeper ones. */
const deepest = 32;

/** A problem in words, or undefined where all is well. */
type Problem = string | undefined;

class ShellLine {
  readonly commands: string[] = [];
  readonly #text: string;
  readonly #isPlain: boolean;
  #at = 0;

  constructor(text: string, isPlain: boolean) {
    this.#text = text;
    this.#isPlain = isPlain;
  }

  /** Reads commands up to an end, which is taken in; undefined is the end of the line's text. */
  read(end: ")" | "`" | undefined, depth: number): Problem {
    if (depth > deepest) return "it is nested too deeply";
    let command = "";
    /** Whether a word begins here: then `#` begins a comment. An escaped blank is part of a word. */
    let isStart = true;
    const push = (): Problem => {
      // Other blanks are letters to a shell.
      const text = command.replaceAll(/^[ \t]+|[ \t]+$/g, "");
      command = "";
      isStart = true;
      if (text === "") return undefined;
      if (this.#isPlain && assignment.test(text)) return "it sets a variable";
      if (this.#isPlain && runsNames(text)) return "a builtin of the shell may work out a name";
      this.commands.push(text);
      return undefined;
    };
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) return end === undefined ? push() : `${end} is missing`;
      if (char === end) {
        this.#at += 1;
        return push();
      }
      const separator = /^(?:&&|\|\||\|&|[;\n|&])/.exec(this.#text.slice(this.#at, this.#at + 3));
      if (separator !== null) {
        this.#at += separator[0].length;
        const problem = push();
        if (problem !== undefined) return problem;
        continue;
      }
      if (char === "#" && isStart) {
        const next = this.#text.indexOf("\n", this.#at);
        this.#at = next < 0 ? this.#text.length : next;
        continue;
      }
      const from = this.#at;
      // A subshell is a command by itself, and so is what follows the () of a function.
      // But the values of an array belong to the word that they are in.
      const isGroup = char === "(" && !command.endsWith("=");
      const problem = (isGroup ? push() : undefined) ?? this.#word(char, depth);
      if (problem !== undefined) return problem;
      const isContinued = char === "\\" && this.#text[from + 1] === "\n";
      if (isContinued || isGroup) continue;
      // What a substitution comes to is not known; its commands are read by themselves.
      const taken = this.#text.slice(from, this.#at);
      command += /^(?:`|\$?\()/.test(taken) ? "$()" : taken;
      isStart = char === " " || char === "\t";
    }
  }

  /** Takes one character that is no separator in, with what belongs to it. */
  #word(char: string, depth: number): Problem {
    switch (char) {
      case "\\":
        return this.#escape();
      case "'":
        return this.#until("'");
      case '"':
        return this.#doubleQuotes(depth);
      case "$":
        return this.#dollar(depth);
      case "`":
        return this.#substitution("`", 1, depth);
      case "(":
        return this.#substitution(")", 1, depth);
      case ")":
        return "there is a ) that closes nothing";
      case "<":
      case ">":
        return this.#redirection();
      default:
        this.#at += 1;
        return undefined;
    }
  }

  #escape(): Problem {
    if (this.#text[this.#at + 1] === undefined) return "it ends with a backslash";
    if (this.#isPlain && this.#text[this.#at + 1] === "\n") return "a line of it is continued";
    this.#at += 2;
    return undefined;
  }

  #until(quote: string): Problem {
    const close = this.#text.indexOf(quote, this.#at + 1);
    if (close < 0) return "a quote is not closed";
    this.#at = close + 1;
    return undefined;
  }

  #doubleQuotes(depth: number): Problem {
    this.#at += 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) return "a quote is not closed";
      if (char === '"') {
        this.#at += 1;
        return undefined;
      }
      const problem = this.#quoted(char, depth);
      if (problem !== undefined) return problem;
    }
  }

  /** Takes one character within double quotes in. */
  #quoted(char: string, depth: number): Problem {
    if (char === "\\") return this.#escape();
    if (char === "`") return this.#substitution("`", 1, depth);
    if (char === "$" && "({[".includes(this.#text[this.#at + 1] ?? " ")) return this.#dollar(depth);
    this.#at += 1;
    return undefined;
  }

  #dollar(depth: number): Problem {
    const next = this.#text[this.#at + 1] ?? "";
    if (next === "(") return this.#substitution(")", 2, depth);
    if (this.#isPlain && ["{", "[", "'", '"'].includes(next)) return "it works something out";
    if (next === "'") return this.#ansiQuotes();
    this.#at += 1;
    return undefined;
  }

  /** `$'…'`, in which a backslash escapes the quote. */
  #ansiQuotes(): Problem {
    this.#at += 2;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) return "a quote is not closed";
      this.#at += char === "\\" ? 2 : 1;
      if (char === "'") return undefined;
    }
  }

  #substitution(end: ")" | "`", opening: number, depth: number): Problem {
    if (this.#isPlain) return "there are commands within a command";
    this.#at += opening;
    if (end === "`") {
      const inside = this.#text.slice(this.#at, this.#text.indexOf("`", this.#at));
      // Backquotes within backquotes are escaped, as often as they are deep.
      if (inside.endsWith("\\")) return "there are backquotes within backquotes";
    }
    return this.read(end, depth + 1);
  }

  #redirection(): Problem {
    if (this.#isPlain) return "something is redirected";
    const [sign = ""] =
      /^(?:<<<|<<|<[&>]?|>>|>[&|]?)/.exec(this.#text.slice(this.#at, this.#at + 3)) ?? [];
    if (sign === "<<") return "there is a here-document in it";
    this.#at += sign.length;
    return undefined;
  }
}

/**
 * Bash runs the substitutions in `name[…]` where a builtin is given it as a variable's name, quoted
 * or not: `printf -v 'a[$(b)]'`. A name that has a bracket has it as it is, or from a variable or a
 * glob. What comes first after `printf` as plain text is what it prints, and no such name follows.
 */
function runsNames(command: string): boolean {
  const { words, written } = shellWords(command);
  const [name = "", ...more] = words;
  if (name !== written[0]) return names.has(name);
  if (works.has(name)) return true;
  if (!names.has(name) || (name === "printf" && /^[\w%]/.test(more[0] ?? ""))) return false;
  return /[[$*?]/.test(more.join(" "));
}

/** Builtins that take names of variables. */
const names = new Set(
  "printf test [ read unset export readonly mapfile readarray getopts wait".split(" "),
);
/** And those that work out the values of variables, in which more may stand. */
const works = new Set(["[[", "let", "declare", "typeset", "local"]);

const assignment = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/;
