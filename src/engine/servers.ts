import { delimiter, resolve } from "node:path";
import type { Redactor } from "../base/redact.ts";
import { unwrap } from "../base/result.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import type { Settings } from "../config/schema.ts";
import { withVariables } from "../config/secrets.ts";
import { openMcpServer } from "../connectors/mcp/connector.ts";
import type { McpServerHandle } from "../connectors/mcp/handle.ts";
import type { McpServer } from "../connectors/mcp/server.ts";
import type { Task } from "../evaluation/task.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import { resolveCommand } from "../sandbox/resolve-command.ts";
import type { Host } from "./host.ts";
import type { RunSpec, ServerSpec } from "./run-spec.ts";

export interface ServerParts {
  readonly host: Host;
  readonly settings: Settings;
  readonly boundary: Boundary;
  readonly redactor: Redactor;
}

/**
 * Starts all servers of a run at once. All programs are found before the first is started, and if
 * one does not start, those that did are ended before the error goes on.
 * @throws Agent33Error `sandbox.command_not_found`, BoundaryError for what policy or the start says
 */
export async function openServers(
  runId: string,
  spec: RunSpec,
  policy: PolicyDecider,
  parts: ServerParts,
  signal: AbortSignal,
): Promise<readonly McpServerHandle[]> {
  for (const { args } of spec.servers) registerSecrets(args, parts.redactor);
  const servers = spec.servers.map((server) => serverOf(server, spec.environment, parts));
  const outcomes = await Promise.all(
    servers.map((server) =>
      openMcpServer({
        boundary: parts.boundary,
        server,
        principal: spec.principal,
        options: { runId, policy, signal, logicalCallId: `open-${server.name}` },
      }),
    ),
  );
  const failed = outcomes.find((outcome) => !outcome.ok);
  const opened = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
  if (failed === undefined) return opened;
  await Promise.all(opened.map((server) => server.close()));
  throw failed.error;
}

/** `--token=VALUE` and `--token VALUE`: better in the settings' `env`, but people write it so. */
function registerSecrets(args: readonly string[], redactor: Redactor): void {
  for (const [index, arg] of args.entries()) {
    const flag =
      /^--?(?<name>[\w-]*(?:key|token|secret|passw|credential)[\w-]*)(?:=(?<value>.*))?$/i.exec(
        arg,
      );
    const { name, value = args[index + 1] } = flag?.groups ?? {};
    if (name !== undefined && value !== undefined) redactor.register(name, value);
  }
}

/**
 * A server as it is started here.
 * @param environment what a task sets for its own servers
 * @throws Agent33Error `sandbox.command_not_found`, `config.missing_secret`
 */
export function serverOf(
  server: ServerSpec,
  environment: Readonly<Record<string, string>>,
  { host, settings }: Pick<ServerParts, "host" | "settings">,
): McpServer {
  const configured = server.from === "settings" ? settings.mcpServers[server.name] : undefined;
  const given = Object.entries(configured?.env ?? {}).map(([variable, value]) => [
    variable,
    withVariables(value, host.env, `MCP server "${server.name}"`),
  ]);
  const env = childEnvironment(host.env, {
    extra: server.from === "task" ? environment : Object.fromEntries(given),
  });
  const command = unwrap(
    resolveCommand(server.command, {
      startFolder: server.startFolder,
      pathEntries: (env["PATH"] ?? "").split(delimiter),
    }),
  );
  const { name, args, cwd, tools } = server;
  const startTimeoutMs = settings.mcp.startSeconds * 1_000;
  const callTimeoutMs = settings.mcp.callSeconds * 1_000;
  return { name, command, args, cwd, env, tools, startTimeoutMs, callTimeoutMs };
}

/** The servers that the settings name. */
export function configuredServers({ mcpServers }: Settings, cwd: string): readonly ServerSpec[] {
  return Object.entries(mcpServers).map(([name, server]) => ({
    name,
    command: server.command,
    args: server.args,
    cwd: resolve(cwd, server.cwd ?? "."),
    startFolder: resolve(cwd, server.cwd ?? "."),
    tools: server.tools,
    from: "settings" as const,
  }));
}

/** The servers of a task that can be started here; they work in the run's scratch copy. */
export function taskServers(task: Task, workspace: string): readonly ServerSpec[] {
  return task.environment.mcpServers.flatMap((server): readonly ServerSpec[] => {
    if (server.transport !== "stdio") return [];
    const { name, command, args } = server;
    const prefix = `${name}__`;
    const tools = Object.fromEntries(
      Object.entries(task.toolNotes)
        .filter(([tool]) => tool.startsWith(prefix))
        .map(([tool, note]) => [tool.slice(prefix.length), note]),
    );
    // The task's own folder, because its program may come from the project that the task is part of.
    const startFolder = task.dir;
    return [{ name, command, args: [...args], cwd: workspace, startFolder, tools, from: "task" }];
  });
}

/** What a person should know about the servers of a task that cannot be started here. */
export function taskServerNotices(task: Task): readonly string[] {
  return task.environment.mcpServers
    .filter((server) => server.transport !== "stdio")
    .map(
      ({ name, transport }) =>
        `MCP server ${name} is left out: ${transport} is not spoken here yet, only stdio.`,
    );
}
