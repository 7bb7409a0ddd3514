/**
 * Whether a text fits one of these patterns. `*` stands for any characters, also none, also `:`
 * and `/`; everything else stands for itself, case included. Linear in the text's length.
 */
export function globMatcher(patterns: readonly string[]): (text: string) => boolean {
  const [first, ...others] = patterns.map(oneGlob);
  if (first === undefined) return () => false;
  if (others.length === 0) return first;
  return (text) => first(text) || others.some((matches) => matches(text));
}

function oneGlob(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  const [prefix = "", ...rest] = parts;
  const suffix = rest.pop();
  if (suffix === undefined) return (text) => text === pattern;
  if (suffix === "" && rest.length === 0) return (text) => text.startsWith(prefix);
  return (text) => {
    if (text.length < prefix.length + suffix.length) return false;
    if (!text.startsWith(prefix) || !text.endsWith(suffix)) return false;
    // The earliest place for each part leaves the most room for the next.
    let from = prefix.length;
    for (const part of rest) {
      const found = text.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return from <= text.length - suffix.length;
  };
}
