/** A word, in which quotes keep blanks together. */
const value = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*`;

/** Words before a command that are not the command. */
const leading = [
  // Reserved words, and what times or negates a pipeline.
  /^(?:if|then|elif|else|do|while|until|!|\{|time|coproc)\s+/,
  // An assignment, a redirection, and a word that may come out empty.
  new RegExp(String.raw`^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=${value}\s+`, "s"),
  new RegExp(String.raw`^\d*(?:<<<|<[&>]?|>>|>[&|]?)\s*${value}\s+`, "s"),
  new RegExp(String.raw`^[$\`]${value}\s+`, "s"),
];

/** Programs that run the command in their arguments; Claude Code sees through the same ones. */
const wrapper = /^(?:timeout|time|nice|nohup|stdbuf|xargs)\s+/;
const wordPattern = /^\S+\s+/;
/** An option of a wrapper, or a number or a duration. */
const option = /^(?:-|[\d.]+[smhd]?\s)/;

const mostVariants = 64;

/**
 * A simple command as it is written and without what stands before it; undefined where that is
 * more than anybody writes.
 */
export function bareCommands(command: string): readonly string[] | undefined {
  const variants = new Set([command]);
  for (const variant of variants) {
    if (variants.size > mostVariants) return undefined;
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
