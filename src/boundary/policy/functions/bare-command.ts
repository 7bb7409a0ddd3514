import { respelled, shellWords } from "./shell-words.ts";

/** A word, in which quotes keep blanks together. */
const value = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^ \t\n"'\\])*`;

/** Words before a command that are not the command. */
const leading = [
  // Reserved words, and what times or negates a pipeline.
  /^(?:if|then|elif|else|do|while|until|!|\{|time|coproc)[ \t\n]+/,
  // The head of a function, and the name of a coprocess.
  /^function[ \t\n]+[^ \t\n]+[ \t\n]+(?:\{[ \t\n]+)?/,
  /^coproc[ \t\n]+\w+[ \t\n]+/,
  /^find[ \t\n].*?[ \t\n]-(?:exec|execdir|ok|okdir)[ \t\n]+/s,
  // An assignment, a redirection, and a word that may come out empty.
  new RegExp(String.raw`^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=${value}[ \t\n]+`, "s"),
  new RegExp(String.raw`^(?:\{\w+\}|\d*)(?:<<<|<[&>]?|>>|>[&|]?)[ \t\n]*${value}[ \t\n]+`, "s"),
  /^(?:\$(?:\w+|\{[^}]*\}|\(\)|[@*#?$!-]))+[ \t\n]+/,
];

/** Programs and builtins that run the command in their arguments. */
const wrapper =
  /^(?:timeout|time|nice|nohup|stdbuf|xargs|command|builtin|exec|env|setsid|ionice|chrt|sudo|doas)[ \t\n]+/;
const wordPattern = /^[^ \t\n]+[ \t\n]+/;
/** An option of a wrapper, a number or a duration, or a variable for `env`. */
const option = /^(?:-|[\d.]+[smhd]?[ \t\n]|[^ \t\n=]*=)/;
const mostVariants = 32;

/**
 * A simple command as it is written, with no quotes but needed ones, and without what stands before it;
 * undefined where that is more than anybody writes.
 */
export function bareCommands(command: string): readonly string[] | undefined {
  const variants = new Set([command]);
  for (const variant of variants) {
    if (variants.size > mostVariants) return undefined;
    for (const spelling of respelled(variant)) variants.add(spelling);
    for (const pattern of leading) {
      const rest = variant.replace(pattern, "");
      if (rest !== variant) variants.add(rest);
    }
    for (const rest of unwrapped(variant)) variants.add(rest);
  }
  return [...variants];
}

/** What a wrapper may be running: behind its options, and behind the values that these may have. */
function unwrapped(command: string): readonly string[] {
  let rest = command.replace(wrapper, "");
  if (rest === command) return [];
  const found = [rest];
  let mayBeValue = false;
  while (found.length <= mostVariants && (option.test(rest) || mayBeValue)) {
    mayBeValue = rest.startsWith("-");
    const next = rest.replace(wordPattern, "");
    if (next === rest) break;
    rest = next;
    found.push(rest);
  }
  return found;
}

/** Variables in the name of one command. */
const mostNames = 8;

/**
 * Why nobody can tell which program a command runs: the shell works its name out. A variable that
 * the line does not set is whatever the environment says, and is let pass.
 * @param line the whole line, in which variables may be set
 */
export function unknownProgram(command: string, line: string): string | undefined {
  const [first = ""] = shellWords(command).written;
  if (/^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=|^-|^\{\}$|^\[\[?$/.test(first)) return undefined;
  const problem = "the name of a command is worked out";
  if (/\$(?:[^A-Za-z_]|$)|`|\{[^{}]*(?:,|\.\.)/.test(first)) return problem;
  const names = [...first.matchAll(/\$(\w+)/g)].map(([, name = ""]) => name);
  if (names.length > mostNames) return problem;
  if (names.some((name) => new RegExp(String.raw`(?<![$\w])${name}\b`).test(line))) return problem;
  const isWhole = /^"?\$\w+"?$/.test(first);
  return !isWhole && /[*?[$]/.test(first.slice(first.lastIndexOf("/") + 1)) ? problem : undefined;
}

/** The lines that a command gives to a shell: each of its words, and all of them together. */
export function linesWithin(command: string): readonly string[] {
  const [name = "", ...words] = shellWords(command).words;
  const isLine = name === "eval" || name === "trap" || isShellWithLine(name, words);
  return isLine ? [...words, words.join(" ")].filter((word) => /\w/.test(word)) : [];
}

function isShellWithLine(name: string, words: readonly string[]): boolean {
  return /(?:^|\/)(?:ba|da|z|k|a)?sh$/.test(name) && words.some((word) => /^-\w*c/.test(word));
}
