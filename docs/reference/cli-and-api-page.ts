import type { Command } from "commander";
import { createProgram } from "../../src/cli/main.ts";
import type { CliContext } from "../../src/cli/context.ts";
import { thisHost } from "../../src/engine.ts";
import type { Route } from "../../src/http/route.ts";
import { allRoutes } from "../../src/http/routes/all.ts";
import { type CommandEntry, commandTable } from "./cli-and-api-table.ts";

const opening = `# The command line and the API

<!-- Made from the program's commands, the routes in src/http/routes/ and cli-and-api-table.ts. To
     change this page, change them and run: node docs/reference/generate-api.ts -->

What a command does is done over the API by the operations beside it ([the API](api.md)). Options are
fields of the query or the body there, but for those that name files, folders, addresses or programs
of the machine: nobody names these from outside.
`;

/** A command that does something, by its words. */
export interface CliCommand {
  readonly words: string;
  readonly description: string;
}

const nothing = (): void => undefined;
/** No command is carried out: the program is only looked at. */
const context: CliContext = {
  host: thisHost({}),
  write: nothing,
  writeError: nothing,
  colours: false,
  columns: 100,
  program: "agent33",
  onInterrupt: () => nothing,
  exit: nothing,
};

const program = await createProgram(context, []);

/** Every command of the program that is none but a group of others. */
export function cliCommands(): readonly CliCommand[] {
  return commandsOf(program, []);
}

function commandsOf(command: Command, words: readonly string[]): readonly CliCommand[] {
  const below = command.commands.filter((one) => one.name() !== "help");
  if (below.length === 0) return [{ words: words.join(" "), description: command.description() }];
  return below.flatMap((one) => commandsOf(one, [...words, one.name()]));
}

/** What is wrong with the table: nothing, where every command has its operation or its reason. */
export function tableProblems(
  table: Readonly<Record<string, CommandEntry>> = commandTable,
  commands: readonly CliCommand[] = cliCommands(),
  operations: readonly string[] = allRoutes.map(({ name }) => name),
): readonly string[] {
  const known = new Set(operations);
  const words = new Set(commands.map((command) => command.words));
  const missing = commands
    .filter((command) => !Object.hasOwn(table, command.words))
    .map((command) => `\`${command.words}\` has neither an operation nor a reason`);
  const gone = Object.entries(table)
    .filter(([name, entry]) => !words.has(name) && !("coming" in entry))
    .map(([name]) => `\`${name}\` is no command`);
  const wrong = Object.entries(table).flatMap(([name, entry]) => {
    const named = namedBy(entry);
    const lacking = named
      .filter((operation) => !known.has(operation))
      .map((operation) => `\`${name}\`: there is no operation ${operation}`);
    if ("alone" in entry) {
      return entry.alone === "" ? [`\`${name}\` has an empty reason`] : lacking;
    }
    // All of them come at once.
    if (entry.coming === true) return lacking.length === named.length ? [] : lacking;
    return named.length === 0 ? [`\`${name}\` names no operation`] : lacking;
  });
  return [...missing, ...gone, ...wrong];
}

function namedBy(entry: CommandEntry): readonly string[] {
  return "alone" in entry ? (entry.see ?? []) : entry.operations;
}

/** The page \`cli-and-api.md\`. */
export function cliAndApiPage(): string {
  const routes = new Map(allRoutes.map((route) => [route.name, route]));
  const entries = cliCommands().map(({ words }) => ({ words, entry: commandTable[words] }));
  const served = entries.flatMap(({ words, entry }) => {
    if (entry === undefined || "alone" in entry) return [];
    const found = entry.operations.flatMap((name) => routes.get(name) ?? []);
    return found.length === 0 ? [] : [servedRow(words, found, entry.note)];
  });
  const aloneRows = entries.flatMap(({ words, entry }) => {
    if (entry === undefined || !("alone" in entry)) return [];
    const see = namedBy(entry).flatMap((name) => routes.get(name) ?? []);
    return [`| \`${words}\` | ${[entry.alone, ...see.map(placeOf)].join("<br>")} |`];
  });
  const comingRows = entries.flatMap(({ words, entry }) => {
    if (entry === undefined || "alone" in entry) return [];
    return entry.operations.some((name) => routes.has(name)) ? [] : [`- \`${words}\``];
  });
  const named = new Set(Object.values(commandTable).flatMap(namedBy));
  const others = allRoutes
    .filter(({ name }) => !named.has(name))
    .map((route) => `| ${placeOf(route)} | ${route.summary} |`);
  return [
    opening,
    section("Commands that are in the API", "| command | operation | what is different |", served),
    section("Commands of the command line alone", "| command | why |", aloneRows),
    comingRows.length === 0
      ? ""
      : `\n## Commands that are not in the API yet\n\n${comingRows.join("\n")}\n`,
    section("Operations without a command", "| operation | what it does |", others),
  ].join("");
}

function section(title: string, head: string, rows: readonly string[]): string {
  const rule = head.replace(/[^|]+/g, " --- ");
  return `\n## ${title}\n\n${[head, rule, ...rows].join("\n")}\n`;
}

function servedRow(words: string, found: readonly Route[], note = ""): string {
  return `| \`${words}\` | ${found.map(placeOf).join("<br>")} | ${note} |`;
}

function placeOf({ name, method, path }: Route): string {
  return `\`${name}\`: ${method} \`${path}\``;
}
