import type { Boundary } from "../boundary/boundary.ts";
import type { BoundaryError } from "../boundary/errors.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import { Agent33Error, type ErrorData, toAgent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import { suggestName } from "../base/nearest.ts";
import type { Config } from "../config/config.ts";
import { type Lock, lockPath, readLock, writeLock } from "../config/lock.ts";
import { openMcpServer } from "../connectors/mcp/connector.ts";
import type { McpServerHandle } from "../connectors/mcp/handle.ts";
import type { OAuthPerson } from "../connectors/mcp/oauth.ts";
import { type PinState, pinState } from "../connectors/mcp/pins.ts";
import type { Confinements } from "./confined-servers.ts";
import type { Asker } from "./asker.ts";
import type { Host } from "./host.ts";
import type { InjectionSigns } from "../tools/tool.ts";
import { poisonOf } from "./poisoned-tools.ts";
import { asPerson, loginFor } from "./mcp-logins.ts";
import { configuredServers } from "./server-specs.ts";
import { serverOf } from "./servers.ts";

/** One tool of a server, as a person who reviews it sees it. */
export interface McpToolReport {
  readonly name: string;
  readonly description: string;
  readonly effect: string;
  readonly repeat: string;
  readonly state: PinState;
  /** What of its description looks as if it gave a model orders. */
  readonly injection: InjectionSigns | null;
}

export interface McpServerReport {
  readonly name: string;
  readonly protocolVersion: string;
  readonly tools: readonly McpToolReport[];
  /** Tools that were pinned and that it has no more. */
  readonly gone: readonly string[];
  readonly notices: readonly string[];
}

/** A server that did not open, and why. */
export interface McpServerFailure extends ErrorData {
  readonly name: string;
}

export interface McpInspection {
  readonly servers: readonly McpServerReport[];
  readonly failed: readonly McpServerFailure[];
}

/** What can be done with the settings' servers outside of a run. */
export interface McpAdmin {
  /**
   * Asks servers what they offer.
   * @param by whose calls they are; default: the settings' user
   * @throws Agent33Error `engine.unknown_server`
   */
  inspect(names: readonly string[], by?: Asker): Promise<McpInspection>;
  /**
   * Takes servers' tools for good as they are now, and says what they were before that. Of one that
   * does not open the pins stay as they are.
   * @throws Agent33Error `engine.unknown_server`
   */
  pin(names: readonly string[], by?: Asker): Promise<McpInspection & { readonly file: string }>;
  /**
   * Lets a person log in to a server, and keeps what it gave them.
   * @param show told the address of the page to open
   * @throws Agent33Error what keeps it from opening
   */
  login(name: string, show: (page: string) => void): Promise<McpServerReport>;
}

export interface McpAdminParts {
  readonly config: Config;
  readonly host: Host;
  readonly boundary: Boundary;
  readonly policy: () => PolicyDecider;
  readonly confinements: Confinements;
  readonly dataDir: string;
  readonly redactor: Redactor;
}

/** How long a person may take. */
const loginMs = 600_000;

export function createMcpAdmin(parts: McpAdminParts): McpAdmin {
  const { config, host, redactor } = parts;
  const file = lockPath(config, host.cwd);
  const inspect = async (names: readonly string[], lock: Lock, by?: Asker) => {
    const found: (readonly [McpServerReport, McpServerHandle])[] = [];
    const failed: McpServerFailure[] = [];
    for (const name of namesOf(config, names)) {
      try {
        const { handle, notices } = await open(name, lock, parts, { by });
        found.push([reportOf(handle, lock, notices), handle]);
        await handle.close();
      } catch (error) {
        failed.push({ name, ...toAgent33Error(error).toJSON() });
      }
    }
    return { found, failed, servers: found.map(([report]) => report) };
  };
  return {
    inspect: async (names, by) => {
      const { servers, failed } = await inspect(names, readLock(file), by);
      return { servers, failed };
    },
    pin: async (names, by) => {
      const lock = readLock(file);
      const { found, servers, failed } = await inspect(names, lock, by);
      const pinned = found.map(([{ name }, { listed }]) => [
        name,
        Object.fromEntries(
          listed.map((tool) => [
            tool.name,
            {
              digest: tool.digest,
              description: redactor.text(tool.description),
              hints: { ...tool.hints },
            },
          ]),
        ),
      ]);
      writeLock(file, { ...lock, servers: { ...lock.servers, ...Object.fromEntries(pinned) } });
      return { file, servers, failed };
    },
    login: (name, show) =>
      asPerson(show, async (person) => {
        const lock = readLock(file);
        const { handle, notices } = await open(name, lock, parts, { person });
        const report = reportOf(handle, lock, notices);
        await handle.close();
        return report;
      }),
  };
}

function namesOf({ settings }: Config, names: readonly string[]): readonly string[] {
  const known = Object.keys(settings.mcpServers);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names.length === 0 ? known : names;
  throw new Agent33Error("engine.unknown_server", `The settings have no MCP server "${unknown}".`, {
    hint: suggestName(unknown, known),
  });
}

/** @throws BoundaryError, Agent33Error */
async function open(
  name: string,
  lock: Lock,
  parts: McpAdminParts,
  { person, by }: { readonly person?: OAuthPerson; readonly by?: Asker | undefined },
): Promise<{ readonly handle: McpServerHandle; readonly notices: readonly string[] }> {
  const { config, host, boundary, policy, confinements } = parts;
  const { settings } = config;
  const specs = configuredServers(config, host).filter((one) => one.name === name);
  const pins = lock.servers[name];
  for (const spec of specs) {
    const found = serverOf(spec, {}, { host, settings });
    const { server, notices } = await confinements.confine(found, spec);
    const opened = await openMcpServer({
      boundary,
      server: person === undefined ? server : { ...server, startTimeoutMs: loginMs },
      ...loginFor(name, settings.mcpServers[name], parts, person),
      principal: { tenant: settings.tenant, user: settings.user, ...by },
      options: { policy: policy() },
      ...(pins === undefined ? {} : { pins }),
    });
    if (opened.ok) return { handle: opened.value, notices };
    throw opened.error satisfies BoundaryError;
  }
  throw new Agent33Error("engine.unknown_server", `The settings have no MCP server "${name}".`);
}

/** @param notices how it was started */
function reportOf(
  handle: McpServerHandle,
  lock: Lock,
  notices: readonly string[],
): McpServerReport {
  const pins = lock.servers[handle.name];
  const names = handle.listed.map(({ name }) => name);
  return {
    name: handle.name,
    protocolVersion: handle.protocolVersion(),
    tools: handle.listed.map((listed, index) => ({
      name: listed.name,
      description: listed.description,
      effect: handle.tools[index]?.effect ?? "unknown",
      repeat: handle.tools[index]?.repeat ?? "once",
      state: pinState(listed, pins),
      injection: poisonOf({ definition: () => listed.definition }) ?? null,
    })),
    gone: Object.keys(pins ?? {}).filter((name) => !names.includes(name)),
    notices: [...notices, ...handle.notices],
  };
}
