import { basename, delimiter, resolve } from "node:path";
import type { Settings } from "../config/schema.ts";
import type { McpServer } from "../connectors/mcp/server.ts";
import { createBwrapSandbox } from "../sandbox/bwrap.ts";
import { programPath } from "../sandbox/choose.ts";
import type { Processes } from "../sandbox/process.ts";
import type { SandboxProbe } from "../sandbox/sandbox.ts";
import { confinedStart } from "./confinement.ts";
import { sandboxProbeGrant } from "./grants.ts";
import type { Host } from "./host.ts";
import type { ServerSpec } from "./run-spec.ts";

/** A server as it is to be started, and what a person should know of it. */
export interface ConfinedServer {
  readonly server: McpServer;
  readonly notices: readonly string[];
}

/** What a server is started for. */
export interface ConfinedFor {
  /** The run's own folder, which the server may work in. */
  readonly workspace?: string | undefined;
  /** Whether that is a scratch copy, so that nothing else may be changed. Default: no. */
  readonly scratch?: boolean;
}

/** Keeps the settings' servers from the rest of the machine. */
export interface Confinements {
  /**
   * @param server with its program found
   * @param from who named it; only servers of the settings are confined, and all in a scratch copy
   */
  confine(server: McpServer, from: ServerSpec["from"], use: ConfinedFor): Promise<ConfinedServer>;
}

export interface ConfinementParts {
  readonly settings: Settings;
  readonly host: Host;
  readonly processes: Processes;
  /** Folders and files that no server may see or change: what the engine keeps and trusts. Absolute. */
  readonly hidden: () => readonly string[];
}

/** What a server may that no settings speak of. */
const alone = {
  type: "stdio",
  confine: true,
  hosts: [],
  writable: [],
  readOnly: [],
  cwd: undefined,
} as const;

/** Programs that get from somewhere what they start. */
const fetching: ReadonlySet<string> = new Set(["npx", "pnpx", "bunx", "uvx", "docker", "podman"]);

/**
 * A server that is started as a program has traffic of its own, which no boundary sees. So it runs
 * in bubblewrap, without a network unless its settings name hosts; where that cannot be had, it runs
 * as it is, and that is said.
 */
export function createConfinements(parts: ConfinementParts): Confinements {
  const { settings, host, processes, hidden } = parts;
  const pathEntries = (host.env["PATH"] ?? "").split(delimiter);
  const bubblewrap = programPath("bwrap", pathEntries);
  let looked: Promise<SandboxProbe> | undefined;
  const look = (): Promise<SandboxProbe> => {
    const sandbox = createBwrapSandbox({
      spawn: processes.spawn,
      clock: host.clock,
      command: bubblewrap,
    });
    return sandboxProbeGrant.run(() => sandbox.probe());
  };
  return {
    confine: async (server, from, { workspace, scratch = false }) => {
      const configured = from === "settings" ? settings.mcpServers[server.name] : undefined;
      const wished = scratch ? (configured ?? alone) : configured;
      if (server.type === "http" || wished?.type !== "stdio") return { server, notices: [] };
      const unconfined = (why: string): ConfinedServer => ({
        server,
        notices: [`MCP server ${server.name} is unconfined: ${why}`],
      });
      if (wished === alone && fetching.has(basename(server.command))) {
        return unconfined("it fetches its program from a network.");
      }
      if (!wished.confine) return unconfined("its setting confine is false.");
      looked ??= look();
      const probe = await looked;
      if (!probe.available) return unconfined(`${probe.reason} ${probe.hint}`);
      const absolute = (paths: readonly string[]) => paths.map((path) => resolve(server.cwd, path));
      const { command, confinement } = confinedStart({
        command: server.command,
        args: server.args,
        cwd: server.cwd,
        hosts: wished.hosts,
        workspace,
        scratch,
        writable: absolute(wished.writable),
        readOnly: absolute([...wished.readOnly, ...(wished.cwd === undefined ? [] : ["."])]),
        hidden: hidden(),
        nodePath: host.nodePath,
        home: host.env["HOME"],
      });
      return {
        server: { ...server, command, confinement: { ...confinement, bubblewrap } },
        notices: [],
      };
    },
  };
}
