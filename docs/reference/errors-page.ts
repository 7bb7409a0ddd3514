import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { boundaryCodes, BoundaryError } from "../../src/boundary/errors.ts";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { isWrongInput } from "../../src/engine/wrong-input.ts";
import { collectErrorCodes, type ErrorCode, type Source } from "./error-codes.ts";

const sourceFolder = resolve(import.meta.dirname, "../../src");

/** The sources that users run: no tests, no fixtures, no conformance suites. */
function readSources(): readonly Source[] {
  return readdirSync(sourceFolder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .filter((path) => !/\.(?:test|fixture)\.ts$|\/conformance\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(sourceFolder, path), "utf8") }));
}

/** Every code of the sources as they stand. */
export function errorCodes(): readonly ErrorCode[] {
  return collectErrorCodes(readSources(), boundaryCodes);
}

const opening = `# Error codes

<!-- Made from the sources in src/. To change this page, change them and run:
     node docs/reference/generate-errors.ts -->

Every error has a stable code of the form \`<room>.<name>\`, a message that says what was wrong and
where, and mostly a hint that says what to do. Programs should branch on the code; messages and
hints may change. Where a message or a hint holds a name, a path or a number, this page shows \`…\`.
The command line prints code, message and hint, or with \`--json\` one JSON object on standard error.
An empty cell means that the text is made when the error is.
`;

const boundaryWords = `A governed call fails with one of these and no other. *Retried* says whether the call may be tried
again by itself, if it can be repeated at all or was not sent; *breaker* whether the failure counts against the
target's circuit breaker; *phase* whether the other side can have seen the call. These are the
defaults: a connector that knows more may say otherwise for one error. A code that nobody makes has
its place in the contract and no maker yet.
`;

/** The page \`errors.md\`. */
export function errorsPage(codes: readonly ErrorCode[]): string {
  const groups = Map.groupBy(codes, ({ code }) => code.split(".")[0] ?? "");
  const sections = [...groups].map(([name, members]) => {
    const table = name === "boundary" ? boundaryTable(members) : plainTable(members);
    return `\n## ${name}\n\n${table}`;
  });
  return `${opening}${usageWords(codes)}${sections.join("")}`;
}

/** The codes that end a command with another exit code than that of a failure. */
function usageWords(codes: readonly ErrorCode[]): string {
  const wrong = codes.filter(isWrongInput).map(({ code }) => `\`${code}\``);
  return `\n## Exit code ${exitCodes.usage}\n\nA command that an error ends exits with ${exitCodes.failed}, or with ${exitCodes.usage} where something that a person wrote or named is to be corrected:\n${wrong.join(", ")}.\n`;
}

function plainTable(codes: readonly ErrorCode[]): string {
  const rows = codes.map(({ code, messages, hints, rooms }) =>
    row(`\`${code}\``, cell(messages), cell(hints), rooms.join(", ")),
  );
  return `${row("code", "message", "what to do", "made in")}${row("---", "---", "---", "---")}${rows.join("")}`;
}

function boundaryTable(codes: readonly ErrorCode[]): string {
  const rows = boundaryCodes.flatMap((kind) => {
    const known = codes.find(({ code }) => code === `boundary.${kind}`);
    const { retryable, countsAgainstBreaker, phase } = new BoundaryError(kind, "");
    const traits = [
      retryable ? "yes" : "no",
      countsAgainstBreaker ? "counts" : "no",
      `\`${phase}\``,
    ];
    const made =
      known === undefined || known.rooms.length === 0 ? "nobody" : known.rooms.join(", ");
    return row(`\`boundary.${kind}\``, ...traits, cell(known?.hints ?? []), made);
  });
  const head = row("code", "retried", "breaker", "phase", "what to do", "made in");
  return `${boundaryWords}\n${head}${row("---", "---", "---", "---", "---", "---")}${rows.join("")}`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

/** Texts in one cell of a table, one a line, without those that are all names and numbers. */
function cell(texts: readonly string[]): string {
  const saying = texts.filter((text) => /[a-z]{3}/.test(text));
  return saying.map((text) => escapeText(text.replace(/\s+/g, " ").trim())).join("<br>");
}

/** What Markdown would read as its own; what stands between backticks is left alone. */
function escapeText(text: string): string {
  const escaped = text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/[<>*_[\]\\]/g, "\\$&")));
  return escaped.join("`").replaceAll("|", "\\|");
}
