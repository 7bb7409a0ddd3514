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
import { npxProgram } from "./npx-program.ts";
import type { ServerSpec } from "./run-spec.ts";

/** A server as it is to be started, and what a person should know of it. */
export interface ConfinedServer {
  readonly server: McpServer;
  readonly notices: readonly string[];
}

/** What a run's servers find there besides their own. */
export interface ServerPlace {
  /** The run's own folder, which they may work in. */
  readonly workspace?: string | undefined;
  /** Whether that is a scratch copy, so that nothing else may be changed. Default: no. */
  readonly scratch?: boolean;
  /** What they must not see besides what no server may. Absolute. */
  readonly hidden?: readonly string[];
}

/** Keeps servers that are started here from the rest of the machine. */
export interface Confinements {
  /** @param server of this spec, with its program found */
  confine(server: McpServer, spec: ServerSpec, place?: ServerPlace): Promise<ConfinedServer>;
}

export interface ConfinementParts {
  readonly settings: Settings;
  readonly host: Host;
  readonly processes: Processes;
  /** Folders and files that no server may see or change: what the engine keeps and trusts. Absolute. */
  readonly hidden: () => readonly string[];
}

/** What whoever named a server says that it needs. */
interface Wish {
  readonly confine: boolean;
  readonly hosts: readonly string[];
  readonly writable: readonly string[];
  readonly readOnly: readonly string[];
}

type StdioSpec = Extract<ServerSpec, { readonly command: string }>;

/** Lets package runners fail at once where they would wait for an answer that cannot come. */
const offline = { npm_config_offline: "true", UV_OFFLINE: "1" };

/**
 * A server that is started as a program has traffic of its own, which no boundary sees. So it runs
 * in bubblewrap, without a network unless whoever named it names hosts; where that cannot be had, it
 * runs as it is, and that is said.
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
    confine: async (server, spec, place = {}) => {
      if (server.type === "http" || !("command" in spec)) return { server, notices: [] };
      const wish = wishOf(spec, settings);
      const unconfined = (why: string): ConfinedServer => ({
        server,
        notices: [`MCP server ${server.name} is unconfined: ${why}`],
      });
      if (wish === undefined) return unconfined("its run is older than the confinement of such.");
      if (!wish.confine) return unconfined(wordsFor(spec).free);
      looked ??= look();
      const probe = await looked;
      if (!probe.available) return unconfined(`${probe.reason} ${probe.hint}`);
      const { hosts } = wish;
      const absolute = (paths: readonly string[]) => paths.map((path) => resolve(server.cwd, path));
      const program =
        hosts.length > 0 ? undefined : npxProgram({ ...server, startFolder: spec.startFolder });
      const { command, args } = program ?? server;
      const start = confinedStart({
        command,
        args,
        cwd: server.cwd,
        hosts,
        workspace: place.workspace,
        scratch: place.scratch === true,
        writable: absolute(wish.writable),
        readOnly: absolute(wish.readOnly),
        hidden: [...hidden(), ...(place.hidden ?? [])],
        nodePath: host.nodePath,
        home: host.env["HOME"],
      });
      return {
        server: {
          ...server,
          command: start.command,
          args,
          env: hosts.length > 0 ? server.env : { ...offline, ...server.env },
          confinement: { ...start.confinement, bubblewrap },
          confinementHint: hintOf(spec, server.command, hosts),
        },
        notices: [],
      };
    },
  };
}

/** Undefined for a run of an earlier version, which wrote nothing down about it. */
function wishOf(spec: StdioSpec, { mcpServers }: Settings): Wish | undefined {
  const { name, from, confine, hosts = [] } = spec;
  if (from !== "settings") {
    return confine === undefined ? undefined : { confine, hosts, writable: [], readOnly: [] };
  }
  const configured = mcpServers[name];
  // One that the settings have no more has nothing that they gave it.
  if (configured?.type !== "stdio") return { confine: true, hosts, writable: [], readOnly: [] };
  const { readOnly, cwd } = configured;
  return { ...configured, readOnly: [...readOnly, ...(cwd === undefined ? [] : ["."])] };
}

/** Where whoever named the server says what it needs. */
function wordsFor({ name, from }: StdioSpec) {
  return from === "settings"
    ? {
        free: "its setting confine is false.",
        network: "`hosts`",
        files: "its settings name (`readOnly`, `writable`)",
        asItIs: "`confine: false`",
      }
    : {
        free: "--mcp-unconfined names it.",
        network: `\`--mcp-hosts ${name}=HOST\``,
        files: "its command line names, and the workspace",
        asItIs: `\`--mcp-unconfined ${name}\``,
      };
}

function hintOf(spec: StdioSpec, command: string, hosts: readonly string[]): string {
  const { network, files, asItIs } = wordsFor(spec);
  const without = hosts.length > 0 ? "" : `without a network (${network} gives it one) and `;
  const runner = /^(?:npx|uvx|bunx|pnpx)$/.exec(basename(command))?.[0];
  const fetched =
    runner === undefined || hosts.length > 0
      ? ""
      : ` ${runner} can fetch nothing so: install the package, or name the host of its registry.`;
  return `It is confined: ${without}with only the files that ${files}; ${asItIs} starts it as it is.${fetched}`;
}
