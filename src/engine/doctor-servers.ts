import { delimiter, resolve } from "node:path";
import { type Agent33Error } from "../base/errors.ts";
import { attempt } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import type { McpServerSettings } from "../config/mcp-servers.ts";
import { resolveReferences } from "../config/references.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import { resolveCommand } from "../sandbox/resolve-command.ts";
import type { DoctorFinding } from "./doctor-finding.ts";
import type { Host } from "./host.ts";

/** What can be said of the settings' MCP servers without starting any. */
export function serverFindings(
  { settings, notices }: Config,
  host: Host,
): readonly DoctorFinding[] {
  const servers = Object.entries(settings.mcpServers).map(([name, server]) => {
    const what = `mcp ${name}`;
    const texts = server.type === "http" ? server.headers : server.env;
    const resolved = attempt(() => resolveReferences(texts, host.env, name));
    return resolved.ok ? placeFinding(what, server, host) : warning(what, resolved.error);
  });
  return [
    ...servers,
    ...notices.map((detail): DoctorFinding => ({ what: "mcpFiles", state: "warn", detail })),
  ];
}

function placeFinding(what: string, server: McpServerSettings, host: Host): DoctorFinding {
  if (server.type === "http") {
    const { origin, pathname } = new URL(server.url);
    return { what, state: "ok", detail: `would be asked at ${origin}${pathname} (not tried)` };
  }
  const found = resolveCommand(server.command, {
    startFolder: resolve(host.cwd, server.cwd ?? "."),
    pathEntries: (childEnvironment(host.env)["PATH"] ?? "").split(delimiter),
  });
  return found.ok
    ? { what, state: "ok", detail: `would start ${found.value}` }
    : warning(what, found.error);
}

function warning(what: string, { message, hint }: Agent33Error): DoctorFinding {
  return { what, state: "warn", detail: message, ...(hint === undefined ? {} : { fix: hint }) };
}
