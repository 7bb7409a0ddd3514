import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { readMcpFile } from "./mcp-file.ts";
import { mcpServerSchema, type McpServerSettings } from "./mcp-servers.ts";

/** The servers of other programs' files, and what a person should know of those left out. */
export interface ServersOfFiles {
  readonly servers: Readonly<Record<string, McpServerSettings>>;
  readonly notices: readonly string[];
}

const serversSchema = z.record(z.string(), mcpServerSchema);

/**
 * The servers in the files that the setting `mcpFiles` names, each as `connectors import` would take
 * it over: secrets that stand in a file are not used, the variable of that name is.
 * @param own the servers of the settings themselves; of the same name these are meant
 * @throws Agent33Error `config.unreadable`, `config.not_mcp_file`, `config.invalid_value`
 */
export function serversOfFiles(
  files: readonly string[],
  cwd: string,
  own: Readonly<Record<string, McpServerSettings>>,
): ServersOfFiles {
  const found = new Map<string, { readonly server: McpServerSettings; readonly file: string }>();
  const notices: string[] = [];
  for (const file of files) {
    const { servers, leftOut } = readMcpFile(textOf(resolve(cwd, file), file), file);
    for (const { name, why } of leftOut)
      notices.push(`${file}: MCP server ${name} is left out: ${why}`);
    for (const [name, server] of Object.entries(serversSchema.parse(servers))) {
      const other = found.get(name);
      if (other !== undefined) {
        throw invalid(`Both ${other.file} and ${file} have an MCP server "${name}".`);
      }
      if (Object.hasOwn(own, name)) {
        notices.push(`${file}: MCP server ${name} is that of the settings, not the one there.`);
      } else found.set(name, { server, file });
    }
  }
  const servers = Object.fromEntries([...found].map(([name, { server }]) => [name, server]));
  return { servers, notices };
}

function textOf(path: string, file: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Agent33Error(
      "config.unreadable",
      `The file ${file} of the setting mcpFiles cannot be read: ${messageOf(cause)}`,
      { hint: "Check the path; it starts in the folder that AGENT-33 is started in.", cause },
    );
  }
}

function invalid(message: string): Agent33Error {
  return new Agent33Error("config.invalid_value", message, {
    hint: "Leave one of the files out of mcpFiles, or mend it.",
  });
}
