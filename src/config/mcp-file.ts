import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { createRedactor } from "../base/redact.ts";
import { repeatedName } from "../base/repeated-name.ts";
import { mcpServerSchema } from "./mcp-servers.ts";
import { passwordsIn, secretName } from "./secrets.ts";

/** What another program's file of MCP servers becomes here. */
export interface ImportedServers {
  /** In the shape of the setting `mcpServers`. */
  readonly servers: Readonly<Record<string, JsonObject>>;
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Variables that have to be set, with what they are for. */
  readonly variables: readonly {
    readonly name: string;
    readonly server: string;
    readonly why: string;
  }[];
}

const serverSchema = z.looseObject({
  command: z.string().min(1).optional(),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cwd: z.string().optional(),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  type: z.string().exactOptional(),
  disabled: z.boolean().default(false),
});
const serversSchema = z.record(z.string(), z.unknown());

/** `mcpServers` of .mcp.json, Claude Desktop and Cursor; `servers` of VS Code, alone or in its settings. */
const fileSchema = z.union([
  z.looseObject({ mcpServers: serversSchema }).transform(({ mcpServers }) => mcpServers),
  z.looseObject({ servers: serversSchema }).transform(({ servers }) => servers),
  z
    .looseObject({ mcp: z.looseObject({ servers: serversSchema }) })
    .transform(({ mcp }) => mcp.servers),
]);

/**
 * Reads a file of MCP servers as other programs have it (JSON, with comments and trailing commas).
 * Secrets are not taken over: where one stands, and where the file asks for one, stands the name of
 * a variable then.
 * @throws Agent33Error `config.not_mcp_file`
 */
export function readMcpFile(text: string, file: string): ImportedServers {
  const parsed = fileSchema.safeParse(jsonWithComments(text, file));
  if (!parsed.success) {
    throw new Agent33Error("config.not_mcp_file", `${file} holds no list of MCP servers.`, {
      hint: "It should have a table mcpServers or servers, with a command for each.",
    });
  }
  const servers: Record<string, JsonObject> = {};
  const leftOut: { name: string; why: string }[] = [];
  const variables: Variable[] = [];
  for (const [name, written] of Object.entries(parsed.data)) {
    const needed: Variable[] = [];
    const need: Need = (variable, why) => {
      needed.push({ name: variable, server: name, why });
      return `\${${variable}}`;
    };
    const read = serverSchema.safeParse(written);
    const why = read.success
      ? unusable(read.data)
      : `it is not written as one: ${words(read.error)}`;
    const entry = read.success && why === undefined ? entryOf(name, read.data, need) : undefined;
    // What would make the settings unreadable is not written into them.
    const fits = mcpServerSchema.safeParse(entry);
    if (entry === undefined || !fits.success) {
      leftOut.push({ name, why: why ?? `it would not do here: ${words(fits.error)}` });
      continue;
    }
    servers[name] = entry;
    variables.push(...needed);
  }
  return { servers, leftOut, variables };
}

type Variable = ImportedServers["variables"][number];
/** Notes a variable that has to be set, and gives the reference to it. */
type Need = (variable: string, why: string) => string;

function words(error: z.ZodError | undefined): string {
  const [issue] = error?.issues ?? [];
  return [issue?.path.map(String).join("."), `${issue?.message}.`].filter(Boolean).join(": ");
}

function entryOf(name: string, server: z.output<typeof serverSchema>, need: Need): JsonObject {
  const { args, cwd, url, command = "" } = server;
  if (url !== undefined) {
    const headers = Object.entries(server.headers).map(([header, value]) => [
      header,
      valueOf(header, value, need, headerVariable(name, header)),
    ]);
    return {
      type: server.type === "sse" ? "sse" : "http",
      url,
      ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) as JsonObject }),
    };
  }
  const env = Object.entries(server.env).map(([variable, value]) => [
    variable,
    valueOf(variable, String(value), need),
  ]);
  return {
    command: inFolder(command),
    ...(args.length === 0 ? {} : { args: args.map(inFolder) }),
    ...(env.length === 0 ? {} : { env: Object.fromEntries(env) as JsonObject }),
    ...(cwd === undefined ? {} : { cwd: inFolder(cwd) }),
  };
}

function unusable(server: z.output<typeof serverSchema>): string | undefined {
  const { url, command, args, cwd = "", disabled } = server;
  if (disabled) return "it is disabled there.";
  if (url !== undefined) {
    if (url.includes("${") || !/^https?:/.test(url))
      return "its address is no http address, or takes a variable.";
    const keys = [...(URL.parse(url)?.searchParams.keys() ?? [])];
    return holdsSecret(url) || keys.some((key) => secretName.test(key))
      ? "its address holds what looks like a secret; give it in headers instead."
      : undefined;
  }
  if (command === undefined) return "it has neither a command nor an address.";
  const words = [command, ...args, cwd];
  if (words.map(inFolder).some((word) => word.includes("${")))
    return "its command line takes a variable; give it in env instead, because command lines are recorded.";
  if (words.some((word) => holdsSecret(word)) || args.some((word) => secretFlag.test(word)))
    return "its command line holds what looks like a secret; give it in env instead, because command lines are recorded.";
  return undefined;
}

const secretFlag = /^--?[\w-]*(?:key|token|secret|passw|credential)[\w-]*(?:=|$)/i;

function holdsSecret(text: string): boolean {
  return createRedactor().text(text) !== text;
}

const inFolder = (word: string): string => word.replaceAll("${workspaceFolder}", ".");

/** A header is no name for a variable. */
const headerVariable = (server: string, header: string): string =>
  `${server}_${header}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");

function valueOf(name: string, value: string, need: Need, variableOf = name): string {
  if (!value.includes("${")) {
    const secret =
      value !== "" &&
      (secretName.test(name) ||
        /^auth|cookie/i.test(name) ||
        holdsSecret(value) ||
        passwordsIn(value).length > 0);
    return secret
      ? need(variableOf, "its value stood in the file, and was not taken over.")
      : value;
  }
  return value.replace(/\$\{([^}]*)\}/g, (_all, inside: string) => {
    const [, source = "", word = ""] = /^(?:(env|input):)?([^:]*)/.exec(inside) ?? [];
    if (inside === "workspaceFolder") return ".";
    const variable = word.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
    if (source === "input") return need(variable, "the file asks a person for it.");
    return need(
      source === "" && word === "userHome" ? "HOME" : word,
      "the file takes it from there.",
    );
  });
}

function jsonWithComments(text: string, file: string): unknown {
  const string = String.raw`"(?:\\.|[^"\\])*"`;
  const bare = text
    .replace(/^\ufeff/, "")
    .replace(new RegExp(String.raw`(${string})|//[^\n]*|/\*[\s\S]*?\*/`, "g"), "$1")
    .replace(new RegExp(String.raw`(${string})|,(?=\s*[}\]])`, "g"), "$1");
  let value: unknown;
  try {
    value = JSON.parse(bare);
  } catch (cause) {
    throw new Agent33Error("config.not_mcp_file", `${file} is not JSON: ${messageOf(cause)}`, {
      hint: "Name the file in which another program keeps its MCP servers.",
      cause,
    });
  }
  const twice = repeatedName(bare);
  if (twice === undefined) return value;
  throw new Agent33Error(
    "config.not_mcp_file",
    `${file} has the name ${JSON.stringify(twice)} twice in one object.`,
    { hint: "Take out the one that is not meant." },
  );
}
