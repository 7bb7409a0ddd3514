import { Agent33Error } from "../base/errors.ts";

/** Characters that a shell would act on. Without a shell they would silently become arguments. */
const operators = new Set(["|", "&", ";", "<", ">", "(", ")"]);
/** What a backslash escapes within double quotes (POSIX Shell Command Language, section 2.2.3). */
const escapableInDoubleQuotes = new Set(["$", "`", '"', "\\"]);

/**
 * Splits a command line into words as a POSIX shell reads them (Shell Command Language, sections
 * 2.2 and 2.3): quotes and backslashes, and nothing else. Nothing is expanded: `$HOME`, `~` and `*`
 * stay as they are written.
 * @throws Agent33Error `sandbox.invalid_command` for an open quote, a trailing backslash, an
 * unquoted shell operator, or a line without words
 */
export function splitCommand(line: string): readonly [string, ...string[]] {
  const words: string[] = [];
  // Undefined between words: '' is a word, the empty one.
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const char = line.charAt(at);
    if (/[ \t\r\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
    } else if (char === "'" || char === '"') {
      const quoted: QuotedPart = char === "'" ? singleQuoted(line, at) : doubleQuoted(line, at);
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (char === "\\") {
      if (at + 1 === line.length)
        throw invalid(line, at, "the backslash at its end escapes nothing");
      // A backslash before a line break joins the lines.
      if (line.charAt(at + 1) !== "\n") word = (word ?? "") + line.charAt(at + 1);
      at += 2;
    } else if (operators.has(char)) {
      throw invalid(line, at, `"${char}" is a shell operator, and no shell is used`);
    } else {
      word = (word ?? "") + char;
      at += 1;
    }
  }
  if (word !== undefined) words.push(word);
  const [command, ...args] = words;
  if (command === undefined || command === "") throw invalid(line, 0, "it names no program");
  return [command, ...args];
}

interface QuotedPart {
  readonly text: string;
  /** Where the line goes on after the closing quote. */
  readonly end: number;
}

function singleQuoted(line: string, start: number): QuotedPart {
  const close = line.indexOf("'", start + 1);
  if (close < 0) throw invalid(line, start, "the single quote is never closed");
  return { text: line.slice(start + 1, close), end: close + 1 };
}

function doubleQuoted(line: string, start: number): QuotedPart {
  let text = "";
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    const next = line.charAt(at + 1);
    if (char === "\\" && next === "\n") {
      at += 1;
    } else if (char === "\\" && escapableInDoubleQuotes.has(next)) {
      text += next;
      at += 1;
    } else {
      text += char;
    }
  }
  throw invalid(line, start, "the double quote is never closed");
}

function invalid(line: string, at: number, why: string): Agent33Error {
  return new Agent33Error(
    "sandbox.invalid_command",
    `The command line cannot be read at character ${at + 1}: ${why}.`,
    {
      hint: "Put arguments with blanks or special characters in quotes, as in a shell.",
      details: { line, position: at },
    },
  );
}
