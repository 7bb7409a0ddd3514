import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import { attempt, err, ok, type Result } from "../base/result.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { CallFacts, CallOutcome } from "../boundary/types.ts";
import type { McpServerSettings } from "../config/mcp-servers.ts";
import type { Settings } from "../config/schema.ts";
import { httpKind } from "../connectors/http/connector.ts";
import { modelServerProbe } from "../connectors/models/probe.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import { httpSettings } from "../connectors/http/settings.ts";
import { urlFacts } from "../connectors/http/url-facts.ts";
import type { OpenedConnector } from "../connectors/kind.ts";
import { connectorKinds } from "../connectors/kinds.ts";
import { mcpSessionSpec, openMcpServer } from "../connectors/mcp/connector.ts";
import { offeredName } from "../connectors/mcp/tool-name.ts";
import { modelFacts } from "../connectors/models/connector.ts";
import type { Model } from "../models/model.ts";
import { parseModelSpec, vendorOf } from "../models/spec.ts";
import type { Processes } from "../sandbox/process.ts";
import { toolDigest } from "../tools/tool.ts";
import type { ConfiguredConnector } from "./connectors.ts";
import type { Confinements } from "./confined-servers.ts";
import type { Embedding } from "./embeddings.ts";
import { loginFor, type LoginParts } from "./mcp-logins.ts";
import { findSandbox } from "./sandbox.ts";
import { configuredServer } from "./server-specs.ts";
import { serverOf } from "./servers.ts";

/** Something that a run could go out through. */
export interface Surface {
  /** By which policy, breakers and the audit know it. */
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** One call of each kind that it makes. */
  readonly calls: readonly CallFacts[];
  /** Why it cannot be used. */
  readonly problem?: Agent33Error | undefined;
  /** What a person should know of it. */
  readonly note?: string;
  /** Of an MCP server: whether it is started in the sandbox. */
  readonly confined?: boolean;
  /** How it is found out whether it works; a text says why that is not to be found out. */
  readonly check: SurfaceCheck | string;
}

export interface SurfaceCheck {
  /** The governed call that it begins with, where it is one. */
  readonly facts?: CallFacts;
  /** The connector of that call, where it is not the surface's own. */
  readonly id?: string;
  /** A few words about what it found. */
  run(principal: Principal): Promise<Result<string>>;
}

export interface SurfaceParts extends LoginParts {
  readonly settings: Settings;
  readonly boundary: Boundary;
  readonly processes: Processes;
  readonly connectors: () => readonly ConfiguredConnector[];
  readonly confinements: Confinements;
  /** @throws Agent33Error where the settings' model for vectors cannot be had */
  readonly embedding: () => Promise<Embedding>;
  readonly model: (spec: {
    readonly model: string;
    readonly baseUrl: string | null;
  }) => Promise<Model>;
}

const inWorkspace = "with --workspace";

/** Everything that a run under these settings could go out through. Nothing is called or started. */
export async function surfacesOf(parts: SurfaceParts): Promise<readonly Surface[]> {
  const { settings } = parts;
  return [
    ...(settings.model === undefined ? [] : [await modelSurface(settings.model, parts)]),
    ...(settings.embeddings.model === undefined
      ? []
      : [await embeddingSurface(settings.embeddings.model, parts)]),
    ...(await Promise.all(
      Object.entries(settings.mcpServers).map(([name, server]) => mcpSurface(name, server, parts)),
    )),
    ...parts.connectors().map((connector) => connectorSurface(connector, parts)),
    {
      id: "tool:workspace",
      kind: "workspace",
      name: "workspace",
      calls: [{ operation: "tools/call", effect: "write", repeat: "once", tool: "append_line" }],
      note: inWorkspace,
      check: "It is a folder of each run.",
    },
    shellSurface(parts),
    ...webhookSurface(parts),
  ];
}

async function modelSurface(model: string, parts: SurfaceParts): Promise<Surface> {
  const { settings, boundary, host } = parts;
  const probe = modelServerProbe(() => host.clock.now());
  const parsed = attempt(() => parseModelSpec(model));
  const named = parsed.ok ? parsed.value : undefined;
  const baseUrl =
    named?.provider === "openai-compatible"
      ? (named.baseUrl ?? settings.baseUrl)?.replace(/\/$/, "")
      : undefined;
  const surface = {
    id: `model:${named === undefined ? (model.split(":")[0] ?? "") : vendorOf(named.provider)}`,
    kind: "model",
    name: model,
    check:
      baseUrl === undefined
        ? /^(?:scripted|replay):/.test(model)
          ? "No model is called: the turns are written down."
          : "A call of a hosted model costs money."
        : {
            id: probe.id,
            facts: probe.facts({ baseUrl }),
            run: async (principal: Principal) => {
              const asked = boundary.connector(probe).tryCall({ baseUrl }, { principal });
              return counting(await asked, (models) => `${models.length} models`);
            },
          },
  };
  try {
    const { info } = await parts.model({ model, baseUrl: settings.baseUrl ?? null });
    return { ...surface, calls: [modelFacts(info)] };
  } catch (error) {
    const place = baseUrl === undefined ? {} : urlFacts(baseUrl);
    const calls = [{ operation: "chat", effect: "read", repeat: "safe", ...place } as const];
    return { ...surface, calls, problem: toAgent33Error(error) };
  }
}

async function embeddingSurface(model: string, parts: SurfaceParts): Promise<Surface> {
  const surface = {
    id: `embedding:${model.split(":")[0] ?? ""}`,
    kind: "embeddings",
    name: model,
  };
  try {
    const { spec, embed } = await parts.embedding();
    const facts = spec.facts({ texts: [] });
    return {
      ...surface,
      calls: [facts],
      check: {
        facts,
        run: async (principal) => {
          // One word costs next to nothing, and shows that the vectors are as they should be.
          const [vector] = await embed(["agent"], { principal });
          return ok(`vectors of ${vector?.length ?? 0} numbers`);
        },
      },
    };
  } catch (error) {
    const calls = [{ operation: "embed", effect: "read", repeat: "safe" } as const];
    return { ...surface, calls, problem: toAgent33Error(error), check: "" };
  }
}

async function mcpSurface(
  name: string,
  configured: McpServerSettings,
  parts: SurfaceParts,
): Promise<Surface> {
  const { settings, host, boundary, confinements } = parts;
  const declared = Object.entries(configured.tools);
  const calls: readonly CallFacts[] = [
    ...declared.map(([tool, { effect = "unknown", repeat = "once" }]) => ({
      operation: "tools/call",
      effect,
      repeat,
      tool: offeredName(name, tool),
    })),
    // What it offers besides is known only when it runs.
    { operation: "tools/call", effect: "unknown", repeat: "once" },
  ];
  const surface = {
    id: `mcp:${name}`,
    kind: "mcp",
    name,
  };
  try {
    const spec = configuredServer(name, configured, host);
    const found = serverOf(spec, {}, { host, settings });
    const { server, notices } = await confinements.confine(found, spec);
    const facts = mcpSessionSpec(server).facts(server);
    return {
      ...surface,
      ...(server.type === "http" ? {} : { confined: server.confinement !== undefined }),
      ...(notices.length === 0 ? {} : { note: notices.join(" ") }),
      calls: [facts, ...calls],
      check: {
        facts,
        run: async (principal) => {
          const login = loginFor(name, configured, parts);
          const opened = await openMcpServer({ boundary, server, principal, ...login });
          if (!opened.ok) return opened;
          await opened.value.close();
          return ok(`${opened.value.tools.length} tools`);
        },
      },
    };
  } catch (error) {
    return { ...surface, calls, problem: toAgent33Error(error), check: "" };
  }
}

function connectorSurface(connector: ConfiguredConnector, { boundary }: SurfaceParts): Surface {
  const { name, kind } = connector;
  if ("problem" in connector) {
    const { problem } = connector;
    const id = `${connectorKinds[kind].surface}:${name}`;
    return { id, kind, name, calls: [], problem, check: "" };
  }
  const { opened } = connector;
  const { id, check } = opened;
  return {
    id,
    kind,
    name,
    calls: callsOf(opened),
    ...(opened.toolsIn === undefined ? {} : { note: inWorkspace }),
    check: {
      facts: check.facts(undefined),
      run: (principal) => boundary.connector(check).tryCall(undefined, { principal }),
    },
  };
}

/** Where there is one tool, it is known which of them makes each call. */
function callsOf({ tools, calls }: OpenedConnector): readonly CallFacts[] {
  const [only, ...others] = tools;
  if (only === undefined || others.length > 0) return calls;
  const { tool } = only;
  return calls.map((call) => ({ ...call, tool: tool.name, toolDigest: toolDigest(tool) }));
}

function shellSurface({ settings, processes, host }: SurfaceParts): Surface {
  return {
    id: "shell:sandbox",
    kind: "shell",
    name: "shell",
    calls: [{ operation: "tools/call", effect: "write", repeat: "once", tool: "run_command" }],
    note: "with --shell",
    check: {
      run: async () => {
        const { probe } = await findSandbox(settings, host, processes);
        if (probe.available) return ok(`${probe.driver} ${probe.version}`);
        const { reason, hint } = probe;
        return err(new Agent33Error("shell.sandbox_unavailable", reason, { hint }));
      },
    },
  };
}

/** The webhook tells of questions; whether somebody listens is asked without telling anything. */
function webhookSurface({ settings, host, boundary }: SurfaceParts): readonly Surface[] {
  const { webhook } = settings.approvals;
  if (webhook === undefined) return [];
  const opened = httpKind.open(httpSettings.parse({ kind: "http", baseUrl: webhook.url }), {
    name: "approvals",
    secret: () => "",
    now: () => host.clock.now(),
  });
  const check = { ...opened.check, id: engineCalls.approvals };
  const place = urlFacts(webhook.url);
  return [
    {
      id: check.id,
      kind: "webhook",
      name: "approvals",
      calls: [{ operation: "http.post", effect: "write", repeat: "keyed", ...place }],
      check: {
        facts: check.facts(undefined),
        run: (principal) => boundary.connector(check).tryCall(undefined, { principal }),
      },
    },
  ];
}

function counting<T>(outcome: CallOutcome<T>, words: (value: T) => string): Result<string> {
  return outcome.ok ? ok(words(outcome.value)) : err(outcome.error);
}
