import { globMatcher } from "../base/glob.ts";

/** Where one command of a line ends and another may begin, in quotes too: rather too often. */
const between = /\|\||&&|[;&|\n\r]|\$\(|`|[<>]\(|[(){}]/;
/** What sends output elsewhere without writing a file. */
const harmless = /\s*(?:\d*>&\d+|\d*>>?\s*\/dev\/null)/g;
/** Words before a command that are not the command. */
const before =
  /^(?:(?:[A-Za-z_][A-Za-z0-9_]*=\S*|sudo|env|command|exec|nohup|time|xargs|then|do|else|if|while|!)\s+)+/;

/**
 * The commands of a command line, taken apart where a shell would and rather more often.
 * @param how `whole` for what has to be allowed: a part that also writes a file through `>` comes
 * back as it is, and no pattern fits it; `any` for what may be forbidden, where each command is
 * looked at with and without the words before it, by its path and by its name
 */
export function commandParts(line: string, how: "whole" | "any"): readonly string[] {
  const parts = line
    .replaceAll(harmless, " ")
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (how === "whole") return parts;
  return parts.flatMap((part) => {
    const command = part.replaceAll(/["'\\]/g, "");
    const bare = command.replace(before, "");
    return [part, command, bare, bare.replace(/^\S*\//, "")];
  });
}

/** Whether a command fits what stands in the parentheses: `git *`, `git:*`, `npm run test`. */
export function matchesCommand(inner: string, command: string): boolean {
  if (/[<>]/.test(command) && !/[<>]/.test(inner)) return false;
  // `git:*` and `git *` are git with any arguments, and with none.
  const open = /^(.*?)(?::\*| \*)$/s.exec(inner.trim())?.[1];
  const text = command.replaceAll(/\s+/g, " ");
  if (open === undefined) return globMatcher([inner.trim()])(text);
  return globMatcher([open, `${open} *`])(text);
}
