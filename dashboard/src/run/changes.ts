/** One line of a change. */
export interface ChangeLine {
  readonly sign: "+" | "-";
  readonly text: string;
}

/** What a call would do to a file, as far as its arguments say. */
export interface Change {
  readonly path: string;
  readonly lines: readonly ChangeLine[];
}

/** A call's arguments; undefined where they are no object. */
export function argumentsIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    // A model can write anything.
    return undefined;
  }
}

/** A file that arguments name, and the lines that they take and give; undefined where they say none. */
export function changeIn(given: Readonly<Record<string, unknown>>): Change | undefined {
  const path = wordOf(given, ["path", "file_path", "file"]);
  if (path === undefined) return undefined;
  const edits = Array.isArray(given["edits"]) ? given["edits"] : [given];
  const lines = edits.flatMap((edit: unknown) =>
    typeof edit === "object" && edit !== null ? linesOf(edit as typeof given) : [],
  );
  return lines.length === 0 ? undefined : { path, lines };
}

function linesOf(edit: Readonly<Record<string, unknown>>): readonly ChangeLine[] {
  const taken = wordOf(edit, ["oldText", "old_text", "old_string"]);
  const put = wordOf(edit, ["newText", "new_text", "new_string", "content", "line"]);
  return [...signed("-", taken), ...signed("+", put)];
}

function signed(sign: ChangeLine["sign"], text: string | undefined): readonly ChangeLine[] {
  if (text === undefined || text === "") return [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => ({ sign, text: line }));
}

function wordOf(
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string | undefined {
  const name = names.find((one) => typeof given[one] === "string");
  return name === undefined ? undefined : (given[name] as string);
}
