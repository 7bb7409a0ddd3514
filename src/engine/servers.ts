import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import { attempt, unwrap } from "../base/result.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { BoundaryError, isOwnTrouble } from "../boundary/errors.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import type { EventOf } from "../events/event.ts";
import type { Settings } from "../config/schema.ts";
import type { Lock } from "../config/lock.ts";
import { resolveReferences } from "../config/references.ts";
import { openMcpServer } from "../connectors/mcp/connector.ts";
import type { McpClientFeatures } from "../connectors/mcp/features.ts";
import type { McpServerHandle } from "../connectors/mcp/handle.ts";
import type { Person } from "../connectors/mcp/person.ts";
import type { McpServer } from "../connectors/mcp/server.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import { resolveCommand } from "../sandbox/resolve-command.ts";
import type { Confinements, ServerPlace } from "./confined-servers.ts";
import type { Host } from "./host.ts";
import { loginFor } from "./mcp-logins.ts";
import type { RunSpec, ServerSpec } from "./run-spec.ts";
import type { Sampling } from "./server-sampling.ts";

export interface ServerParts {
  readonly host: Host;
  readonly settings: Settings;
  readonly boundary: Boundary;
  readonly redactor: Redactor;
  readonly dataDir: string;
  readonly lock: Lock;
  readonly confinements: Confinements;
}

/** The servers that opened, and what a person should know about the others. */
export interface OpenedServers {
  readonly handles: readonly McpServerHandle[];
  readonly notices: readonly string[];
}

/** How the servers of a run are opened. */
export interface ServerUse {
  readonly policy: PolicyDecider;
  readonly signal: AbortSignal;
  /** The run's model, for servers that may ask it. */
  readonly sample: Sampling;
  /** Whoever can answer what servers ask; undefined: nobody. */
  readonly person: ((server: string) => Person) | undefined;
  /** The session that the run had before, if any: a model must find the tools of it again. */
  readonly earlier: EventOf<"session.opened"> | undefined;
}

/**
 * Opens all servers of a run at once. All programs are looked for before the first is started. A
 * server of the settings that does not open is left out with a notice, because other runs share it;
 * one that was named for this run, or that it has worked with, is missed: then those that did open
 * are ended before the error goes on.
 * @throws Agent33Error `sandbox.command_not_found`, `config.missing_variable`, BoundaryError for
 * what policy or the start says
 */
export async function openServers(
  runId: string,
  spec: RunSpec,
  use: ServerUse,
  parts: ServerParts,
): Promise<OpenedServers> {
  const { policy, signal, earlier } = use;
  for (const server of spec.servers) {
    if ("args" in server) registerSecrets(server.args, parts.redactor);
  }
  const notices: string[] = [];
  // A replay goes on without it, and says of each of its calls that they differ.
  const isMissed = (server: ServerSpec | undefined): boolean =>
    (server?.from !== "settings" && spec.replayOf === undefined) ||
    earlier?.tools.some(({ source }) => source === `mcp:${server?.name}`) === true;
  const leaveOut = ({ code, message, hint = "" }: Agent33Error, whose = ""): void => {
    notices.push(`${code}: ${whose}${message} ${hint} Its tools are left out.`.replace(/ +/g, " "));
  };
  const found = spec.servers.flatMap((server) => {
    const ready = attempt(() => serverOf(server, spec.environment, parts));
    if (ready.ok) return [{ ...ready, spec: server }];
    const isNotThere = ready.error.code === "sandbox.command_not_found";
    if (!isNotThere || isMissed(server)) throw ready.error;
    leaveOut(ready.error, `MCP server "${server.name}": `);
    return [];
  });
  const confined = await Promise.all(
    found.map((one) => parts.confinements.confine(one.value, one.spec, placeOf(spec))),
  );
  notices.push(...confined.flatMap((one) => one.notices));
  const servers = confined.map(({ server }) => server);
  const outcomes = await Promise.all(
    servers.map((server, index) =>
      openMcpServer({
        boundary: parts.boundary,
        server,
        principal: spec.principal,
        options: { runId, policy, signal, logicalCallId: `open-${server.name}` },
        ...pinsOf(found[index]?.spec, parts.lock),
        features: featuresOf(spec, server.name, use, parts),
        ...loginOf(found[index]?.spec, parts),
        clock: parts.host.clock,
        followChanges: true,
      }),
    ),
  );
  const handles = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.ok) continue;
    const { error } = outcome;
    const mustOpen = forPeople.has(error.kind) || isMissed(found[index]?.spec);
    if (mustOpen || isOwnTrouble(error)) {
      await Promise.all(handles.map((handle) => handle.close()));
      throw error;
    }
    leaveOut(error);
  }
  return { handles, notices };
}

/** Servers work in the workspace, and see nothing of what a task keeps from its agent. */
function placeOf({ workspace, task, replayOf }: RunSpec): ServerPlace {
  const kept =
    task.kind === "folder" ? ["tests", "solution"].map((name) => join(task.path, name)) : [];
  const scratch = replayOf !== undefined;
  return {
    workspace: workspace ?? undefined,
    scratch,
    hidden: kept.filter((path) => existsSync(path)),
  };
}

/** Failures about which a person decides, and which are no fault of the server. */
const forPeople: ReadonlySet<string> = new Set([
  "approval_required",
  "approval_denied",
  "approval_expired",
  "cancelled",
]);

/** What a server may ask for: a model where the settings say so, the workspace if it is here too. */
function featuresOf(
  { servers, workspace }: RunSpec,
  name: string,
  { sample, person }: ServerUse,
  { settings }: ServerParts,
): McpClientFeatures {
  const spec = servers.find((server) => server.name === name);
  const maySample = spec?.from === "settings" && settings.mcpServers[name]?.sampling === true;
  const isHere = spec !== undefined && "command" in spec;
  return {
    ...(person === undefined ? {} : { person: person(name) }),
    ...(maySample ? { sample: sample(name) } : {}),
    ...(isHere && workspace !== null ? { roots: [workspace] } : {}),
  };
}

function loginOf(server: ServerSpec | undefined, parts: ServerParts) {
  if (server?.from !== "settings") return {};
  return loginFor(server.name, parts.settings.mcpServers[server.name], parts);
}

/** Only servers of the settings are pinned: the others are there for one run. */
function pinsOf(server: ServerSpec | undefined, { servers }: Lock) {
  const pins = server?.from === "settings" ? servers[server.name] : undefined;
  return pins === undefined ? {} : { pins };
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
export function serverOf(
  server: ServerSpec,
  environment: RunSpec["environment"],
  { host, settings }: Pick<ServerParts, "host" | "settings">,
): McpServer {
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
    const { url, transport } = server;
    const way = transport === undefined ? {} : { transport };
    const given = () => resolveReferences(headers, host.env, name);
    return { ...common, type: "http", url, ...way, headers: given(), given: latest(given) };
  }
  const own = configured?.type === "stdio" ? configured.env : {};
  const given = () =>
    server.from === "task" ? environment : resolveReferences(own, host.env, server.name);
  const env = childEnvironment(host.env, { extra: given() });
  const command = unwrap(
    resolveCommand(server.command, {
      startFolder: server.startFolder,
      pathEntries: (env["PATH"] ?? "").split(delimiter),
    }),
  );
  const { args, cwd } = server;
  return { ...common, command, args, cwd, env, given: latest(given) };
}

/** What a server refers to, as it is when a call is made. */
function latest<T>(given: () => T): () => T {
  return () => {
    try {
      return given();
    } catch (thrown) {
      const { message, hint } = toAgent33Error(thrown);
      throw new BoundaryError("internal", message, {
        phase: "before_send",
        retryable: false,
        countsAgainstBreaker: false,
        cause: thrown,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  };
}
