/** What a `?` may stand in without being a parameter: strings, quoted names, comments. */
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?/g;

/** A statement's text with PostgreSQL's `$1`, `$2`, … for the `?` of each parameter. */
export function numbered(text: string): string {
  let count = 0;
  return text.replace(token, (found) => {
    if (found !== "?") return found;
    count += 1;
    return `$${count}`;
  });
}
