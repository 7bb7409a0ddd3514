import { delimiter } from "node:path";
import type { Redactor } from "../base/redact.ts";
import { unwrap } from "../base/result.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import type { Settings } from "../config/schema.ts";
import { resolveReferences } from "../config/references.ts";
import { openMcpServer } from "../connectors/mcp/connector.ts";
import type { McpServerHandle } from "../connectors/mcp/handle.ts";
import type { McpServer } from "../connectors/mcp/server.ts";
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
  for (const server of spec.servers) {
    if ("args" in server) registerSecrets(server.args, parts.redactor);
  }
  const servers = spec.servers.map((server) => serverOf(server, spec, parts));
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

/** @throws Agent33Error `sandbox.command_not_found`, `config.missing_variable` */
function serverOf(server: ServerSpec, spec: RunSpec, { host, settings }: ServerParts): McpServer {
  const { name, tools } = server;
  const configured = server.from === "settings" ? settings.mcpServers[name] : undefined;
  const common = {
    name,
    tools,
    startTimeoutMs: settings.mcp.startSeconds * 1_000,
    callTimeoutMs: settings.mcp.callSeconds * 1_000,
    ...(configured?.protocol === undefined ? {} : { protocol: configured.protocol }),
  };
  if ("url" in server) {
    const headers = configured?.type === "http" ? configured.headers : {};
    const { url } = server;
    return { ...common, type: "http", url, headers: resolveReferences(headers, host.env, name) };
  }
  const given = configured?.type === "stdio" ? configured.env : {};
  const env = childEnvironment(host.env, {
    extra:
      server.from === "task" ? spec.environment : resolveReferences(given, host.env, server.name),
  });
  const command = unwrap(
    resolveCommand(server.command, {
      startFolder: server.startFolder,
      pathEntries: (env["PATH"] ?? "").split(delimiter),
    }),
  );
  const { args, cwd } = server;
  return { ...common, command, args, cwd, env };
}
