/** Most rows of a table or lines of a list; the JSON has all. */
const mostRows = 200;

/** A list, or nothing where it has no lines. */
export function bullets(lines: readonly string[]): string {
  const rest = lines.length - mostRows;
  const shown = lines.slice(0, mostRows).map((line) => `- ${cell(line)}`);
  return [...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])].join("\n");
}

/** A table, or nothing where it has no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.slice(0, mostRows).map(line)].join("\n");
}

/** Text from outside that cannot end its cell, nor become markup. */
export function cell(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ").slice(0, 300);
  return flat.replaceAll(/[\\`*_[\]<>|#!~]/g, "\\$&");
}
