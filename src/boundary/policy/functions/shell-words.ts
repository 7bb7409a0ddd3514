/** The words of a simple command, without its redirections. */
interface ShellWords {
  /** As they are written. */
  readonly written: readonly string[];
  /** Without quotes and backslashes. What variables, globs and braces come to is not worked out. */
  readonly words: readonly string[];
}

const piece = String.raw`"(?:[^"\\]|\\.)*"?|'[^']*'?|\\[^]|\$\{[^}]*\}?|\$|[^ \t\n<>"'\\$]+`;
const target = String.raw`[ \t]*(?:${piece})*`;
const redirection = String.raw`(?:\{\w+\}|(?<![^ \t\n])\d+)?(?:<<<|<[&>]?|>>|>[&|]?)${target}`;
const next = new RegExp(String.raw`[ \t\n]+|${redirection}|((?!\{\w+\}[<>])(?:${piece})+)`, "gs");

/** Quotes keep blanks together. */
export function shellWords(command: string): ShellWords {
  const written = [...command.matchAll(next)].flatMap(([, word]) => word ?? []);
  return { written, words: written.map(unquoted) };
}

/** The same command with no more quotes than it takes, and with its program by name, not by path. */
export function respelled(command: string): readonly [spelled: string, byName: string] {
  const { written, words } = shellWords(command);
  const [name = "", ...more] = words.map((word, at) =>
    word === written[at] ? word : quoted(word),
  );
  const spelled = [name, ...more].join(" ");
  const path = words[0] ?? "";
  if (!/^[^=]*\/[^/]/.test(path)) return [spelled, spelled];
  return [spelled, [quoted(path.slice(path.lastIndexOf("/") + 1)), ...more].join(" ")];
}

function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A word as the command gets it, as far as quotes are concerned. */
function unquoted(word: string): string {
  if (!/["'\\]/.test(word)) return word;
  return word.replaceAll(
    /"((?:[^"\\]|\\.)*)"?|'([^']*)'?|\\([^])/gs,
    (_, double?: string, single?: string, escaped?: string) =>
      single ?? escaped ?? (double ?? "").replaceAll(/\\(["\\$`])/g, "$1"),
  );
}
