import { columns, oneLine } from "./output.ts";

/** A time as people read it, in UTC. */
export function utc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** Named values, one a line; those that are undefined have none. */
export function fields(
  rows: readonly (readonly [name: string, value: string | undefined])[],
): string {
  return columns(rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Text of several lines under its heading; nothing where there is no text. */
export function block(heading: string, text: string): string {
  if (text.trim() === "") return "";
  return `\n\n${heading}\n${indented(text.trim())}`;
}

/** Entries under their heading, one a line; nothing where there are none. */
export function entries(heading: string, lines: readonly string[]): string {
  return block(heading, lines.map((line) => oneLine(line, 2000)).join("\n"));
}

/** Indented, so that what somebody wrote cannot be taken for a line of the program's own. */
function indented(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(/^/gm, "  ");
}

const fullBlock = "█";

/** Rows of a count each, with bars that fit a terminal. */
export function bars(
  head: readonly [name: string, count: string, second: string],
  rows: readonly (readonly [name: string, count: number, second: number])[],
  width: number,
): string {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const digits = (at: 1 | 2) =>
    Math.max(head[at].length, ...rows.map((row) => String(row[at]).length));
  const [wide, secondWide] = [digits(1), digits(2)];
  const names = Math.max(head[0].length, ...rows.map(([name]) => name.length));
  const room = Math.min(40, Math.max(10, width - names - wide - secondWide - 6));
  return columns([
    [head[0], head[1].padStart(wide), head[2].padStart(secondWide)],
    ...rows.map(([name, count, second]) => [
      name,
      String(count).padStart(wide),
      String(second).padStart(secondWide),
      // Whatever is not nothing is seen.
      fullBlock.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / most) * room))),
    ]),
  ]);
}

/** `1 signal`, `2 signals`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
