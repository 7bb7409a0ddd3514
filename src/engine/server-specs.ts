import { basename, resolve } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import type { Config } from "../config/config.ts";
import type { McpServerSettings } from "../config/mcp-servers.ts";
import { resolveReferences } from "../config/references.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import { splitCommand } from "../sandbox/command.ts";
import type { Host } from "./host.ts";
import type { ServerSpec } from "./run-spec.ts";

/**
 * The servers of the settings.
 * @throws Agent33Error `config.missing_variable`
 */
export function configuredServers(
  { settings }: Pick<Config, "settings">,
  host: Pick<Host, "cwd" | "env">,
): readonly ServerSpec[] {
  return Object.entries(settings.mcpServers).map(([name, server]) =>
    configuredServer(name, server, host),
  );
}

/** One server of the settings. @throws Agent33Error `config.missing_variable` */
export function configuredServer(
  name: string,
  server: McpServerSettings,
  { cwd, env }: Pick<Host, "cwd" | "env">,
): ServerSpec {
  const { tools } = server;
  if (server.type === "http") {
    resolveReferences(server.headers, env, name);
    const { url, transport } = server;
    const way = transport === "sse" ? { transport } : {};
    return { name, url, ...way, tools, from: "settings" };
  }
  resolveReferences(server.env, env, name);
  const startFolder = resolve(cwd, server.cwd ?? ".");
  const { command, args } = server;
  return { name, command, args, cwd: startFolder, startFolder, tools, from: "settings" };
}

/** What a person says of the servers that are started for one run only. */
export interface ServerChoices {
  /** Hosts that they talk to, by the servers' names. Default: none, and a task's what it declares. */
  readonly mcpHosts?: Readonly<Record<string, readonly string[]>>;
  /** Names of those that are started as they are. */
  readonly mcpUnconfined?: readonly string[];
}

/**
 * Servers that were named for one run, with what a person says of their confinement.
 * @throws Agent33Error `engine.unknown_server` for a name that is none of theirs
 */
export function withChoices(
  servers: readonly ServerSpec[],
  { mcpHosts = {}, mcpUnconfined = [] }: ServerChoices,
): readonly ServerSpec[] {
  const known = servers.flatMap((server) => ("command" in server ? [server.name] : []));
  const unknown = [...Object.keys(mcpHosts), ...mcpUnconfined].find(
    (name) => !known.includes(name),
  );
  if (unknown !== undefined) {
    throw new Agent33Error(
      "engine.unknown_server",
      `No MCP server "${unknown}" is started for this run only.`,
      {
        hint:
          known.length === 0
            ? "What those of the settings need stands in the settings."
            : suggestName(unknown, known),
      },
    );
  }
  return servers.map((server) =>
    "command" in server
      ? {
          ...server,
          confine: !mcpUnconfined.includes(server.name),
          hosts: [...(mcpHosts[server.name] ?? server.hosts ?? [])],
        }
      : server,
  );
}

/** Servers given as command lines or addresses, named after the program or the host. */
export function flagServers(
  commands: readonly string[],
  cwd: string,
  names: readonly string[],
): readonly ServerSpec[] {
  const taken = new Set(names);
  return commands.map((line): ServerSpec => {
    const isAddress = /^https?:\/\//i.test(line) && URL.canParse(line);
    const [command, ...args] = isAddress ? [line] : splitCommand(line);
    const base = isAddress ? hostName(line) : serverName(command, args);
    let name = base;
    for (let number = 2; taken.has(name); number += 1) name = `${base}${number}`;
    taken.add(name);
    return isAddress
      ? { name, url: line, tools: {}, from: "flag" }
      : { name, command, args, cwd, startFolder: cwd, tools: {}, from: "flag" };
  });
}

function serverName(command: string, args: readonly string[]): string {
  const runners = new Set(["npx", "node", "bunx", "pnpx", "uvx", "python", "python3"]);
  const program = runners.has(basename(command))
    ? (args.find((arg) => !arg.startsWith("-")) ?? command)
    : command;
  const name = basename(program)
    .replace(/@[^@]*$/, "")
    .replace(/\.[a-z]+$/, "")
    .replace(/^(mcp-server-|server-|mcp-)/, "")
    .replace(/(-mcp-server|-mcp|-server)$/, "")
    .replace(/[^A-Za-z0-9_-]+/g, "-");
  return name === "" ? "server" : name.slice(0, 24);
}

function hostName(address: string): string {
  return new URL(address).hostname.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 24);
}

/** The servers of a task that can be started here; they work in the run's scratch copy. */
export function taskServers(task: Task, workspace: string): readonly ServerSpec[] {
  return task.environment.mcpServers.flatMap((server): readonly ServerSpec[] => {
    const { name } = server;
    const prefix = `${name}__`;
    const tools = Object.fromEntries(
      Object.entries(task.toolNotes)
        .filter(([tool]) => tool.startsWith(prefix))
        .map(([tool, note]) => [tool.slice(prefix.length), note]),
    );
    if (server.transport !== "stdio") {
      const way = server.transport === "sse" ? { transport: server.transport } : {};
      return [{ name, url: server.url, ...way, tools, from: "task" }];
    }
    const { command, args } = server;
    // The task's own folder, because its program may come from the project that the task is part of.
    const startFolder = task.dir;
    const hosts = hostsOf(task.environment);
    return [
      { name, command, args: [...args], cwd: workspace, startFolder, tools, from: "task", hosts },
    ];
  });
}

/** The network is the task's to declare: by Harbor's rule one that declares nothing has all of it. */
function hostsOf({ network, allowedHosts }: Task["environment"]): string[] {
  return network === "public" ? ["*"] : network === "allowlist" ? [...allowedHosts] : [];
}
